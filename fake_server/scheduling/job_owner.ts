/**
 * What the scheduler's jobs belong to, as slots know it.
 *
 * @module
 */
import type { OutputSink, Work } from "../executors/executor.ts";
import type { Outcome } from "./job.ts";

/** The eval, or the work of the server's own, that a job is for: it is told what becomes of it. */
export interface JobOwner extends OutputSink {
  /** What the job is to do: kept until it is over, as another process may have to do it. */
  readonly work: Work;
  /** The result has come; the body is good until this returns, unless it is `owned`. */
  result(status: number, body: Uint8Array, owned: boolean): void;
  /** The job is over without one, and its output too. */
  outcome(outcome: Outcome): void;
  /** Its turn has come; told more than once, and only where an observer wants to know. */
  starts(now: number): void;
  /** Its code runs, and has done so for a moment. */
  runs(ms: number): void;
  /** Its body breaks a rule of the wire. It has not run. */
  broken(message: string): void;
}
