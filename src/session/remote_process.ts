/**
 * The remote Python process of a session, as its user sees it.
 *
 * @module
 */
import { checkEvalArguments } from "../api/check_options.ts";
import type { SessionEvent } from "../api/events.ts";
import type { Future } from "../api/future.ts";
import type { EvalOptions } from "../api/options.ts";
import type { OutputChunk, OutputLine, OutputOptions } from "../api/output.ts";
import type { SessionEnd } from "../api/session_end.ts";
import type { RemoteStatus } from "../api/status.ts";
import type { SessionThread } from "../main_thread/thread.ts";
import type { LogRecord } from "../wire/messages.ts";

/**
 * Options of `close`.
 *
 * @example Let what was called finish
 * ```ts
 * import { connect } from "@pyproxy/client";
 *
 * const remote = await connect("localhost:9000");
 * const future = remote.eval("import time; time.sleep(0.1); 'finished'");
 * await remote.close({ drain: true });
 * console.log(await future); // finished
 * ```
 */
export interface CloseOptions {
  /** Let the evals that were called finish first. Default false: they are stopped. */
  drain?: boolean | undefined;
}

/**
 * Runs code in the Python process that the server gave to this session. Evals of one session run
 * one after another; for more at a time open more sessions, or a {@linkcode PyProxyPool}.
 *
 * @example Values in, value out, output live
 * ```ts
 * import { connect } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const future = remote.eval("print(hello)", { locs: { hello: "hello world" } });
 * for await (const { fd, line } of future.output()) console.log(fd, line); // 1 hello world
 * console.log(await future); // null
 * ```
 */
export class RemoteProcess implements AsyncDisposable {
  /**
   * The session's id: 32 hexadecimal digits. Every record of the server's log about it shows it.
   */
  readonly sessionId: string;
  readonly #thread: SessionThread;

  /** Made by {@linkcode PyProxySession.connect}. */
  constructor(sessionId: string, thread: SessionThread) {
    this.sessionId = sessionId;
    this.#thread = thread;
  }

  /** The number of evals that have no outcome yet. */
  get pending(): number {
    return this.#thread.pending;
  }

  /** Resolves once the session is over, with the reason and the error. It never rejects. */
  get closed(): Promise<SessionEnd> {
    return this.#thread.closed;
  }

  /**
   * Sends code to run. Returns at once: the arguments are copied into a queue, from which the
   * session's thread sends them.
   *
   * The result is the value of the code's last statement if that is an expression, else null. The
   * type parameter is what you say it is; nothing checks it.
   *
   * Without `globs`, `locs` is the only namespace of the code. With `globs`, both mean what they
   * mean in Python's `eval(code, globs, locs)`. Variables are gone after the eval, unless
   * `namespace` names a dictionary that keeps them.
   *
   * An error of the eval shows the line of this call. That takes time to record: while four or more
   * evals of the session are under way, some 200 calls a second do, and errors of the others show no
   * line.
   *
   * @returns The future of the eval. If a value cannot be sent, nothing is sent, and the future
   * fails with an EncodeError whose path names the value.
   * @throws {TypeError} If the code is no string, or an option is not what it must be.
   * @throws {SessionClosedError} If the session is over.
   * @throws {QueueFullError} If too many evals wait to be sent.
   */
  eval<T = unknown>(code: string, options?: EvalOptions): Future<T> {
    const checked = checkEvalArguments(code, options);
    // The Error is made here, one frame below the caller: JavaScriptCore drops frames of tail
    // calls.
    return this.#thread.eval<T>(
      code,
      checked,
      this.#thread.takesStack() ? new Error() : undefined,
    );
  }

  /**
   * Reads the output of one eval, as `future.output()` does: it ends after the last line. Without a
   * future it reads the output of all evals: first what is there, then what comes until the session
   * ends. Each may have one reader at a time.
   *
   * @throws {TypeError} If it has a reader already.
   * @throws {SessionError} From the iteration, if the session ends before the output does.
   */
  output(future: Future<unknown> | undefined, options: { raw: true }): AsyncIterableIterator<
    OutputChunk
  >;
  /** The same as lines. */
  output(future?: Future<unknown>, options?: OutputOptions): AsyncIterableIterator<OutputLine>;
  output(
    future?: Future<unknown>,
    options?: OutputOptions,
  ): AsyncIterableIterator<OutputLine | OutputChunk> {
    return future === undefined
      ? this.#thread.readers.output("all", options)
      : future.output(options);
  }

  /**
   * Raises KeyboardInterrupt in the eval of this session that is running, as Ctrl-C does in a
   * terminal and "interrupt" in a notebook. The code may catch it and go on; if it does not, the
   * eval fails with a {@linkcode PythonError} of type KeyboardInterrupt. Nothing is killed: code
   * that does not return to Python goes on, and `cancel()` of its future stops it. Evals that wait
   * and other sessions are not affected.
   *
   * @returns Whether an eval was running, so that the KeyboardInterrupt was sent. If that eval ends
   * before it arrives, its result stands, and the next eval is not interrupted.
   * @throws {SessionClosedError} If the session is over, or ends before the answer.
   * @throws {SessionError} If the server does not support interrupts.
   *
   * @example Stop a loop and keep its result
   * ```ts
   * import { connect } from "@pyproxy/client";
   *
   * await using remote = await connect("localhost:9000");
   * const future = remote.eval<number>(`
   * count = 0
   * try:
   *     print("counting")
   *     while True: count += 1
   * except KeyboardInterrupt:
   *     pass
   * count`);
   * for await (const _ of future.output()) await remote.interrupt();
   * console.log(await future > 0); // true
   * ```
   */
  interrupt(): Promise<boolean> {
    return this.#thread.interrupt();
  }

  /**
   * Asks the server for the status: what is running, how much waits, how busy the Python process
   * is. The server answers at once, whatever the code does.
   *
   * @throws {SessionClosedError} If the session is over, or ends before the answer.
   * @throws {SessionError} If the server does not offer it.
   *
   * @example What the Python process has to do
   * ```ts
   * import { connect } from "@pyproxy/client";
   *
   * await using remote = await connect("localhost:9000");
   * const { python, process } = await remote.status();
   * console.log(`${process.evals} evals in Python ${python.version}, pid ${python.pid}`);
   * ```
   */
  status(): Promise<RemoteStatus> {
    return this.#thread.status();
  }

  /**
   * Reads what happens to the session: it is connected, its Python process died and was replaced, a
   * reader is slow, it is closed. The newest 100 events are kept until they are read. The iteration
   * ends after "closed" and never throws.
   *
   * @throws {TypeError} If they have a reader already.
   */
  events(): AsyncIterableIterator<SessionEvent> {
    return this.#thread.events.read();
  }

  /**
   * Reads the server's log records about this session. Output that came too late for its eval is
   * among them. The newest 1,000 are kept until they are read.
   *
   * @throws {TypeError} If they have a reader already.
   */
  logs(): AsyncIterableIterator<LogRecord> {
    return this.#thread.readers.logs();
  }

  /**
   * Closes the session: see {@linkcode PyProxySession.close}.
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#thread.close(options?.drain ?? false);
  }

  /** Closes the session. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
