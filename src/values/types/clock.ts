/**
 * What the types of dates and times have in common: Python's bounds, and integers for their parts.
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

/** Throws the fault of a date that Python has nothing for. */
export function refuseDate(date: { calendarId: string; year: number }, type: string): void {
  if (date.calendarId !== "iso8601") {
    throw new Fault(`Python has no calendar ${date.calendarId}, only iso8601`, type);
  }
  if (date.year < 1 || date.year > 9999) {
    throw new Fault(`Python's years are 1 to 9999, got ${date.year}`, type);
  }
}

/** Throws the fault of a time that is no whole microsecond; `shown` is that time. */
export function refuseNanoseconds(nanosecond: number, shown: object, type: string): void {
  if (nanosecond !== 0) throw tooFine(shown, type);
}

/** The fault of what has nanoseconds; `more` are further options that it takes to round it. */
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

/** Reads an array of so many integers. */
export function readIntegers(reader: ValueReader, count: number, what: string): number[] {
  const fields = reader.list(what);
  if (fields.length === count && fields.every(Number.isSafeInteger)) return fields as number[];
  throw new DecodeError(`${what} is no array of ${count} integers`);
}

/** Calls a constructor of Temporal's with `fields`, which may be out of its range or Python's. */
export function made<T>(what: string, fields: readonly number[], make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw outOfRange(what, fields, cause);
  }
}

/** The error for fields that make no moment. */
export function outOfRange(what: string, fields: readonly number[], cause?: unknown): DecodeError {
  return new DecodeError(`${what} of ${fields} is out of range`, { cause });
}
