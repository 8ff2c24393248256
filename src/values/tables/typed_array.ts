/**
 * Typed arrays: extension 15, the name of the element type, then the bytes. (Bytes are bin.)
 *
 * @module
 */
import { DecodeError } from "../decode_error.ts";
import type { Entry, ValueReader, ValueWriter } from "../entry.ts";
import { bytesOf } from "../types/bytes.ts";
import { nameOf, numbersOf, type TypedArray } from "./dtype.ts";

const CODE = 15;
const ASCII = new TextDecoder("latin1");

/** All typed arrays but those of bytes, and extension 15. */
export const TYPED_ARRAY: Entry = {
  sends: {
    prototypes: [
      Int8Array.prototype,
      Int16Array.prototype,
      Int32Array.prototype,
      BigInt64Array.prototype,
      Uint16Array.prototype,
      Uint32Array.prototype,
      BigUint64Array.prototype,
      Float16Array.prototype,
      Float32Array.prototype,
      Float64Array.prototype,
    ],
    write,
  },
  reads: { code: CODE, read },
};

function write(value: object, writer: ValueWriter): void {
  const name = nameOf(value)!;
  const head = new Uint8Array(1 + name.length);
  head[0] = name.length;
  for (let i = 0; i < name.length; i++) head[1 + i] = name.charCodeAt(i);
  writer.extension(CODE, head, bytesOf(value as TypedArray));
}

function read(reader: ValueReader, length: number): TypedArray {
  const name = ASCII.decode(reader.take(reader.take(1)[0]!));
  const array = numbersOf(name);
  if (array === undefined || name === "uint8") {
    throw new DecodeError(`there is no typed array of "${name}"`);
  }
  return reader.elements(length - 1 - name.length, array);
}
