/**
 * Durations: extension 10, the microseconds of a timedelta as one integer, in the format of
 * extension 1.
 *
 * @module
 */
import { Fault } from "../codec/fault.ts";
import { DecodeError } from "../decode_error.ts";
import type { Entry, ValueReader, ValueWriter } from "../entry.ts";
import { bigIntFromBytes, bigIntToBytes } from "./big_int.ts";
import { tooFine } from "./clock.ts";

const CODE = 10;
const TYPE = "Temporal.Duration";
const DAY_US = 86_400_000_000n;

/** What Python's timedelta.min and timedelta.max have. */
const MIN_US = -999_999_999n * DAY_US;
const MAX_US = 1_000_000_000n * DAY_US - 1n;

/** Temporal.Duration, and extension 10. */
export const DURATION: Entry = {
  sends: {
    prototypes: [Temporal.Duration.prototype],
    write(value: object, writer: ValueWriter): void {
      writer.extension(CODE, bigIntToBytes(microseconds(value as Temporal.Duration)));
    },
  },
  reads: { code: CODE, read },
};

/** The microseconds of the timedelta. */
export function microseconds(duration: Temporal.Duration): bigint {
  for (const unit of ["years", "months"] as const) {
    if (duration[unit] === 0) continue;
    throw new Fault(`how long ${duration[unit]} ${unit} are depends on when they begin`, TYPE);
  }
  const days = BigInt(duration.weeks) * 7n + BigInt(duration.days);
  const minutes = (days * 24n + BigInt(duration.hours)) * 60n + BigInt(duration.minutes);
  const ms = (minutes * 60n + BigInt(duration.seconds)) * 1000n + BigInt(duration.milliseconds);
  const ns = (ms * 1000n + BigInt(duration.microseconds)) * 1000n + BigInt(duration.nanoseconds);
  if (ns % 1000n !== 0n) {
    // Temporal rounds weeks only if it knows when they begin.
    throw tooFine(duration, TYPE, duration.weeks === 0 ? "" : ', relativeTo: "2026-01-01"');
  }
  const us = ns / 1000n;
  if (us >= MIN_US && us <= MAX_US) return us;
  throw new Fault(`Python's timedelta has at most 999999999 days, got ${duration}`, TYPE);
}

function read(reader: ValueReader, length: number): Temporal.Duration {
  const us = bigIntFromBytes(reader.take(length), "a timedelta");
  if (us < MIN_US || us > MAX_US) {
    throw new DecodeError(`a timedelta of ${length} bytes has more than 999999999 days`);
  }
  // All are exact as numbers and have one sign: the remainder of bigints has that of the dividend.
  const rest = Number(us % DAY_US);
  const part = (unit: number, size: number) => Math.trunc(rest / unit) % size + 0;
  return new Temporal.Duration(
    0,
    0,
    0,
    Number(us / DAY_US),
    part(3_600_000_000, 24),
    part(60_000_000, 60),
    part(1_000_000, 60),
    part(1000, 1000),
    part(1, 1000),
  );
}
