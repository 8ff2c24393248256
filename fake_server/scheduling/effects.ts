/**
 * What the scheduler asks for, and what it tells of a slot.
 *
 * @module
 */
import type { Job, Outcome } from "./job.ts";

/** What the scheduler asks its owner to do. */
export interface Effects<T> {
  /** Send the job to the slot's process under its `id`. */
  handOver(slot: number, job: Job<T>): void;
  /** Stop a job that the slot's process has: it gets one KeyboardInterrupt, or is skipped. */
  cancel(slot: number, job: Job<T>): void;
  /** The id of the job whose code the slot's process runs now, 0 if none. */
  running(slot: number): number;
  /** Raise KeyboardInterrupt in the running job. */
  interrupt(slot: number, job: Job<T>): void;
  /**
   * Send the signal again for the running job: Python drops an exception that is raised in a
   * finalizer or a fork callback. A job that has felt the signal ignores the next.
   */
  remind(slot: number): void;
  /** End the slot's process. */
  kill(slot: number): void;
  /** The job is over. */
  settle(job: Job<T>, outcome: Outcome): void;
}

/** How busy the slot of a queue is. */
export interface Load<T> {
  /** The queue's own job that runs. */
  running: Job<T> | undefined;
  /** Jobs of the queue that do not run yet. */
  queued: number;
  /** Jobs of all queues. */
  evals: number;
  /** Sessions that share the slot. */
  sessions: number;
}
