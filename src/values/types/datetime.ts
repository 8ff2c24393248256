/**
 * Aware datetimes: extension 4, an array of year, month, day, hour, minute, second and microsecond
 * of the wall clock, the UTC offset in microseconds, the fold, and the key of the zone or nil.
 *
 * @module
 */
import { Fault, indexStep } from "../codec/fault.ts";
import { DecodeError } from "../decode_error.ts";
import type { Entry, ValueReader, ValueWriter } from "../entry.ts";
import { clockFields, outOfRange, refuseDate, refuseNanoseconds } from "./clock.ts";
import { Opaque } from "./opaque.ts";
import { wallClock } from "./plain_datetime.ts";

const CODE = 4;
const DAY_US = 86_400_000_000;
const MINUTE_US = 60_000_000;

/** Date, Temporal.Instant and Temporal.ZonedDateTime, and extension 4. */
export const DATETIME: Entry = {
  sends: {
    prototypes: [Date.prototype, Temporal.Instant.prototype, Temporal.ZonedDateTime.prototype],
    write(value: object, writer: ValueWriter): void {
      if (value instanceof Date) writeZoned(fromDate(value), "Date", writer);
      else if (value instanceof Temporal.Instant) {
        writeZoned(value.toZonedDateTimeISO("UTC"), "Temporal.Instant", writer);
      } else writeZoned(value as Temporal.ZonedDateTime, "Temporal.ZonedDateTime", writer);
    },
  },
  reads: { code: CODE, read },
};

function fromDate(date: Date): Temporal.ZonedDateTime {
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw new Fault("an invalid Date is no point in time", "Date");
  return new Temporal.ZonedDateTime(BigInt(ms) * 1_000_000n, "UTC");
}

function writeZoned(zoned: Temporal.ZonedDateTime, type: string, writer: ValueWriter): void {
  refuseDate(zoned, type);
  refuseNanoseconds(zoned.nanosecond, zoned.toInstant(), type);
  const zone = zoned.timeZoneId;
  const fixed = zone.startsWith("+") || zone.startsWith("-");
  const fields = [
    zoned.year,
    zoned.month,
    zoned.day,
    ...clockFields(zoned),
    zoned.offsetNanoseconds / 1000,
    fixed || zone === "UTC" ? 0 : fold(zoned),
    fixed ? null : zone,
  ];
  writer.extensionArray(CODE, fields, fields, indexStep);
}

/** The fold: 1 for the later of two times at which a clock that was put back shows the same. */
function fold(zoned: Temporal.ZonedDateTime): 0 | 1 {
  const earlier = zoned.toPlainDateTime().toZonedDateTime(zoned.timeZoneId, {
    disambiguation: "earlier",
  });
  return earlier.epochNanoseconds < zoned.epochNanoseconds ? 1 : 0;
}

function read(reader: ValueReader): Temporal.ZonedDateTime | Opaque {
  const fields = reader.list("a datetime");
  const zone = fields.pop();
  if (
    fields.length !== 9 || !fields.every(Number.isSafeInteger) ||
    (zone !== null && typeof zone !== "string")
  ) throw new DecodeError("a datetime is not an array of 9 integers and a zone");
  const wall = wallClock("a datetime", fields as number[]);
  const [offset, foldBit] = fields.slice(7) as [number, number];
  if (Math.abs(offset) >= DAY_US || (foldBit !== 0 && foldBit !== 1)) {
    throw outOfRange("a datetime", fields as number[]);
  }
  const asUtc = wall.toZonedDateTime("UTC").epochNanoseconds;
  const instant = asUtc - BigInt(offset) * 1000n;
  // The zones of JavaScript may be older or newer than Python's: use one only if both agree.
  const inZone = zone === null ? undefined : zonedOrNot(instant, zone);
  if (inZone?.toPlainDateTime().equals(wall)) return inZone;
  if (offset % MINUTE_US === 0) {
    return new Temporal.ZonedDateTime(instant, offsetText(offset));
  }
  return new Opaque("datetime.datetime", `${isoText(wall)}${offsetText(offset)}`);
}

/** The instant in the zone; undefined if JavaScript does not know the zone. */
function zonedOrNot(instant: bigint, zone: string): Temporal.ZonedDateTime | undefined {
  try {
    return new Temporal.ZonedDateTime(instant, zone);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The text of Python's isoformat(). */
function isoText(wall: Temporal.PlainDateTime): string {
  const whole = wall.millisecond === 0 && wall.microsecond === 0;
  return wall.toString({ smallestUnit: whole ? "second" : "microsecond" });
}

/** An offset as text: `+02:00`, or `+00:53:28` or `+00:00:00.000001` if it is no whole minute. */
function offsetText(us: number): string {
  const two = (value: number) => String(Math.trunc(value)).padStart(2, "0");
  const size = Math.abs(us);
  const minutes = `${us < 0 ? "-" : "+"}${two(size / 3_600_000_000)}:${two(size / MINUTE_US % 60)}`;
  if (size % MINUTE_US === 0) return minutes;
  const fraction = size % 1_000_000;
  const seconds = `${minutes}:${two(size / 1_000_000 % 60)}`;
  return fraction === 0 ? seconds : `${seconds}.${String(fraction).padStart(6, "0")}`;
}
