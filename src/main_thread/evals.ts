/**
 * Calls, sends and settles the evals of one session.
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
import { EvalTable, type OpenEval } from "./eval_table.ts";
import { cancelledError, outcomeOf } from "./outcome.ts";

/** Posts a message to the session's thread. */
export type PostToWorker = (message: ToWorker, transfer?: ArrayBuffer[]) => void;

/**
 * The evals of one session: the queue of those to send, and the table of those without an outcome.
 */
export class Evals {
  readonly #owner: FutureOwner;
  readonly #post: PostToWorker;
  readonly #queue: EvalQueue;
  readonly #table = new EvalTable();
  readonly #stacks = new CallerStacks();
  #lastId = 0;
  #flushing = false;
  #ended = false;
  // Made once, not anew by each call.
  readonly #cancel = (id: number): void => this.cancel(id);
  readonly #flushLater = (): void => this.flush();

  /** Makes those of a session; `owner` is what their futures belong to. */
  constructor(owner: FutureOwner, limits: Required<SessionLimits>, post: PostToWorker) {
    this.#owner = owner;
    this.#post = post;
    this.#queue = new EvalQueue(limits);
  }

  /** The number of evals without an outcome. */
  get size(): number {
    return this.#table.size;
  }

  /** Sends every eval from now on with these flags as well. */
  flag(flags: number): void {
    this.#queue.flags |= flags;
  }

  /**
   * Sends an eval whose arguments have been checked. `maxBody` is the largest body that the server
   * takes.
   *
   * @returns Its future. If a value cannot be sent, the future has failed with an EncodeError.
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
      throw new SessionError(
        "Cannot eval: the session has used all of its ids; open another session",
      );
    }
    const future = new Future<T>(id, this.#owner);
    const open: OpenEval = {
      future,
      caller,
      timeout,
      expired: false,
      abortReason: signal?.aborted ? signal.reason : undefined,
      onProgress: options.onProgress,
      release: undefined,
    };
    if (signal?.aborted) return this.#neverSent(future, cancelledError(id, open, "queued"));
    try {
      this.#queue.add(id, code, options, maxBody);
    } catch (error) {
      if (error instanceof EncodeError) return this.#neverSent(future, error);
      throw error;
    }
    this.#lastId = id;
    this.#table.add(id, open);
    if (signal !== undefined) this.#table.cancelOnAbort(id, signal, this.#cancel);
    if (!this.#flushing) {
      this.#flushing = true;
      queueMicrotask(this.#flushLater);
    }
    return future;
  }

  /** Whether the next call records its stack. */
  takesStack(): boolean {
    return this.#stacks.take(this.#table.size);
  }

  /** Posts the evals of this turn together. */
  flush(): void {
    this.#flushing = false;
    if (this.#ended) return;
    const batch = this.#queue.take();
    if (batch !== undefined) this.#post({ kind: "evals", ...batch }, [batch.bytes.buffer]);
  }

  /** Stops an eval. */
  cancel(id: number): void {
    if (this.#table.get(id) === undefined) return;
    this.flush();
    this.#post({ kind: "cancel", id });
  }

  /**
   * Settles an eval with its RESULT, whose body is `bytes` from `start` to `end`.
   *
   * @throws An error that says why the body cannot be read.
   */
  result(id: number, status: number, bytes: Uint8Array, start: number, end: number): void {
    const facts = this.#table.get(id);
    if (facts === undefined) return; // settled already, by close()
    const outcome = outcomeOf(id, facts, status, bytes, start, end);
    // An eval that is cancelled in the queue may be settled before those ahead of it are sent.
    if (status === ResultStatus.CANCELLED) this.#queue.drop(id);
    else this.#queue.sentUpTo(id);
    this.#table.settle(id, outcome);
  }

  /** The code of an eval has been running for `ms` milliseconds. */
  runs(id: number, ms: number): void {
    this.#table.runs(id, Date.now() - ms);
  }

  /** Since when the code of an eval runs, if that is known. */
  runningSince(id: number): number | undefined {
    return this.#table.runningSince(id);
  }

  /** Reports the progress of an eval. */
  progress(id: number, progress: Progress): void {
    this.#table.get(id)?.onProgress?.(progress);
  }

  /** The timeout of an eval has passed. */
  expired(id: number): void {
    const facts = this.#table.get(id);
    if (facts !== undefined) facts.expired = true;
  }

  /** Every eval up to this one has been sent. */
  sentUpTo(id: number): void {
    this.#queue.sentUpTo(id);
  }

  /** Takes back the buffer of a batch that was sent. */
  reuse(buffer: ArrayBuffer): void {
    this.#queue.reuse(buffer);
  }

  /** Frees memory that was not needed since the last call. Call it every few seconds. */
  rest(): void {
    this.#queue.rest();
  }

  /** Settles all evals with one error. */
  settleAll(error: SessionError): void {
    this.#table.settleAll(error);
  }

  /** The session is over: settles all evals, and posts nothing from now on. */
  end(error: SessionError): void {
    this.#ended = true;
    this.settleAll(error);
  }

  /** Fails an eval before it is sent. Its id counts as used, since the future shows it. */
  #neverSent<T>(future: Future<T>, error: PyProxyError): Future<T> {
    this.#lastId = future.id;
    this.#post({ kind: "never_sent", id: future.id });
    settle(future, { ok: false, error });
    return future;
  }
}
