/**
 * The owner of a job, as slots see it.
 *
 * @module
 */
import type { OutputSink, Work } from "../executors/executor.ts";
import type { Outcome } from "./job.ts";

/** The eval, or the server's own work, that a job is for. It is told what becomes of the job. */
export interface JobOwner extends OutputSink {
  /** What the job is to do. Kept until the job is over, because another process may have to do it. */
  readonly work: Work;
  /** The result has come; the body is good until this returns, unless it is `owned`. */
  result(status: number, body: Uint8Array, owned: boolean): void;
  /** The job is over without one, and its output too. */
  outcome(outcome: Outcome): void;
  /** The job's turn has come. Told more than once, and only if an observer wants to know. */
  starts(now: number): void;
  /** Its code runs, and has done so for a moment. */
  runs(ms: number): void;
  /** Its body breaks a rule of the wire. It has not run. */
  broken(message: string): void;
}
