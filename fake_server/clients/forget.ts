/**
 * The last job of a session that has used namespaces: its python process drops them. Their
 * finalizers are user code, so it is scheduled, cancelled and ended as an eval is; the session is
 * closed by then, and what they print goes to the log.
 *
 * @module
 */
import { FORGET_MS } from "../common/limits.ts";
import type { Log } from "../common/log.ts";
import { forgetFrame } from "../executors/local/link.ts";
import type { Origin } from "../executors/local/output_router.ts";
import { Job, type Line, type Outcome } from "../scheduling/job.ts";
import type { Task } from "../scheduling/slot.ts";

/** How much of what finalizers print is in one record of the log. */
const MAX_LOGGED_BYTES = 4096;

/** Drops the namespaces of a session. */
export class Forget implements Task {
  readonly origin: Origin;
  readonly frame: readonly Uint8Array[];
  settled = false;
  readonly #sessionId: string;
  readonly #log: Log;

  /** Of the session with this number on the link and this id. */
  constructor(session: number, sessionId: string, log: Log) {
    this.origin = { session, request: 0 };
    this.frame = [forgetFrame(session)];
    this.#sessionId = sessionId;
    this.#log = log;
  }

  /** See {@linkcode Task.result}. */
  result(): void {
    this.settled = true;
  }

  /** See {@linkcode Task.outcome}. A process that has died has no namespaces any more. */
  outcome(_: Outcome): void {
    this.settled = true;
  }

  /** See {@linkcode Task.runs}: nobody has asked. */
  runs(): void {}

  /** See {@linkcode Task.broken}. */
  broken(message: string): void {
    this.#log.error("namespaces were not dropped", { session_id: this.#sessionId, message });
  }

  /** See {@linkcode Task.output}. */
  output(fd: 1 | 2, pieces: readonly Uint8Array[], length: number): void {
    const bytes = new Uint8Array(Math.min(length, MAX_LOGGED_BYTES));
    let at = 0;
    for (const piece of pieces) {
      const part = piece.subarray(0, bytes.length - at);
      bytes.set(part, at);
      at += part.length;
    }
    const text = new TextDecoder().decode(bytes);
    this.#log.info("late output", { session_id: this.#sessionId, fd, bytes: length, text });
  }

  /** See {@linkcode Task.outputEnd}: nobody waits for it. */
  outputEnd(): void {}

  /** See {@linkcode Task.pressure}: the log takes it all. */
  pressure(): undefined {}
}

/** The job that drops the namespaces of a session: as any other, but for its limit in time. */
export function forgetJob(
  line: Line<Task>,
  session: number,
  sessionId: string,
  log: Log,
): Job<Task> {
  const job = new Job<Task>(line, new Forget(session, sessionId, log));
  job.limitMs = FORGET_MS;
  return job;
}
