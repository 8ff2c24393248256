/**
 * The evals of one session: called, on their way out, and settled.
 *
 * @module
 */
import { EncodeError, type PyProxyError, SessionError } from "../api/errors.ts";
import { Future, type FutureOwner, settle } from "../api/future.ts";
import type { EvalOptions, SessionLimits } from "../api/options.ts";
import type { ToWorker } from "../bridge/bridge.ts";
import type { Progress } from "../protocol/progress.ts";
import { MAX_REQUEST_ID } from "../wire/limits.ts";
import { ResultStatus } from "../wire/messages.ts";
import { CallerStacks } from "./caller.ts";
import { EvalQueue } from "./eval_queue.ts";
import { cancelledError, outcomeOf } from "./outcome.ts";
import { type PendingEval, PendingEvals } from "./pending.ts";

/** Posts a message to the session's thread. */
export type PostToWorker = (message: ToWorker, transfer?: ArrayBuffer[]) => void;

/** The table of them, and the queue. */
export class Evals {
  readonly #owner: FutureOwner;
  readonly #post: PostToWorker;
  readonly #queue: EvalQueue;
  readonly #pending = new PendingEvals();
  readonly #stacks = new CallerStacks();
  #lastId = 0;
  #flushing = false;
  #ended = false;
  // Made once, where each call would make its own.
  readonly #cancel = (id: number): void => this.cancel(id);
  readonly #flushLater = (): void => this.flush();

  /** Those of a session whose futures belong to `owner`. */
  constructor(owner: FutureOwner, limits: Required<SessionLimits>, post: PostToWorker) {
    this.#owner = owner;
    this.#post = post;
    this.#queue = new EvalQueue(limits);
  }

  /** How many have no outcome. */
  get size(): number {
    return this.#pending.size;
  }

  /** Sends all from now on with these flags, too. */
  flag(flags: number): void {
    this.#queue.flags |= flags;
  }

  /**
   * Sends one; the arguments have been checked. `maxBody` is the largest body that the server takes.
   *
   * @returns Its future; that of an eval with a value that cannot be sent has the EncodeError already.
   * @throws {SessionError} If the ids are used up, or the queue is full.
   */
  call<T>(
    code: string,
    options: EvalOptions,
    caller: Error | undefined,
    maxBody: number,
  ): Future<T> {
    const { timeout, signal } = options;
    const id = this.#lastId + 1;
    if (id > MAX_REQUEST_ID) {
      throw new SessionError("Cannot eval: this session has used up its request ids; open another");
    }
    const future = new Future<T>(id, this.#owner);
    const pending: PendingEval = {
      future,
      caller,
      timeout,
      expired: false,
      abortReason: signal?.aborted ? signal.reason : undefined,
      onProgress: options.onProgress,
      release: undefined,
    };
    if (signal?.aborted) return this.#neverSent(future, cancelledError(id, pending, "queued"));
    try {
      this.#queue.add(id, code, options, maxBody);
    } catch (error) {
      if (error instanceof EncodeError) return this.#neverSent(future, error);
      throw error;
    }
    this.#lastId = id;
    this.#pending.add(id, pending);
    if (signal !== undefined) this.#pending.heed(id, signal, this.#cancel);
    if (!this.#flushing) {
      this.#flushing = true;
      queueMicrotask(this.#flushLater);
    }
    return future;
  }

  /** Whether the next call records its stack. */
  takesStack(): boolean {
    return this.#stacks.take(this.#pending.size);
  }

  /** Posts the evals of this turn together. */
  flush(): void {
    this.#flushing = false;
    if (this.#ended) return;
    const batch = this.#queue.take();
    if (batch !== undefined) this.#post({ kind: "evals", ...batch }, [batch.bytes.buffer]);
  }

  /** Stops one. */
  cancel(id: number): void {
    if (this.#pending.get(id) === undefined) return;
    this.flush();
    this.#post({ kind: "cancel", id });
  }

  /**
   * Settles one with its RESULT, whose body is `bytes` from `start` to `end`.
   *
   * @throws An error that says why the body cannot be read.
   */
  result(id: number, status: number, bytes: Uint8Array, start: number, end: number): void {
    const asked = this.#pending.get(id);
    if (asked === undefined) return; // settled already, by close()
    const outcome = outcomeOf(id, asked, status, bytes, start, end);
    // One cancelled in the queue says nothing of those before it.
    if (status === ResultStatus.CANCELLED) this.#queue.drop(id);
    else this.#queue.sentUpTo(id);
    this.#pending.settle(id, outcome);
  }

  /** The code of one has run for so many milliseconds. */
  runs(id: number, ms: number): void {
    this.#pending.runs(id, Date.now() - ms);
  }

  /** Since when the code of one runs, if that is known. */
  runningSince(id: number): number | undefined {
    return this.#pending.runningSince(id);
  }

  /** How far one has come. */
  progress(id: number, progress: Progress): void {
    this.#pending.get(id)?.onProgress?.(progress);
  }

  /** One has used up its time. */
  expired(id: number): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined) pending.expired = true;
  }

  /** All up to this one have been sent. */
  sentUpTo(id: number): void {
    this.#queue.sentUpTo(id);
  }

  /** Takes back the buffer of a batch that was sent. */
  reuse(buffer: ArrayBuffer): void {
    this.#queue.reuse(buffer);
  }

  /** To be called every few seconds: lets go of memory that was not needed since. */
  rest(): void {
    this.#queue.rest();
  }

  /** Settles all with one error. */
  settleAll(error: SessionError): void {
    this.#pending.settleAll(error);
  }

  /** The session is over: as above, and nothing is posted any more. */
  end(error: SessionError): void {
    this.#ended = true;
    this.settleAll(error);
  }

  /** An eval that has failed before it was sent; its id is used all the same: it names this future. */
  #neverSent<T>(future: Future<T>, error: PyProxyError): Future<T> {
    this.#lastId = future.id;
    this.#post({ kind: "never_sent", id: future.id });
    settle(future, { ok: false, error });
    return future;
  }
}
