/**
 * What runs jobs. The scheduler and all above it know jobs, their order and these interfaces; how a
 * job gets to a Python process and what comes back is the executor's alone. `local/` runs processes
 * of this machine; another kind stands beside it and changes nothing above.
 *
 * @module
 */
import type { Exit } from "../common/exit.ts";

/** An eval: the number of its session, and its id there. The id is 0 for work of the server's own. */
export interface EvalId {
  session: number;
  id: number;
}

/** What a job is to do. */
export type Work =
  /** Run an eval. `body` is that of the client's EVAL, unread. It does not change. */
  | { kind: "eval"; session: number; body: Uint8Array }
  /** Drop the namespaces of a session. */
  | { kind: "forget"; session: number };

/** Takes the output of a job. */
export interface OutputSink {
  /** Whose output it is. */
  readonly evalId: EvalId;
  /** The pieces are good until this returns; `length` is their bytes together. */
  output(fd: 1 | 2, pieces: readonly Uint8Array[], length: number): void;
  /** No more comes. */
  outputEnd(): void;
  /** What has to happen before more is read; undefined if nothing. */
  pressure(): Promise<void> | undefined;
}

/** A job that is handed over. */
export interface ExecutionJob {
  /** Its number in this execution: each has a greater one than the job before (`job_ids.ts`). */
  id: number;
  /** No other is handed over before its result has come. */
  isAlone: boolean;
  work: Work;
  output: OutputSink;
}

/**
 * Takes output that belongs to no running job: a thread wrote it after its eval's end, or there was
 * none yet. Returns what has to happen before more is read.
 */
export type LateOutput = (
  evalId: EvalId | undefined,
  fd: 1 | 2,
  bytes: Uint8Array,
) => Promise<void> | undefined;

/** Takes what an execution tells, in this order for each job: its output, its result, its end. */
export interface ExecutionSink {
  /** A job's result; the body is good until this returns, unless it is `owned`. */
  result(job: number, status: number, body: Uint8Array, owned: boolean): void;
  /** A job's body breaks a rule of the wire. It has not run and has no result. */
  broken(job: number, message: string): void;
  /** All results that came together have been told; their jobs took so long. */
  turn(tookMs: number): void;
  /** A line for the log about an eval, or about none. */
  note(evalId: EvalId | undefined, fields: Record<string, string | number | boolean>): void;
  /** Output that belongs to no running job. */
  late: LateOutput;
  /** It breaks the rules of its own connection and is being ended for that. */
  fault(message: string): void;
}

/** How an execution has ended. */
export interface Death {
  exit: Exit;
  /** The job that it had begun last, 0 if none. */
  started: number;
}

/** One Python interpreter that takes jobs and runs them one after the other. */
export interface Execution {
  readonly info: PythonInfo;
  /** The process that guards it, if there is one on this machine. */
  readonly guardPid: number | undefined;
  /** Resolves when it has ended and all that it has sent has been told. */
  readonly exited: Promise<Death>;
  /** The job whose code runs now, 0 if none does. */
  readonly running: number;
  /** Begins to tell what comes; call it once, before the first job. */
  listen(sink: ExecutionSink): void;
  /** Takes a job, to run it after those that it has. */
  run(job: ExecutionJob): void;
  /** Stops a job: it gets one KeyboardInterrupt, and no other job does; or it is skipped. */
  cancel(job: number): void;
  /** Raises KeyboardInterrupt in a job that runs, and in no other, each time. */
  interrupt(job: number): void;
  /** Sends the signal of a cancel or an interrupt again, for what has not felt it. */
  remind(): void;
  /** Ends it at once, with whatever it has started. */
  kill(): void;
}

/** Starts executions. */
export interface Executor {
  /**
   * Starts one.
   *
   * @throws {StartError} If it does not come up; nothing of it is left then.
   */
  start(): Promise<Execution>;
  /** Ends starts that are under way. Then everything that it has made is gone. */
  close(): Promise<void>;
}

/** What a Python process says of itself. */
export interface PythonInfo {
  /** Of the Python process proper; its guard has another. */
  pid: number;
  /** The interpreter itself, behind any shim. */
  executable: string;
  /** As `platform.python_version()` says it. */
  version: string;
  /** `CPython`, usually. */
  implementation: string;
  /** "c" if the C module msgpack is there, "python" for the server's own. */
  msgpack: string;
  /** How many descriptors it may have, as may the server that has started it; 0 is no limit. */
  descriptors: number;
}
