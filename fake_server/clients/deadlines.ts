/**
 * What a client is told when its stream stands still.
 *
 * @module
 */
import type { CloseReason } from "../../src/wire/messages.ts";
import type { ServerLimits } from "../common/limits.ts";
import type { Connection } from "./connections/connection.ts";

/** One of a session's two streams. */
export type StreamName = "mainstream" | "outputstream";

/** How a stream is doing. */
export type StreamState = ReturnType<Connection["check"]>;

/** The deadline that a stream in this state has missed; undefined if none. */
export function missedDeadline(
  stream: StreamName,
  state: StreamState | undefined,
  limits: ServerLimits,
): { code: CloseReason; message: string } | undefined {
  if (state === "slow") {
    const seconds = limits.slowReaderMs / 1_000;
    return {
      code: "SLOW_READER",
      message: `nothing was taken from the ${stream} for ${seconds} s`,
    };
  }
  if (state === "silent") {
    const seconds = (limits.pingIntervalMs + limits.pingTimeoutMs) / 1_000;
    return {
      code: "TIMEOUT",
      message: `nothing came on the ${stream} for ${seconds} s, no PONG either`,
    };
  }
  return undefined;
}
