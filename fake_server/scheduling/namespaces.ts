/**
 * Which process has the namespaces of a session: they are gone with the process that had them.
 *
 * @module
 */
import type { Job } from "./job.ts";

/** Whether the namespace of a job was lost with an earlier process of its slot. */
export function isGone<T>(job: Job<T>, generation: number): boolean {
  if (job.namespace === undefined) return false;
  const of = job.queue.namespaces.get(job.namespace);
  return of !== undefined && of !== generation;
}

/** The process of this generation has the namespace of a job that it has begun. */
export function remember<T>(job: Job<T>, generation: number): void {
  if (job.namespace === undefined || job.queue.closed) return;
  job.queue.namespaces.set(job.namespace, generation);
}
