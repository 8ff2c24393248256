/**
 * Starts the thread of a session.
 *
 * @module
 */
import { WORKER_SOURCE } from "../worker/generated/worker_source.ts";

/** Starts the thread of a session. Tests pass one that starts none. */
export type StartWorker = (name: string) => Worker;

/** The URL of the thread's module. It is made once and kept while the program runs. */
let workerUrl: string | undefined;

/** Starts a Web Worker. */
export function startWorker(name: string): Worker {
  workerUrl ??= URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }));
  return new Worker(workerUrl, { type: "module", name });
}
