/**
 * Starts the thread of a session.
 *
 * @module
 */
import { WORKER_SOURCE } from "../worker/generated/worker_source.ts";

/** Starts the thread of a session; tests have one without a thread. */
export type StartWorker = (name: string) => Worker;

/** Where the thread's module is, for as long as the program runs. */
let workerUrl: string | undefined;

/** Starts a Web Worker. */
export function startWorker(name: string): Worker {
  workerUrl ??= URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }));
  return new Worker(workerUrl, { type: "module", name });
}
