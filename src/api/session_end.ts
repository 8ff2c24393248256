/**
 * How a session ended.
 *
 * @module
 */
import type { SessionError } from "./errors.ts";

/**
 * How a session ended.
 *
 * @example Why it ended
 * ```ts
 * import { connect, type SessionEnd } from "@pyproxy/client";
 *
 * const remote = await connect("localhost:9000");
 * await remote.close();
 * const end: SessionEnd = await remote.closed;
 * console.log(end.reason); // CLIENT_CLOSED
 * ```
 */
export interface SessionEnd {
  /** "CLIENT_CLOSED" after `close()`, else a name for what went wrong. */
  reason: string;
  /** The error, unless the session was closed on purpose. */
  error?: SessionError;
}
