/**
 * One eval in the server: what its python process's slot has to tell goes to its session.
 *
 * @module
 */
import { type CloseReason, EvalFlag, ResultStatus } from "../../src/wire/messages.ts";
import { resultBody } from "../common/control.ts";
import type { Origin } from "../executors/local/output_router.ts";
import type { Job, Outcome } from "../scheduling/job.ts";
import type { Task } from "../scheduling/slot.ts";

/** The session of an eval. */
export interface EvalOwner {
  /** It has its result. */
  settle(done: Eval, status: number, body: Uint8Array, owned: boolean): void;
  /** Its code runs, and the client has asked to be told. */
  runs(request: number, ms: number): void;
  /** It wrote something. */
  output(request: number, fd: 1 | 2, pieces: readonly Uint8Array[], length: number): void;
  /** It may be complete now. */
  advance(): void;
  /** What has to happen before more output is read. */
  outputPressure(): Promise<void> | undefined;
  /** The session cannot go on. */
  fail(code: CloseReason, message: string): void;
  /** Nobody needs these bytes of its client's any more. */
  letGo(body: Uint8Array): void;
}

const NO_FRAME: readonly Uint8Array[] = [];

/** One eval of a session: settled once, and done when its output has ended too. */
export class Eval implements Task {
  /** Its session's number and its id there. */
  readonly origin: Origin;
  /** What goes to the python process: kept until it is over, as it may have to go to another. */
  frame: readonly Uint8Array[];
  /** The size of the client's body. */
  readonly bytes: number;
  /** Its result has been sent, or nobody waits for it any more. */
  settled = false;
  /** No more output of it comes. */
  outputEnded = false;
  /** Its RESULT has said so. */
  saidSilent = false;
  /** Its place in the scheduler. */
  job: Job<Task> | undefined;
  readonly #owner: EvalOwner;
  /** The client wants to know when its code runs, and does not yet. */
  #isToTell: boolean;
  readonly #knowsSilent: boolean;
  #hasWritten = false;

  /** Makes one; it has no job yet. `flags` are those of the client's EVAL. */
  constructor(
    owner: EvalOwner,
    origin: Origin,
    frame: readonly Uint8Array[],
    bytes: number,
    flags: number,
  ) {
    this.#isToTell = (flags & EvalFlag.RUNNING) !== 0;
    this.#knowsSilent = (flags & EvalFlag.SILENT) !== 0;
    this.#owner = owner;
    this.origin = origin;
    this.frame = frame;
    this.bytes = bytes;
  }

  /** Whether its RESULT may say, now, that nothing was written and nothing will be. */
  get maySaySilent(): boolean {
    return this.#knowsSilent && this.outputEnded && !this.#hasWritten;
  }

  /** See {@linkcode Task.result}. */
  result(status: number, body: Uint8Array, owned: boolean): void {
    const own = this.frame[1];
    this.#settle(status, body, owned);
    // Who has answered has read all of it. Who has died may have it read to him to this day.
    if (own !== undefined) this.#owner.letGo(own);
  }

  #settle(status: number, body: Uint8Array, owned: boolean): void {
    this.#owner.settle(this, status, body, owned);
    this.frame = NO_FRAME;
  }

  /** See {@linkcode Task.outcome}. */
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

  /** See {@linkcode Task.runs}. */
  runs(ms: number): void {
    if (!this.#isToTell) return;
    this.#isToTell = false;
    this.#owner.runs(this.origin.request, ms);
  }

  /** See {@linkcode Task.broken}. */
  broken(message: string): void {
    this.#owner.fail("PROTOCOL", `EVAL ${this.origin.request}: ${message}`);
  }

  /** See {@linkcode OutputTarget.output}. */
  output(fd: 1 | 2, pieces: readonly Uint8Array[], length: number): void {
    this.#hasWritten = true;
    this.#owner.output(this.origin.request, fd, pieces, length);
  }

  /** See {@linkcode OutputTarget.outputEnd}. */
  outputEnd(): void {
    this.outputEnded = true;
    this.#owner.advance();
  }

  /** See {@linkcode OutputTarget.pressure}. */
  pressure(): Promise<void> | undefined {
    return this.#owner.outputPressure();
  }
}
