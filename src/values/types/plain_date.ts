/**
 * Dates: extension 8, an array of year, month and day.
 *
 * @module
 */
import { indexStep } from "../codec/fault.ts";
import type { Entry, ValueReader, ValueWriter } from "../entry.ts";
import { made, outOfRange, readIntegers, refuseDate } from "./clock.ts";

const CODE = 8;

/** Temporal.PlainDate, and extension 8. */
export const PLAIN_DATE: Entry = {
  sends: {
    prototypes: [Temporal.PlainDate.prototype],
    write(value: object, writer: ValueWriter): void {
      const date = value as Temporal.PlainDate;
      refuseDate(date, "Temporal.PlainDate");
      writer.extensionArray(CODE, [date.year, date.month, date.day], date, indexStep);
    },
  },
  reads: {
    code: CODE,
    read(reader: ValueReader): Temporal.PlainDate {
      const fields = readIntegers(reader, 3, "a date");
      const [year, month, day] = fields as [number, number, number];
      if (year < 1 || year > 9999) throw outOfRange("a date", fields);
      return made("a date", fields, () => new Temporal.PlainDate(year, month, day));
    },
  },
};
