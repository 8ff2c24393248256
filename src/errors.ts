/**
 * The errors that callers catch, one class for each thing they would do something else about.
 *
 * @module
 */
import { PyProxyError } from "./error_base.ts";
import type { ErrorRecord } from "./bridge.ts";

export { PyProxyError } from "./error_base.ts";
export { EncodeError } from "./values/encode_error.ts";

/** Something is wrong with a session: it could not be opened, or it is over. */
export class SessionError extends PyProxyError {
  /** "SessionError". */
  override name = "SessionError";
}

/** The server cannot be reached, does not answer, or the connection to it was lost. */
export class ConnectionError extends SessionError {
  /** "ConnectionError". */
  override name = "ConnectionError";
}

/** What is at the other end does not speak this protocol, or broke a rule of it. */
export class ProtocolError extends SessionError {
  /** "ProtocolError". */
  override name = "ProtocolError";
}

/** The server did not accept who the client says it is, or the other way round. */
export class AuthenticationError extends SessionError {
  /** "AuthenticationError". */
  override name = "AuthenticationError";
}

/** The session was closed, by `close()` or by the server for a named reason. */
export class SessionClosedError extends SessionError {
  /** "SessionClosedError". */
  override name = "SessionClosedError";
}

/** The session's thread has failed, ended, or stopped answering. */
export class SessionCrashedError extends SessionError {
  /** "SessionCrashedError". */
  override name = "SessionCrashedError";
}

/**
 * The python process died while it ran this eval, which may have run in part and is not run again.
 * The session goes on, on a new python process.
 */
export class RemoteProcessDiedError extends SessionError {
  /** "RemoteProcessDiedError". */
  override name = "RemoteProcessDiedError";
  /** The status with which the process exited, where it exited by itself. */
  readonly exitCode: number | undefined;
  /** The signal that ended the process, such as "SIGKILL", where one did. */
  readonly signal: string | undefined;

  /** Makes one; the library does. */
  constructor(message: string, exitCode: number | undefined, signal: string | undefined) {
    super(message);
    this.exitCode = exitCode;
    this.signal = signal;
  }
}

/** More evals, or more bytes of them, wait to be sent than the session's limits allow. */
export class QueueFullError extends SessionError {
  /** "QueueFullError". */
  override name = "QueueFullError";
}

/** The namespace of this eval was lost with its python process. The next eval in it starts fresh. */
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

/** A `wait({ timeout })` has waited long enough. The eval goes on. */
export class FutureTimeoutError extends PyProxyError {
  /** "FutureTimeoutError". */
  override name = "FutureTimeoutError";
}

/** How an eval was stopped: before it ran, by KeyboardInterrupt, or with its python process. */
export type CancelledHow = "queued" | "interrupted" | "killed";

/** The eval was stopped by `cancel()` or by its `signal`. */
export class CancelledError extends PyProxyError {
  /** "CancelledError". */
  override name = "CancelledError";
  /** How it was stopped. */
  readonly how: CancelledHow;

  /** Makes one; the library does. */
  constructor(message: string, how: CancelledHow, options?: ErrorOptions) {
    super(message, options);
    this.how = how;
  }
}

/** The eval was stopped because it took longer than its `timeout`. */
export class EvalTimeoutError extends CancelledError {
  /** "EvalTimeoutError". */
  override name = "EvalTimeoutError";
}

/** Makes an error of one that came over the bridge. */
export function errorFromRecord(record: ErrorRecord): SessionError {
  const options = record.cause === undefined ? undefined : { cause: new Error(record.cause) };
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
