/**
 * Sets: extension 3, an array of the members.
 *
 * @module
 */
import { refuseEqual } from "../codec/equal_keys.ts";
import type { Step } from "../codec/fault.ts";
import { refuseUnhashable } from "../codec/hashable.ts";
import { DecodeError } from "../decode_error.ts";
import type { Entry, ValueReader, ValueWriter } from "../entry.ts";

const CODE = 3;

/** The most entries of a Map or Set in V8; one more throws a RangeError. */
export const MAX_MAP_ENTRIES: number = 2 ** 24;

/** Set, and extension 3. */
export const SET: Entry = {
  sends: { prototypes: [Set.prototype], write },
  reads: { code: CODE, read },
};

function write(value: object, writer: ValueWriter): void {
  const members = Array.from(value as Set<unknown>);
  const step: Step = (index) => `.values()[${index}]`;
  writer.extensionArray(CODE, members, value, step);
  refuseUnhashable(members, value, step);
  refuseEqual(members, value, step);
}

function read(reader: ValueReader): Set<unknown> {
  const members = reader.list("a set");
  if (members.length > MAX_MAP_ENTRIES) {
    throw new DecodeError(`a set of ${members.length} members is more than a Set holds`);
  }
  return new Set(members);
}
