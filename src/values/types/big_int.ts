/**
 * Integers of any size: extension 1, in the fewest bytes of big-endian two's complement.
 *
 * @module
 */
import { safeOrBig } from "../codec/safe_integer.ts";
import { DecodeError } from "../decode_error.ts";
import type { Entry, ValueReader, ValueWriter } from "../entry.ts";

const CODE = 1;

/** Extension 1. The Encoder sends bigints, by their `typeof`. */
export const BIG_INT: Entry = {
  reads: {
    code: CODE,
    read: (reader: ValueReader, length: number): number | bigint =>
      safeOrBig(bigIntFromBytes(reader.take(length), "an int")),
  },
};

/** Writes a bigint that fits neither int 64 nor uint 64. */
export function writeBigInt(value: bigint, writer: ValueWriter): void {
  writer.extension(CODE, bigIntToBytes(value));
}

/** The fewest bytes of an integer in big-endian two's complement. */
export function bigIntToBytes(value: bigint): Uint8Array {
  const negative = value < 0n;
  // -1 - value has the same bits, inverted. Hexadecimal takes linear time both ways.
  const digits = (negative ? ~value : value).toString(16);
  const bits = 4 * digits.length - Math.clz32(parseInt(digits[0]!, 16)) + 28;
  const length = (bits >> 3) + 1;
  const payload = Uint8Array.fromHex(digits.padStart(2 * length, "0"));
  if (negative) { for (let i = 0; i < length; i++) payload[i]! ^= 0xff; }
  return payload;
}

/** The integer of such bytes; `what` names the value in errors. */
export function bigIntFromBytes(bytes: Uint8Array, what: string): bigint {
  if (bytes.length === 0) throw new DecodeError(`${what} of no bytes`);
  try {
    return BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toHex()}`));
  } catch (cause) {
    throw new DecodeError(`${what} of ${bytes.length} bytes is more than a bigint holds`, {
      cause,
    });
  }
}
