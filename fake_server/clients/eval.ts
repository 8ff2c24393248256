/**
 * One eval in the server. It passes on to its session what the slot of its Python process tells.
 *
 * @module
 */
import { type CloseReason, EvalFlag, ResultStatus } from "../../src/wire/messages.ts";
import { resultBody } from "../common/control.ts";
import type { EvalId, Work } from "../executors/executor.ts";
import type { Job, Outcome } from "../scheduling/job.ts";
import type { JobOwner } from "../scheduling/job_owner.ts";

/** The session of an eval. */
export interface EvalOwner {
  /** It has its result. */
  settle(done: Eval, status: number, body: Uint8Array, owned: boolean): void;
  /** Its turn has come. */
  starts(started: Eval, now: number): void;
  /** It is over without a result; the observer has to be told. */
  ended(done: Eval, status: number | undefined, bytes: number): void;
  /** Its code runs, and the client has asked to be told. */
  runs(id: number, ms: number): void;
  /** It wrote something. */
  output(id: number, fd: 1 | 2, pieces: readonly Uint8Array[], length: number): void;
  /** It may be complete now. */
  advance(): void;
  /** What has to happen before more output is read. */
  outputPressure(): Promise<void> | undefined;
  /** The session cannot go on. */
  fail(code: CloseReason, message: string): void;
  /** Its body is not needed any more. */
  letGo(body: Uint8Array): void;
}

/** What is left of the work of an eval that is over. */
const NO_WORK: Work = { kind: "eval", session: 0, body: new Uint8Array(0) };

/** One eval of a session: settled once, and done when its output has ended too. */
export class Eval implements JobOwner {
  /** Its session's number and its id there. */
  readonly evalId: EvalId;
  /** See {@linkcode JobOwner.work}. */
  work: Work;
  /** The size of the client's body. */
  readonly bytes: number;
  /** Its result has been sent, or nobody waits for it any more. */
  settled = false;
  /** No more output of it comes. */
  outputEnded = false;
  /** Its RESULT has said so. */
  saidSilent = false;
  /** Its place in the scheduler. */
  job: Job<JobOwner> | undefined;
  readonly #owner: EvalOwner;
  /** The client asked to be told when its code runs, and has not been told yet. */
  #isToTell: boolean;
  readonly #knowsSilent: boolean;
  #hasWritten = false;
  /** When it came. */
  readonly #queuedAt: number;
  /** When its turn came; 0 if it has not, or no observer wants to know. */
  #startedAt = 0;

  /** Makes one of a client's EVAL, whose body has a buffer of its own; it has no job yet. */
  constructor(
    owner: EvalOwner,
    evalId: EvalId,
    body: Uint8Array,
    flags: number,
    now = 0,
  ) {
    this.#queuedAt = now;
    this.#isToTell = (flags & EvalFlag.RUNNING) !== 0;
    this.#knowsSilent = (flags & EvalFlag.SILENT) !== 0;
    this.#owner = owner;
    this.evalId = evalId;
    const { session } = evalId;
    this.work = { kind: "eval", session, body };
    this.bytes = body.length;
  }

  /** Whether its RESULT may say that it has written nothing and never will. */
  get maySaySilent(): boolean {
    return this.#knowsSilent && this.outputEnded && !this.#hasWritten;
  }

  /** How long it has waited, and how long it has been its turn. */
  times(now: number): { queuedMs: number; ranMs: number } {
    if (this.#startedAt === 0) return { queuedMs: now - this.#queuedAt, ranMs: 0 };
    return { queuedMs: this.#startedAt - this.#queuedAt, ranMs: now - this.#startedAt };
  }

  /** See {@linkcode JobOwner.starts}. */
  starts(now: number): void {
    if (this.#startedAt !== 0) return;
    this.#startedAt = now;
    this.#owner.starts(this, now);
  }

  /** See {@linkcode JobOwner.result}. */
  result(status: number, body: Uint8Array, owned: boolean): void {
    const { work } = this;
    this.#settle(status, body, owned);
    // A process that has answered has read all of it. To one that has died it may still be written.
    if (work.kind === "eval") this.#owner.letGo(work.body);
  }

  #settle(status: number, body: Uint8Array, owned: boolean): void {
    this.#owner.settle(this, status, body, owned);
    this.work = NO_WORK;
  }

  /** See {@linkcode JobOwner.outcome}. */
  outcome(outcome: Outcome): void {
    this.outputEnded = true;
    switch (outcome.kind) {
      case "cancelled":
        return this.#settle(ResultStatus.CANCELLED, resultBody({ how: outcome.how }), false);
      case "died":
        return this.#settle(ResultStatus.DIED, resultBody(outcome.exit), false);
      case "namespace_gone": {
        const { namespace } = outcome;
        return this.#settle(ResultStatus.NAMESPACE_GONE, resultBody({ namespace }), false);
      }
    }
  }

  /** See {@linkcode JobOwner.runs}. */
  runs(ms: number): void {
    if (!this.#isToTell) return;
    this.#isToTell = false;
    this.#owner.runs(this.evalId.id, ms);
  }

  /** See {@linkcode JobOwner.broken}. */
  broken(message: string): void {
    this.#owner.ended(this, undefined, 0);
    this.#owner.fail("PROTOCOL", `EVAL ${this.evalId.id}: ${message}`);
  }

  /** See {@linkcode JobOwner.output}. */
  output(fd: 1 | 2, pieces: readonly Uint8Array[], length: number): void {
    this.#hasWritten = true;
    this.#owner.output(this.evalId.id, fd, pieces, length);
  }

  /** See {@linkcode JobOwner.outputEnd}. */
  outputEnd(): void {
    this.outputEnded = true;
    this.#owner.advance();
  }

  /** See {@linkcode JobOwner.pressure}. */
  pressure(): Promise<void> | undefined {
    return this.#owner.outputPressure();
  }
}
