/**
 * The body of an EVAL, written and read by `@std/msgpack`.
 *
 * @module
 */
import { decode, encode, type ValueType } from "@std/msgpack";
import { readU32, writeU32 } from "../src/wire/frame.ts";

const NOTHING = new Uint8Array(0);

/** A body of these parts. */
export function evalBody(
  code: string,
  values?: unknown,
  control: object = {},
): Uint8Array<ArrayBuffer> {
  const last = values === undefined ? NOTHING : encode(values as ValueType);
  return rawEvalBody(encode(control as ValueType), encode(code), last);
}

/** A body of the bytes of its parts, whatever they are. */
export function rawEvalBody(
  control: Uint8Array,
  code: Uint8Array,
  values: Uint8Array = NOTHING,
): Uint8Array<ArrayBuffer> {
  const codeAt = 4 + control.length;
  const body = new Uint8Array(codeAt + code.length + values.length);
  writeU32(body, 0, control.length);
  body.set(control, 4);
  body.set(code, codeAt);
  body.set(values, codeAt + code.length);
  return body;
}

/**
 * Takes a body apart again. The values stay bytes.
 *
 * @throws {Error} If control or code break a rule.
 */
export function evalParts(
  body: Uint8Array,
): { control: Record<string, unknown>; code: string; values: Uint8Array } {
  const codeAt = 4 + readU32(body, 0);
  const control = codeAt === 4 ? {} : decode(body.subarray(4, codeAt));
  const valuesAt = codeAt + stringBytes(body.subarray(codeAt));
  const code = decode(body.subarray(codeAt, valuesAt)) as string;
  return {
    control: control as unknown as Record<string, unknown>,
    code,
    values: body.subarray(valuesAt),
  };
}

/** The size of the string at the start of these bytes, its head included. */
function stringBytes(bytes: Uint8Array): number {
  const head = bytes[0];
  if (head === undefined) throw new Error("there is no code");
  if (head >= 0xa0 && head < 0xc0) return 1 + (head & 31);
  const width = new Map([[0xd9, 1], [0xda, 2], [0xdb, 4]]).get(head);
  if (width === undefined) throw new Error(`code begins with ${head}`);
  let length = 0;
  for (let i = 1; i <= width; i++) length = length * 256 + (bytes[i] ?? NaN);
  return 1 + width + length;
}
