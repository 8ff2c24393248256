/**
 * Naive datetimes: extension 7, an array of year, month, day, hour, minute, second, microsecond and
 * fold. Temporal.PlainDateTime has no fold and is sent with 0.
 *
 * @module
 */
import { indexStep } from "../codec/fault.ts";
import type { Entry, ValueReader, ValueWriter } from "../entry.ts";
import {
  clockArguments,
  clockFields,
  made,
  outOfRange,
  readIntegers,
  refuseDate,
  refuseNanoseconds,
} from "./clock.ts";

const CODE = 7;
const TYPE = "Temporal.PlainDateTime";

/** Temporal.PlainDateTime, and extension 7. */
export const PLAIN_DATETIME: Entry = {
  sends: {
    prototypes: [Temporal.PlainDateTime.prototype],
    write(value: object, writer: ValueWriter): void {
      const wall = value as Temporal.PlainDateTime;
      refuseDate(wall, TYPE);
      refuseNanoseconds(wall.nanosecond, wall, TYPE);
      const fields = [wall.year, wall.month, wall.day, ...clockFields(wall), 0];
      writer.extensionArray(CODE, fields, wall, indexStep);
    },
  },
  reads: {
    code: CODE,
    read(reader: ValueReader): Temporal.PlainDateTime {
      const fields = readIntegers(reader, 8, "a naive datetime");
      if (fields[7] !== 0 && fields[7] !== 1) throw outOfRange("a naive datetime", fields);
      return wallClock("a naive datetime", fields);
    },
  },
};

/** The wall clock of year to microsecond, which may be out of range. */
export function wallClock(what: string, fields: readonly number[]): Temporal.PlainDateTime {
  const [year, month, day] = fields as [number, number, number];
  if (year < 1 || year > 9999) throw outOfRange(what, fields);
  return made(
    what,
    fields,
    () => new Temporal.PlainDateTime(year, month, day, ...clockArguments(fields.slice(3, 7))),
  );
}
