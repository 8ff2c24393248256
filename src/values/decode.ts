/**
 * MessagePack with the Python extension types to JavaScript values. PROTOCOL.md section 4 is the
 * text to this file.
 *
 * @module
 */
import { Decoder } from "./codec/decoder.ts";
import { READERS } from "./table.ts";

export { DecodeError } from "./decode_error.ts";

/**
 * Reads one value, which has to fill `bytes` from `start` to `end`.
 *
 * A Uint8Array in it is a copy, or, where it is at least 32 KiB and at least half of the
 * ArrayBuffer that `bytes` lies in, a view of that: so the caller must own `bytes`, and no value
 * keeps more than twice its size alive. Elements of other typed arrays are moved in it, if they are
 * not aligned: so `bytes` is read once.
 *
 * @throws {DecodeError} If the bytes break a rule of PROTOCOL.md section 4.
 */
export function decode(
  bytes: Uint8Array,
  start: number = 0,
  end: number = bytes.length,
): unknown {
  return DECODER.decode(bytes, start, end);
}

const DECODER = new Decoder(READERS);
