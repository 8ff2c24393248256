/**
 * What the types of dates and times share: Python's limits, and integers for their parts.
 *
 * @module
 */
import { Fault } from "../codec/fault.ts";
import { DecodeError } from "../decode_error.ts";
import type { ValueReader } from "../entry.ts";

/** The parts of a time of day. */
interface Clock {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  readonly microsecond: number;
  readonly nanosecond: number;
}

/** Throws a Fault for a date that Python does not have. */
export function refuseDate(date: { calendarId: string; year: number }, type: string): void {
  if (date.calendarId !== "iso8601") {
    throw new Fault(`Python has no calendar ${date.calendarId}, only iso8601`, type);
  }
  if (date.year < 1 || date.year > 9999) {
    throw new Fault(`Python's years are 1 to 9999, got ${date.year}`, type);
  }
}

/** Throws a Fault for a time with nanoseconds; `shown` is that time. */
export function refuseNanoseconds(nanosecond: number, shown: object, type: string): void {
  if (nanosecond !== 0) throw tooFine(shown, type);
}

/** The Fault for a value with nanoseconds; `more` are further options that rounding it needs. */
export function tooFine(shown: object, type: string, more = ""): Fault {
  return new Fault(
    `Python counts no nanoseconds, and ${shown} is no whole microsecond: ` +
      `send .round({ smallestUnit: "microsecond"${more} }) of it`,
    type,
  );
}

/** Hour, minute, second, and microsecond of the second. */
export function clockFields(clock: Clock): [number, number, number, number] {
  return [clock.hour, clock.minute, clock.second, clock.millisecond * 1000 + clock.microsecond];
}

/** The inverse of `clockFields`: arguments of Temporal's constructors. */
export function clockArguments(
  [hour, minute, second, microsecond]: readonly number[],
): [number, number, number, number, number] {
  const ms = Math.floor(microsecond! / 1000);
  return [hour!, minute!, second!, ms, microsecond! - 1000 * ms];
}

/** Reads an array of `count` integers. */
export function readIntegers(reader: ValueReader, count: number, what: string): number[] {
  const fields = reader.list(what);
  if (fields.length === count && fields.every(Number.isSafeInteger)) return fields as number[];
  throw new DecodeError(`${what} is not an array of ${count} integers`);
}

/** Calls a constructor of Temporal with `fields`, which may be out of range. */
export function made<T>(what: string, fields: readonly number[], make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw outOfRange(what, fields, cause);
  }
}

/** The error for fields that are out of range. */
export function outOfRange(what: string, fields: readonly number[], cause?: unknown): DecodeError {
  return new DecodeError(`${what} of ${fields} is out of range`, { cause });
}
