/**
 * The error of a session's end, as it travels between the threads.
 *
 * @module
 */

/** The classes of the errors that end a session in its thread. */
export type SessionErrorClass =
  | "ConnectionError"
  | "ProtocolError"
  | "AuthenticationError"
  | "SessionClosedError";

/** An error on its way to the main thread. */
export interface ErrorRecord {
  class: SessionErrorClass;
  message: string;
  /** The message of its cause. */
  cause: string | undefined;
}
