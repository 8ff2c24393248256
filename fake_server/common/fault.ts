/**
 * Why the server ends a connection or a session.
 *
 * @module
 */
import { FrameError } from "../../src/wire/frame.ts";
import type { CloseReason } from "../../src/wire/messages.ts";
import { errorText } from "./log.ts";

/** A reason to end a connection or a session, with the code and message of the ERROR frame. */
export class Fault extends Error {
  override name = "Fault";
  /** The `code` of the ERROR frame. */
  readonly code: CloseReason;

  /** Makes one. */
  constructor(code: CloseReason, message: string) {
    super(message);
    this.code = code;
  }
}

/** Turns anything that was thrown while serving a client into a fault. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof FrameError) return new Fault(error.code, error.message);
  return new Fault("INTERNAL", `the server has failed: ${errorText(error)}`);
}
