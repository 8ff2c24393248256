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
  /** Let the evals that have been called finish first. Default false: they are stopped. */
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
  /** The session's id, 32 hexadecimal digits, in every record of the server's log about it. */
  readonly sessionId: string;
  readonly #thread: SessionThread;

  /** Made by {@linkcode PyProxySession.connect}. */
  constructor(sessionId: string, thread: SessionThread) {
    this.sessionId = sessionId;
    this.#thread = thread;
  }

  /** Evals that have been called and have no outcome yet. */
  get pending(): number {
    return this.#thread.pending;
  }

  /** Resolves, and never rejects, once the session is over: with the reason, and with the error. */
  get closed(): Promise<SessionEnd> {
    return this.#thread.closed;
  }

  /**
   * Sends code to be run. Returns at once: the arguments are copied into a queue that the session's
   * thread sends from.
   *
   * The value of `code` is the value of the expression that it is, or that its last statement is,
   * else null. The type parameter is your word for it; nothing checks it.
   *
   * Without `globs`, `locs` is the one namespace of the code; with it, both mean what they mean to
   * the builtin `eval(code, globs, locs)`. Nothing stays for the next eval, unless `namespace` names
   * a dictionary that does.
   *
   * An error of the eval shows the line of this call. That takes time to record: while 32 or more
   * evals of the session are under way, only the first 200 calls do, and errors of the others show no
   * line.
   *
   * @returns Its future. A value that cannot be sent fails it with an EncodeError, whose path says
   * which, and nothing is sent.
   * @throws {TypeError} If the code is no string, or an option is not what it must be.
   * @throws {SessionClosedError} If the session is over.
   * @throws {QueueFullError} If too many evals wait to be sent.
   */
  eval<T = unknown>(code: string, options?: EvalOptions): Future<T> {
    const checked = checkEvalArguments(code, options);
    // Made here, where the caller's line is the next: JavaScriptCore drops frames of tail calls.
    return this.#thread.eval<T>(
      code,
      checked,
      this.#thread.takesStack() ? new Error() : undefined,
    );
  }

  /**
   * The output of one eval, which ends after its last line; the same as `future.output()`. Without a
   * future the output of all evals: what is there now, and then what comes until the session ends.
   * One reader of each at a time.
   *
   * @throws {TypeError} If there is a reader already.
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
   * Raises KeyboardInterrupt in whatever eval of this session runs right now, as Ctrl-C does in a
   * terminal and "interrupt" in a notebook. The code may catch it and go on; if it does not, the
   * eval fails with a {@linkcode PythonError} of type KeyboardInterrupt. Nothing is killed: code that
   * does not come back to Python goes on, for that there is `cancel()` of its future. Evals that wait
   * are left alone, and so is every other session.
   *
   * @returns Whether an eval ran, to which the KeyboardInterrupt then was sent. One that ends before
   * it comes has its result, and the next is not hit.
   * @throws {SessionClosedError} If the session is over, or ends before the answer.
   * @throws {SessionError} If the server does not know how to.
   *
   * @example Stop a loop, keep what it has done
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
   * Asks the server how things are: what runs, how much waits, how busy the Python process is. It is
   * answered at once, whatever the code does.
   *
   * @throws {SessionClosedError} If the session is over, or ends before the answer.
   * @throws {SessionError} If the server does not know how to.
   *
   * @example Who is in front of me?
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
   * What happens to the session: connected, its Python process died and was replaced, a reader is
   * slow, closed. From its beginning, of which the newest 100 are kept; the iteration ends after
   * "closed" and never throws.
   *
   * @throws {TypeError} If there is a reader already.
   */
  events(): AsyncIterableIterator<SessionEvent> {
    return this.#thread.events.read();
  }

  /**
   * The server's log records about this session, output that came too late for its eval among them.
   * The newest 1,000 are kept until somebody reads.
   *
   * @throws {TypeError} If there is a reader already.
   */
  logs(): AsyncIterableIterator<LogRecord> {
    return this.#thread.readers.logs();
  }

  /**
   * Closes the session, with it everything of it: see {@linkcode PyProxySession.close}.
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#thread.close(options?.drain ?? false);
  }

  /** Closes the session. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
