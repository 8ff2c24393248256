/**
 * Reads JavaScript values from MessagePack with the extension types of Python. PROTOCOL.md section
 * 4 describes the format.
 *
 * @module
 */
import { Decoder } from "./codec/decoder.ts";
import { READERS } from "./table.ts";

export { DecodeError } from "./decode_error.ts";

/**
 * Reads one value, which must fill `bytes` from `start` to `end`.
 *
 * A Uint8Array in it is a copy. If it has at least 32 KiB and at least half of the ArrayBuffer of
 * `bytes`, it is a view of that buffer: so the caller must own `bytes`, and no value keeps more
 * than twice its size alive. Elements of other typed arrays are moved within `bytes` if they are
 * not aligned: so `bytes` can be read once only.
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
