/**
 * The future of one eval.
 *
 * @module
 */
import type { PyProxyError } from "../common/error_base.ts";
import { checkWaitOptions } from "./check_options.ts";
import { FutureTimeoutError } from "./errors.ts";
import type { AnyOutput, OutputChunk, OutputLine, OutputOptions } from "./output.ts";

/**
 * The outcome of an eval.
 *
 * @example A value or an error
 * ```ts
 * import { connect, type Outcome } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const outcome: Outcome<number> = await remote.eval<number>("6 * 7").waitNoExcept();
 * console.log(outcome.ok ? outcome.value : outcome.error.message); // 42
 * ```
 */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: PyProxyError };

/**
 * Options of {@linkcode Future.wait}.
 *
 * @example At most a second
 * ```ts
 * import { connect, type WaitOptions } from "@pyproxy/client";
 *
 * const options: WaitOptions = { timeout: 1000 };
 * await using remote = await connect("localhost:9000");
 * console.log(await remote.eval("'in time'").wait(options)); // in time
 * ```
 */
export interface WaitOptions {
  /** The most milliseconds to wait. The eval goes on after that. Default: no limit. */
  timeout?: number | undefined;
  /** Ends the wait when it aborts; the wait rejects with its reason. The eval goes on. */
  signal?: AbortSignal | undefined;
}

/** What a future needs from its session. */
export interface FutureOwner {
  /** Stops the eval. */
  cancel(id: number): void;
  /** The bytes of the eval's output that were dropped. */
  outputDropped(id: number): number;
  /** Since when the eval's code runs, if that is known. */
  runningSince(id: number): number | undefined;
  /** Reads the eval's output. */
  output(id: number, options?: OutputOptions): AnyOutput;
}

/** Settles a future, once. It is for the session only, so it is no method of the future. */
export let settle: (future: Future<unknown>, outcome: Outcome<unknown>) => void;

/**
 * The result of an eval, which may not be there yet. A future settles once, as soon as the result
 * is there. The output may end later: see {@linkcode Future.output}.
 *
 * A failed future that nobody awaits is not an unhandled rejection.
 *
 * @example Await it, or wait for it with a limit
 * ```ts
 * import { connect } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const future = remote.eval<number>("sum(range(10))");
 * console.log(await future); // 45
 * console.log(await future.wait({ timeout: 1000 })); // 45
 * ```
 */
export class Future<T> implements Promise<T> {
  /** The eval's number in its session, from 1. Output and log records carry it. */
  readonly id: number;
  /** When eval was called, in milliseconds since 1970. */
  readonly createdAt: number = Date.now();
  readonly #owner: FutureOwner;
  #startedAt: number | undefined;
  #doneAt: number | undefined;
  #outcome: Outcome<T> | undefined;
  // If these two had a function of T, a Future<number> would not be a Future<unknown>.
  /** The promise of the result, made when it is first needed. */
  #result: PromiseWithResolvers<unknown> | undefined;
  /** Waits that have a limit, and so may end before the result is there. */
  #waiters: (() => void)[] | undefined;

  static {
    settle = (future, outcome) => future.#settle(outcome);
  }

  /** Made by {@linkcode RemoteProcess.eval}. */
  constructor(id: number, owner: FutureOwner) {
    this.id = id;
    this.#owner = owner;
  }

  /** "Future". */
  get [Symbol.toStringTag](): string {
    return "Future";
  }

  /** Whether the result or the error is there. */
  get done(): boolean {
    return this.#outcome !== undefined;
  }

  /**
   * Whether the eval waits, runs, or is done. The server reports a running eval within a quarter of
   * a second, so an eval that is done sooner goes from "queued" to "done".
   */
  get state(): "queued" | "running" | "done" {
    if (this.done) return "done";
    return this.startedAt === undefined ? "queued" : "running";
  }

  /**
   * When the code began to run, in milliseconds since 1970. Undefined while the eval waits, and if
   * it was done before the server reported it as running: see {@linkcode Future.state}.
   */
  get startedAt(): number | undefined {
    return this.#startedAt ?? this.#owner.runningSince(this.id);
  }

  /** When the outcome came, in milliseconds since 1970; undefined until then. */
  get doneAt(): number | undefined {
    return this.#doneAt;
  }

  /**
   * The bytes of this eval's output that were dropped, because more came than is kept without a
   * reader, or because the reader left.
   */
  get outputDropped(): number {
    return this.#owner.outputDropped(this.id);
  }

