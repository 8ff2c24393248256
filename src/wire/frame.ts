/**
 * Writes frames: a header of 12 bytes and a body. frame_reader.ts reads them.
 *
 * @module
 */
import { HEADER_BYTES, PROTOCOL_VERSION } from "./limits.ts";

/** The fields of a header. */
export interface Header {
  type: number;
  flags: number;
  /** The length of the body in bytes. */
  length: number;
  /** The id of the eval or question, 0 if the message is about none. */
  id: number;
}

/** A whole frame as it was read. */
export interface Frame extends Header {
  /**
   * The body. Unless it is `owned`, it is a view of the reader's buffer and valid until the
   * reader's next `space()`.
   */
  body: Uint8Array;
  /** Whether the body has an ArrayBuffer of its own, which nothing else writes to. */
  owned: boolean;
}

/** Thrown by {@linkcode FrameReader} for bytes that are not a frame of this protocol. */
export class FrameError extends Error {
  override name = "FrameError";
  /** "VERSION" if the peer speaks another version of the protocol, else "PROTOCOL". */
  readonly code: "PROTOCOL" | "VERSION";

  /** Makes one. */
  constructor(code: "PROTOCOL" | "VERSION", message: string) {
    super(message);
    this.code = code;
  }
}

/** Writes a header at `at`; the body must follow it. */
export function writeHeader(
  into: Uint8Array,
  at: number,
  type: number,
  flags: number,
  length: number,
  id: number,
): void {
  into[at] = 0;
  into[at + 1] = PROTOCOL_VERSION;
  into[at + 2] = type;
  into[at + 3] = flags;
  into[at + 4] = length >>> 24;
  into[at + 5] = length >>> 16;
  into[at + 6] = length >>> 8;
  into[at + 7] = length;
  into[at + 8] = id >>> 24;
  into[at + 9] = id >>> 16;
  into[at + 10] = id >>> 8;
  into[at + 11] = id;
}

/** A frame as bytes: header and a copy of the body. */
export function frameBytes(
  type: number,
  flags: number,
  id: number,
  body: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  writeHeader(bytes, 0, type, flags, body.length, id);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** Copies bytes to `at`. For a few bytes a loop is faster than a call. */
export function copyFew(from: Uint8Array, into: Uint8Array, at: number): void {
  const { length } = from;
  if (length > FEW_BYTES) into.set(from, at);
  else for (let i = 0; i < length; i++) into[at + i] = from[i]!;
}

const FEW_BYTES = 32;

/** The u32 in network order at `at`. */
export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>>
    0;
}

/** Writes a u32 in network order at `at`. */
export function writeU32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}
