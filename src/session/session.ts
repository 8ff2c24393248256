/**
 * A session with a server.
 *
 * @module
 */
import { type CheckedOpenOptions, checkOpenOptions } from "../api/check_options.ts";
import { ConnectionError, SessionError } from "../api/errors.ts";
import type { SessionEvent } from "../api/events.ts";
import { DEFAULT_ADDRESS, type OpenOptions } from "../api/options.ts";
import type { SessionEnd } from "../api/session_end.ts";
import { formatAddress, parseAddress } from "../common/address.ts";
import { callerStack } from "../main_thread/caller.ts";
import { SessionThread } from "../main_thread/thread.ts";
import { type CloseOptions, RemoteProcess } from "./remote_process.ts";

/**
 * A session: a thread of its own with two TCP streams to the server, and a Python process there
 * that runs its evals. A failure of one session does not affect the others.
 *
 * @example Open and connect
 * ```ts
 * import { PyProxySession } from "@pyproxy/client";
 *
 * await using session = await PyProxySession.open("localhost:9000");
 * console.log(session.sessionId); // 265e30837d2153ce526d6a27b654e420
 * await using remote = await session.connect();
 * console.log(await remote.eval("2 + 2")); // 4
 * ```
 */
export class PyProxySession implements AsyncDisposable {
  /**
   * The id that the server gave this session: 32 hexadecimal digits. Search the server's log for
   * it.
   */
  readonly sessionId: string;
  readonly #started: Started;
  readonly #thread: SessionThread;
  #connectCalled = false;

  private constructor(sessionId: string, started: Started) {
    this.sessionId = sessionId;
    this.#started = started;
    this.#thread = started.thread;
  }

  /**
   * Opens a session. Resolves once the mainstream is connected and both ends have said hello.
   *
   * @param addr `host:port`, `[ipv6]:port`, a host alone with the port 9000, or `unix:/path`.
   * @throws {ConnectionError} If the server cannot be reached, or does not answer in time.
   * @throws {ProtocolError} If what answers there is no PyProxy server of this version.
   * @throws {AuthenticationError} If one end has not proven to the other that it knows the token.
   * @throws {TypeError} If the address or an option is not what it must be.
   */
  static async open(
    addr: string = DEFAULT_ADDRESS,
    options?: OpenOptions,
  ): Promise<PyProxySession> {
    const caller = new Error();
    const started = start(addr, options);
    return new PyProxySession(await opened(started, caller), started);
  }

  /** Resolves once the session is over, with the reason and the error. It never rejects. */
  get closed(): Promise<SessionEnd> {
    return this.#thread.closed;
  }

  /** Reads what happens to the session; see {@linkcode RemoteProcess.events}. */
  events(): AsyncIterableIterator<SessionEvent> {
    return this.#thread.events.read();
  }

  /**
   * Opens the outputstream. Call it once, within 60 s of the opening: after that the server closes
   * the session.
   *
   * @throws {SessionError} If it has been called before, or the session is over.
   * @throws {ConnectionError} If the outputstream cannot be opened.
   */
  async connect(): Promise<RemoteProcess> {
    if (this.#connectCalled) {
      const doing = `connect session ${this.sessionId} at ${this.#started.where}`;
      throw new SessionError(`Cannot ${doing}: it is connected already; open another session`);
    }
    this.#connectCalled = true;
    const caller = new Error();
    return await connected(this.#started, this.sessionId, this.#thread.connect(), caller);
  }

  /**
   * Closes the session. Evals without an outcome fail with a SessionClosedError; with `drain` they
   * finish first, however long they take. It may be called again.
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#thread.close(options?.drain ?? false);
  }

  /** Closes the session. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Opens a session and connects it, in one step. Closing the RemoteProcess closes the session.
 *
 * @param addr `host:port`, `[ipv6]:port`, a host alone with the port 9000, or `unix:/path`.
 * @throws {ConnectionError} If the server cannot be reached, or does not answer in time.
 * @throws {ProtocolError} If what answers there is no PyProxy server of this version.
 * @throws {AuthenticationError} If one end has not proven to the other that it knows the token.
 * @throws {TypeError} If the address or an option is not what it must be.
 *
 * @example A script
 * ```ts
 * import { connect } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * console.log(await remote.eval("sum(range(10))")); // 45
 * ```
 */
export async function connect(
  addr: string = DEFAULT_ADDRESS,
  options?: OpenOptions,
): Promise<RemoteProcess> {
  const caller = new Error();
  const started = start(addr, options);
  // Called now, so that the thread opens the outputstream as soon as the hello has come.
  const connecting = started.thread.connect();
  const sessionId = await opened(started, caller);
  return await connected(started, sessionId, connecting, caller);
}

/** A session whose thread has started. */
interface Started {
  thread: SessionThread;
  /** The server's address, for error messages. */
  where: string;
  options: CheckedOpenOptions;
}

/** Checks what the user gave, and starts the thread. */
function start(addr: string, options: OpenOptions | undefined): Started {
  const address = parseAddress(addr);
  const checked = checkOpenOptions(options);
  if (checked.tls !== undefined && "path" in address) {
    throw new TypeError(`Cannot open a session at ${addr}: there is no TLS on a unix socket`);
  }
  checked.signal?.throwIfAborted();
  const thread = new SessionThread(address, checked);
  return { thread, where: formatAddress(address), options: checked };
}

/** Waits for the server's hello; returns the session's id. */
async function opened({ thread, where, options }: Started, caller: Error): Promise<string> {
  const doing = `open a session at ${where}`;
  return (await within(thread, doing, options, thread.opened, caller)).session_id;
}

/** Waits for the outputstream. */
async function connected(
  { thread, where, options }: Started,
  sessionId: string,
  connecting: Promise<void>,
  caller: Error,
): Promise<RemoteProcess> {
  await within(thread, `connect session ${sessionId} at ${where}`, options, connecting, caller);
  return new RemoteProcess(sessionId, thread);
}

/** Waits for a step of the opening. If it fails, it ends the session. */
async function within<T>(
  thread: SessionThread,
  doing: string,
  { signal, connectTimeout }: CheckedOpenOptions,
  step: Promise<T>,
  caller: Error,
): Promise<T> {
  const givenUp = Promise.withResolvers<never>();
  const onAbort = () => givenUp.reject(signal!.reason);
  const timer = setTimeout(() => {
    givenUp.reject(
      new ConnectionError(`Cannot ${doing}: the server did not answer within ${connectTimeout} ms`),
    );
  }, connectTimeout);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([step, givenUp.promise]);
  } catch (error) {
    const why = error instanceof SessionError
      ? error
      : new SessionError(`Cannot ${doing}: the opening was aborted`, { cause: error });
    thread.fail("NOT_OPENED", why);
    if (error === why) why.stack = `${why.name}: ${why.message}\n${callerStack(caller)}`;
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
