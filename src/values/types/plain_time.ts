/**
 * Naive times of day: extension 9, an array of hour, minute, second, microsecond and fold.
 * Temporal.PlainTime has no fold and is sent with 0.
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
  refuseNanoseconds,
} from "./clock.ts";

const CODE = 9;

/** Temporal.PlainTime, and extension 9. */
export const PLAIN_TIME: Entry = {
  sends: {
    prototypes: [Temporal.PlainTime.prototype],
    write(value: object, writer: ValueWriter): void {
      const time = value as Temporal.PlainTime;
      refuseNanoseconds(time.nanosecond, time, "Temporal.PlainTime");
      writer.extensionArray(CODE, [...clockFields(time), 0], time, indexStep);
    },
  },
  reads: {
    code: CODE,
    read(reader: ValueReader): Temporal.PlainTime {
      const fields = readIntegers(reader, 5, "a time");
      if (fields[4] !== 0 && fields[4] !== 1) throw outOfRange("a time", fields);
      return made("a time", fields, () => new Temporal.PlainTime(...clockArguments(fields)));
    },
  },
};