  /**
   * Makes `await future` work.
   *
   * @returns A promise of what the functions return.
   */
  then<A = T, B = never>(
    onfulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#promise().then(onfulfilled, onrejected);
  }

  /**
   * What a promise's `catch()` does.
   *
   * @returns A promise of the result, or of what the function returns for the error.
   */
  catch<B = never>(
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<T | B> {
    return this.#promise().catch(onrejected);
  }

  /**
   * What a promise's `finally()` does.
   *
   * @returns A promise of the same outcome, after the function has been called.
   */
  finally(onfinally?: (() => void) | null): Promise<T> {
    return this.#promise().finally(onfinally);
  }

  /**
   * Waits for the result, with a limit if one is given. Each wait gives the same result, or throws
   * the same error.
   *
   * @throws {FutureTimeoutError} After `timeout` milliseconds; the eval goes on.
   * @throws {PythonError} If the code raised an exception.
   * @throws {CancelledError} If the eval was stopped.
   * @throws {RemoteProcessDiedError} If the Python process died while it ran the eval.
   * @throws {SessionError} If the session ended before the result came.
   * @throws {TypeError} If an option has the wrong type.
   */
  async wait(options?: WaitOptions): Promise<T> {
    const { timeout, signal } = checkWaitOptions(options);
    if (timeout === undefined && signal === undefined) return await this.#promise();
    if (this.#outcome === undefined) await this.#waitUntil(timeout, signal);
    return await this.#promise();
  }

  /**
   * Waits for the outcome and returns it instead of throwing. A timeout of the wait is returned,
   * too.
   *
   * @throws {TypeError} If an option has the wrong type.
   */
  async waitNoExcept(options?: WaitOptions): Promise<Outcome<T>> {
    try {
      return { ok: true, value: await this.wait(options) };
    } catch (error) {
      if (error instanceof FutureTimeoutError) return { ok: false, error };
      if (this.#outcome !== undefined && !this.#outcome.ok && this.#outcome.error === error) {
        return this.#outcome;
      }
      throw error;
    }
  }

  /**
   * Stops the eval. One that waits is dropped. One that is running gets a KeyboardInterrupt; if
   * that does not end it within 2 s, its Python process is killed and replaced. The future then
   * fails with a {@linkcode CancelledError} that says which. If the eval ends by itself before, its
   * result stands. No other eval is interrupted.
   */
  cancel(): void {
    if (this.#outcome === undefined) this.#owner.cancel(this.id);
  }

  /**
   * The output of this eval, as whole lines: `for await (const { fd, line } of future.output())`.
   * It ends after the eval's last line, never before. There may be one reader at a time. A loop
   * that was left can be taken up by another call; {@linkcode outputDropped} counts what was lost.
   *
   * @throws {TypeError} If the output has a reader already.
   * @throws {SessionError} From the iteration, if the session ends before the output does.
   */
  output(options: { raw: true }): AsyncIterableIterator<OutputChunk>;
  /** The same as lines. */
  output(options?: OutputOptions): AsyncIterableIterator<OutputLine>;
  output(options?: OutputOptions): AsyncIterableIterator<OutputLine | OutputChunk> {
    return this.#owner.output(this.id, options);
  }

  /** The promise of the result. The caller handles its rejection. */
  #promise(): Promise<T> {
    if (this.#result === undefined) {
      this.#result = Promise.withResolvers();
      if (this.#outcome !== undefined) this.#tell(this.#outcome);
    }
    return this.#result.promise as Promise<T>;
  }

  #settle(outcome: Outcome<unknown>): void {
    this.#startedAt = this.#owner.runningSince(this.id);
    this.#doneAt = Date.now();
    this.#outcome = outcome as Outcome<T>;
    if (this.#result !== undefined) this.#tell(outcome);
    if (this.#waiters === undefined) return;
    for (const waiter of this.#waiters) waiter();
    this.#waiters = undefined;
  }

  #tell(outcome: Outcome<unknown>): void {
    if (outcome.ok) this.#result!.resolve(outcome.value);
    else this.#result!.reject(outcome.error);
  }

  async #waitUntil(timeout: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = () => resolve();
    const onAbort = () => reject(signal!.reason);
    const waiters = this.#waiters ??= [];
    waiters.push(waiter);
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = timeout === undefined ? undefined : setTimeout(() => {
      reject(
        new FutureTimeoutError(
          `Cannot give the result of eval ${this.id}: it was not there within ${timeout} ms; ` +
            `the eval goes on`,
        ),
      );
    }, timeout);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      const at = waiters.indexOf(waiter);
      if (at >= 0) waiters.splice(at, 1);
    }
  }
}
