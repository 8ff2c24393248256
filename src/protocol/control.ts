/**
 * Control bodies: maps of plain values. They have a reader and a writer of their own, so that a
 * session's thread does not load the types of values, which it never reads.
 *
 * @module
 */
import { Decoder } from "../values/codec/decoder.ts";
import { Fault } from "../values/codec/fault.ts";
import { Writer } from "../values/codec/writer.ts";

const DECODER = new Decoder(new Map());

/**
 * Reads a body.
 *
 * @throws {DecodeError} If it is not MessagePack, or has an extension in it.
 */
export function decodeControl(bytes: Uint8Array): unknown {
  return DECODER.decode(bytes);
}

/**
 * Writes a body whose fields are strings, numbers and booleans.
 *
 * @throws {EncodeError} If a string is not well-formed.
 */
export function encodeControl(body: object): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  const fields: [string, unknown][] = Object.entries(body);
  writer.mapHeader(fields.length);
  for (const [field, value] of fields) {
    try {
      writer.string(field);
      if (typeof value === "string") writer.string(value);
      else if (typeof value === "number") writer.number(value);
      else if (typeof value === "boolean") writer.byte(value ? 0xc3 : 0xc2);
      else throw new Fault("control bodies have strings, numbers and booleans", typeof value);
    } catch (error) {
      throw error instanceof Fault ? error.toError(field) : error;
    }
  }
  return writer.bytes();
}
