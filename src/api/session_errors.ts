/**
 * The errors of sessions, and of evals whose session or Python process is gone.
 *
 * @module
 */
import { PyProxyError } from "../common/error_base.ts";
import type { ErrorRecord } from "../protocol/error_record.ts";

/**
 * Something is wrong with a session: it could not be opened, or it is over.
 *
 * @example Catch all errors of sessions
 * ```ts
 * import { connect, SessionError } from "@pyproxy/client";
 *
 * try {
 *   await connect("localhost:1");
 * } catch (error) {
 *   console.log(error instanceof SessionError); // true
 * }
 * ```
 */
export class SessionError extends PyProxyError {
  /** "SessionError". */
  override name = "SessionError";
}

/**
 * The server cannot be reached, does not answer, or the connection to it was lost.
 *
 * @example No server there
 * ```ts
 * import { connect, ConnectionError } from "@pyproxy/client";
 *
 * try {
 *   await connect("localhost:1", { connectTimeout: 1000 });
 * } catch (error) {
 *   console.log(error instanceof ConnectionError); // true
 * }
 * ```
 */
export class ConnectionError extends SessionError {
  /** "ConnectionError". */
  override name = "ConnectionError";
}

/**
 * The other end does not speak this protocol, or broke one of its rules.
 *
 * @example Something else is listening there
 * ```ts
 * import { connect, ProtocolError } from "@pyproxy/client";
 *
 * try {
 *   await using remote = await connect("localhost:9000");
 *   console.log(await remote.eval("2 + 2")); // 4
 * } catch (error) {
 *   if (error instanceof ProtocolError) console.error("that is no PyProxy server");
 *   else throw error;
 * }
 * ```
 */
export class ProtocolError extends SessionError {
  /** "ProtocolError". */
  override name = "ProtocolError";
}

/**
 * One end could not prove to the other that it knows the token.
 *
 * @example A wrong token
 * ```ts
 * import { AuthenticationError, connect } from "@pyproxy/client";
 *
 * try {
 *   await using remote = await connect("localhost:9000");
 *   console.log(await remote.eval("2 + 2")); // 4
 * } catch (error) {
 *   if (error instanceof AuthenticationError) console.error("the token is not the server's");
 *   else throw error;
 * }
 * ```
 */
export class AuthenticationError extends SessionError {
  /** "AuthenticationError". */
  override name = "AuthenticationError";
}

/**
 * The session was closed: by `close()`, or by the server for a reason that it gave.
 *
 * @example After close()
 * ```ts
 * import { connect, SessionClosedError } from "@pyproxy/client";
 *
 * const remote = await connect("localhost:9000");
 * const future = remote.eval("import time; time.sleep(60)");
 * await remote.close();
 * const outcome = await future.waitNoExcept();
 * console.log(!outcome.ok && outcome.error instanceof SessionClosedError); // true
 * ```
 */
export class SessionClosedError extends SessionError {
  /** "SessionClosedError". */
  override name = "SessionClosedError";
}

/**
 * The session's thread has failed, ended, or stopped answering.
 *
 * @example How a session ended
 * ```ts
 * import { connect, SessionCrashedError } from "@pyproxy/client";
 *
 * const remote = await connect("localhost:9000");
 * await remote.close();
 * const { reason, error } = await remote.closed;
 * console.log(reason, error instanceof SessionCrashedError); // CLIENT_CLOSED false
 * ```
 */
export class SessionCrashedError extends SessionError {
  /** "SessionCrashedError". */
  override name = "SessionCrashedError";
}

/**
 * The Python process died while it ran this eval. The eval may have run in part; it is not run
 * again. The session goes on with a new Python process.
 *
 * @example The session goes on
 * ```ts
 * import { connect, RemoteProcessDiedError } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * try {
 *   await remote.eval("import os; os._exit(3)");
 * } catch (error) {
 *   console.log(error instanceof RemoteProcessDiedError && error.exitCode); // 3
 * }
 * console.log(await remote.eval("2 + 2")); // 4
 * ```
 */
export class RemoteProcessDiedError extends SessionError {
  /** "RemoteProcessDiedError". */
  override name = "RemoteProcessDiedError";
  /** The exit status of the process, if it exited by itself. */
  readonly exitCode: number | undefined;
  /**
   * The signal that ended the process, such as "SIGKILL", if one did. Both this and `exitCode` are
   * undefined if the code replaced the process with another program (`os.exec`).
   */
  readonly signal: string | undefined;

  /** Makes one; the library does. */
  constructor(message: string, exitCode: number | undefined, signal: string | undefined) {
    super(message);
    this.exitCode = exitCode;
    this.signal = signal;
  }
}

/**
 * More evals, or more bytes of them, wait to be sent than the session's limits allow.
 *
 * @example Await some futures first
 * ```ts
 * import { connect, QueueFullError } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000", { limits: { queuedEvals: 10 } });
 * try {
 *   for (let i = 0; i < 20; i++) remote.eval("i", { locs: { i } });
 * } catch (error) {
 *   console.log(error instanceof QueueFullError); // true
 * }
 * ```
 */
export class QueueFullError extends SessionError {
  /** "QueueFullError". */
  override name = "QueueFullError";
}

/**
 * The namespace of this eval was lost with its Python process. The next eval in it starts afresh.
 *
 * @example Find out which namespace was lost
 * ```ts
 * import { connect, NamespaceGoneError } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * await remote.eval("x = 1", { namespace: "notebook" });
 * await remote.eval("import os; os._exit(1)").waitNoExcept();
 * try {
 *   await remote.eval("x", { namespace: "notebook" });
 * } catch (error) {
 *   console.log(error instanceof NamespaceGoneError && error.namespace); // notebook
 * }
 * ```
 */
export class NamespaceGoneError extends SessionError {
  /** "NamespaceGoneError". */
  override name = "NamespaceGoneError";
  /** The namespace's name. */
  readonly namespace: string;

  /** Makes one; the library does. */
  constructor(message: string, namespace: string) {
    super(message);
    this.namespace = namespace;
  }
}

/** Makes an error from the record of one that came over the bridge. */
export function errorFromRecord(record: ErrorRecord): SessionError {
  const options = record.cause === undefined ? undefined : { cause: causeOf(record.cause) };
  switch (record.class) {
    case "ConnectionError":
      return new ConnectionError(record.message, options);
    case "ProtocolError":
      return new ProtocolError(record.message, options);
    case "AuthenticationError":
      return new AuthenticationError(record.message, options);
    case "SessionClosedError":
      return new SessionClosedError(record.message, options);
  }
}

/** The cause of such an error. It has no stack: that of this thread would say nothing. */
function causeOf(message: string): Error {
  const cause = new Error(message);
  cause.stack = String(cause);
  return cause;
}
