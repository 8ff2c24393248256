/**
 * The frames of the floor: as little as an echo needs. `u32 kind, u32 length`, then the body.
 * Replies have the same shape and come in the order of the requests.
 *
 * @module
 */

/** What is to be done with a body. */
export const Kind = {
  /** Give it back. */
  ECHO: 0,
  /** Compile and evaluate it; the reply is `str()` of the value. */
  EVAL: 1,
  /** It is a count in decimal digits: print as many lines, then reply with nothing. */
  PRINT: 2,
} as const;

/** Bytes before a body. */
export const HEADER_BYTES = 8;

/** The receive buffer of every hop, and the least size of a frame that gets a buffer of its own. */
export const BUFFER_BYTES: number = 256 * 1024;

/** Writes a header at the start of `bytes`. */
export function writeHeader(bytes: Uint8Array, at: number, kind: number, length: number): void {
  writeU32(bytes, at, kind);
  writeU32(bytes, at + 4, length);
}

/** The length of the body whose header is at `at`. */
export function bodyLength(bytes: Uint8Array, at: number): number {
  const high = bytes[at + 4]! * 0x1_00_00_00;
  return high + (bytes[at + 5]! << 16) + (bytes[at + 6]! << 8) + bytes[at + 7]!;
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
