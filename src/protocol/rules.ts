/**
 * The client's rules of the protocol: which message may come when, how a control body is read, and
 * which error the server's code for an end becomes.
 *
 * @module
 */
import type { Frame } from "../wire/frame.ts";
import { MAX_CONTROL_BODY_BYTES } from "../wire/limits.ts";
import { MessageType } from "../wire/messages.ts";
import { decodeControl } from "./control.ts";
import type { SessionErrorClass } from "./error_record.ts";

/** One of a session's two streams. */
export type StreamName = "main" | "output";

/** The state of a stream: not connected, waiting for the hello, open. */
export type StreamState = "none" | "hello" | "open";

/** Thrown when the peer broke a rule of the protocol. */
export class RuleBroken extends Error {
  /** "RuleBroken". */
  override name = "RuleBroken";
}

/** The messages that may come, by stream and state. */
const ALLOWED: Record<StreamName, Record<StreamState, readonly number[]>> = {
  main: {
    none: [],
    hello: [MessageType.CHALLENGE, MessageType.SERVER_HELLO, MessageType.ERROR],
    open: [
      MessageType.RESULT,
      MessageType.INTERRUPTED,
      MessageType.RUNNING,
      MessageType.STATUS_REPLY,
      MessageType.GOODBYE,
      MessageType.ERROR,
      MessageType.PING,
      MessageType.PONG,
    ],
  },
  output: {
    none: [],
    hello: [MessageType.OUTPUT_READY, MessageType.ERROR],
    open: [
      MessageType.OUTPUT,
      MessageType.OUTPUT_END,
      MessageType.LOG,
      MessageType.ERROR,
      MessageType.PING,
      MessageType.PONG,
    ],
  },
};

/** Messages without a body. */
const BARE: readonly number[] = [MessageType.PING, MessageType.PONG, MessageType.OUTPUT_END];

/** Messages with an id, besides RESULT and OUTPUT. */
const NUMBERED: readonly number[] = [...BARE, MessageType.RUNNING, MessageType.STATUS_REPLY];

/** The error of a code of ERROR or GOODBYE. Any other code is a ConnectionError. */
const CLASS_OF_CODE: Record<string, SessionErrorClass> = {
  PROTOCOL: "ProtocolError",
  VERSION: "ProtocolError",
  STREAM_TOKEN: "ProtocolError",
  AUTHENTICATION: "AuthenticationError",
  SLOW_READER: "SessionClosedError",
};

const NAMES = new Map<number, string>(
  Object.entries(MessageType).map(([name, type]) => [type, name]),
);

/**
 * Checks that a message may come on this stream now.
 *
 * @throws {RuleBroken} If it may not.
 */
export function checkAllowed(stream: StreamName, state: StreamState, type: number): void {
  if (ALLOWED[stream][state].includes(type)) return;
  throw new RuleBroken(
    state === "hello"
      ? `the server's first message on the ${stream}stream was ${typeName(type)}`
      : `the server sent ${typeName(type)} on the ${stream}stream`,
  );
}

/**
 * Checks the header of a message besides its type: flags, an id and a body may only be where they
 * mean something.
 *
 * @throws {RuleBroken} If one of them is elsewhere.
 */
export function checkHeader({ type, flags, id, length }: Frame): void {
  if (type === MessageType.RESULT || type === MessageType.OUTPUT) return;
  if (flags !== 0) throw new RuleBroken(`the server sent ${typeName(type)} with flags ${flags}`);
  if (length !== 0 && BARE.includes(type)) {
    throw new RuleBroken(`the server sent ${typeName(type)} with a body of ${length} bytes`);
  }
  if (id !== 0 && !NUMBERED.includes(type)) {
    throw new RuleBroken(`the server sent ${typeName(type)} with id ${id}`);
  }
}

/**
 * Reads the body of a control message; `parse` checks its fields.
 *
 * @throws {RuleBroken} If the body is too long, is not MessagePack, or is refused by `parse`.
 */
export function readControl<T>(
  frame: Frame,
  parse: (body: unknown) => T,
  maxBytes: number = MAX_CONTROL_BODY_BYTES,
): T {
  if (frame.length > maxBytes) {
    throw new RuleBroken(
      `a ${typeName(frame.type)} has a body of ${frame.length} bytes, more than the ${maxBytes} ` +
        `allowed`,
    );
  }
  try {
    return parse(frame.length === 0 ? {} : decodeControl(frame.body));
  } catch (error) {
    throw new RuleBroken(error instanceof Error ? error.message : String(error));
  }
}

/** The class of the error for a code of the server. */
export function classOfCode(code: string): SessionErrorClass {
  return Object.hasOwn(CLASS_OF_CODE, code) ? CLASS_OF_CODE[code]! : "ConnectionError";
}

function typeName(type: number): string {
  return NAMES.get(type) ?? `type 0x${type.toString(16).padStart(2, "0")}`;
}
