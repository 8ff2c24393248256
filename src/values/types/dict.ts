/**
 * Dicts that are not plain maps: extension 2, an array of key, value, key, value, ...
 *
 * @module
 */
import { refuseEqual } from "../codec/equal_keys.ts";
import { fieldStep, quoted, type Step } from "../codec/fault.ts";
import { refuseUnhashable } from "../codec/hashable.ts";
import { DecodeError } from "../decode_error.ts";
import type { Entry, ValueReader, ValueWriter } from "../entry.ts";
import { MAX_MAP_ENTRIES } from "./set.ts";

const CODE = 2;

/** Map, and extension 2. */
export const DICT: Entry = {
  sends: { prototypes: [Map.prototype], write: writeMap },
  reads: { code: CODE, read },
};

function writeMap(value: object, writer: ValueWriter): void {
  const map = value as Map<unknown, unknown>;
  // A copy: a getter in a value may change the map, but the number of keys is written already.
  const keys = Array.from(map.keys());
  const step: Step = (index) => getStep(keys[index >> 1], index);
  if (keys.every((key) => typeof key === "string" && key !== "__proto__")) {
    writer.map(keys as string[], (key) => map.get(key), map, step);
  } else {
    writer.extensionArray(CODE, keys.flatMap((key) => [key, map.get(key)]), map, step);
    const keyStep: Step = (index) => step(2 * index);
    refuseUnhashable(keys, map, keyStep);
    refuseEqual(keys, map, keyStep);
  }
}

/** Writes a plain object that has a key `__proto__`. */
export function writeObjectAsPairs(value: Record<string, unknown>, writer: ValueWriter): void {
  const keys = Object.keys(value);
  const pairs = keys.flatMap((key) => [key, value[key]]);
  writer.extensionArray(CODE, pairs, value, (index) => fieldStep(keys[index >> 1]!));
}

/** `.get("key")`; `.keys()[2]` or `.values()[2]` if the key cannot be sent or shown. */
function getStep(key: unknown, index: number): string {
  if (index % 2 === 1) {
    if (typeof key === "string") return `.get(${quoted(key)})`;
    if (typeof key === "bigint") return `.get(${key}n)`;
    if (typeof key !== "object" && typeof key !== "symbol") return `.get(${String(key)})`;
  }
  return `.${index % 2 === 1 ? "values" : "keys"}()[${index >> 1}]`;
}

function read(reader: ValueReader): unknown {
  const pairs = reader.list("a dict");
  if (pairs.length % 2 !== 0) throw new DecodeError("a dict with a key and no value");
  let plain = true;
  for (let i = 0; i < pairs.length; i += 2) plain &&= typeof pairs[i] === "string";
  if (plain) {
    const object: Record<string, unknown> = {};
    for (let i = 0; i < pairs.length; i += 2) setOwn(object, pairs[i] as string, pairs[i + 1]);
    return object;
  }
  if (pairs.length / 2 > MAX_MAP_ENTRIES) {
    throw new DecodeError(`a dict of ${pairs.length / 2} keys is more than a Map holds`);
  }
  const map = new Map<unknown, unknown>();
  for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1]);
  return map;
}

/** Assigns a field. `__proto__` is a key like any other. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else {
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}
