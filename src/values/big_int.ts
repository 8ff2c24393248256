/**
 * Integers of any size: extension 1, two's complement, big-endian, as few bytes as hold it.
 *
 * @module
 */
import { DecodeError } from "./decode_error.ts";
import type { Decoder } from "./decode.ts";
import type { Encoder } from "./encode.ts";
import type { Entry } from "./entry.ts";

const CODE = 1;

/** Extension 1. Sending is by `typeof`, in the Encoder. */
export const BIG_INT: Entry = { reads: { code: CODE, read } };

/** Writes a bigint that neither int 64 nor uint 64 holds. */
export function writeBigInt(value: bigint, encoder: Encoder): void {
  const negative = value < 0n;
  // -1 - value has the same bits, all of them inverted; hexadecimal is linear both ways.
  const digits = (negative ? ~value : value).toString(16);
  const bits = 4 * digits.length - Math.clz32(parseInt(digits[0]!, 16)) + 28;
  const length = (bits >> 3) + 1;
  const payload = Uint8Array.fromHex(digits.padStart(2 * length, "0"));
  if (negative) { for (let i = 0; i < length; i++) payload[i]! ^= 0xff; }
  encoder.extension(CODE, payload);
}

function read(decoder: Decoder, length: number): number | bigint {
  if (length === 0) throw new DecodeError("an int of no bytes");
  const digits = decoder.take(length).toHex();
  let value: bigint;
  try {
    value = BigInt.asIntN(8 * length, BigInt(`0x${digits}`));
  } catch (cause) {
    throw new DecodeError(`an int of ${length} bytes is more than a bigint holds`, { cause });
  }
  return safeOrBig(value);
}

/** A number where it is a safe integer. */
export function safeOrBig(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
