/**
 * The last job of a session that has used namespaces: its Python process drops them. Their
 * finalizers are user code, so this job is scheduled and cancelled as an eval is. The session is
 * closed by then, so what the finalizers print goes to the log.
 *
 * @module
 */
import { FORGET_MS } from "../common/limits.ts";
import type { Observer } from "../common/observer.ts";
import type { EvalId, Work } from "../executors/executor.ts";
import { Job, type Outcome, type Queue } from "../scheduling/job.ts";
import type { JobOwner } from "../scheduling/job_owner.ts";

/** How much of what finalizers print is in one record of the log. */
const MAX_LOGGED_BYTES = 4096;

/** Drops the namespaces of a session. */
export class Forget implements JobOwner {
  readonly evalId: EvalId;
  readonly work: Work;
  readonly #sessionId: string;
  readonly #observer: Observer;

  /** For the session with this number and this id. */
  constructor(session: number, sessionId: string, observer: Observer) {
    this.evalId = { session, id: 0 };
    this.work = { kind: "forget", session };
    this.#sessionId = sessionId;
    this.#observer = observer;
  }

  /** See {@linkcode JobOwner.result}: nobody waits for it. */
  result(): void {}

  /** See {@linkcode JobOwner.outcome}. A process that has died has no namespaces any more. */
  outcome(_: Outcome): void {}

  /** See {@linkcode JobOwner.starts}: it is no eval. */
  starts(): void {}

  /** See {@linkcode JobOwner.runs}: nobody has asked. */
  runs(): void {}

  /** See {@linkcode JobOwner.broken}. */
  broken(message: string): void {
    this.#observer.namespacesKept?.({ session: this.#sessionId, message });
  }

  /** See {@linkcode JobOwner.output}. */
  output(fd: 1 | 2, pieces: readonly Uint8Array[], length: number): void {
    const { outputLate } = this.#observer;
    if (outputLate === undefined) return;
    const bytes = new Uint8Array(Math.min(length, MAX_LOGGED_BYTES));
    let at = 0;
    for (const piece of pieces) {
      const part = piece.subarray(0, bytes.length - at);
      bytes.set(part, at);
      at += part.length;
    }
    const text = new TextDecoder().decode(bytes);
    outputLate({ session: this.#sessionId, eval: undefined, fd, bytes: length, text });
  }

  /** See {@linkcode JobOwner.outputEnd}: nobody waits for it. */
  outputEnd(): void {}

  /** See {@linkcode JobOwner.pressure}: the log takes it all. */
  pressure(): undefined {}
}

/** The job that drops the namespaces of a session. Unlike an eval, it has a time limit. */
export function forgetJob(
  queue: Queue<JobOwner>,
  session: number,
  sessionId: string,
  observer: Observer,
): Job<JobOwner> {
  const job = new Job<JobOwner>(queue, new Forget(session, sessionId, observer));
  job.limitMs = FORGET_MS;
  return job;
}
