/**
 * An error with which a session ends, on its way between the threads.
 *
 * @module
 */

/** The classes of error with which a session can end in its thread. */
export type SessionErrorClass =
  | "ConnectionError"
  | "ProtocolError"
  | "AuthenticationError"
  | "SessionClosedError";

/** An error on its way to the main thread. */
export interface ErrorRecord {
  class: SessionErrorClass;
  message: string;
  /** The message of what caused it. */
  cause: string | undefined;
}
