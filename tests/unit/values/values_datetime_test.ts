import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { decode, DecodeError } from "../../../src/values/decode.ts";
import { Encoder } from "../../../src/values/encode.ts";
import { EncodeError } from "../../../src/values/encode_error.ts";
import { Opaque } from "../../../src/values/types.ts";

const ROUND = ': send .round({ smallestUnit: "microsecond" }) of it';

const CODE = 4;

type Fields = [
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  microsecond: number,
  offset: number,
  fold: number,
  zone: string | null,
];

/** The bytes of extension 4 around one value. */
function extension(payload: unknown): Uint8Array {
  const encoder = new Encoder();
  encoder.reserve(3);
  encoder.value(payload, "payload");
  const bytes = encoder.take();
  bytes.set([0xc7, bytes.length - 3, CODE]);
  return bytes;
}

/** The array that is in the extension that a value is sent as. */
function fieldsOf(value: unknown): unknown {
  const encoder = new Encoder();
  encoder.value(value, "when");
  const bytes = encoder.take();
  const header = bytes[0] === 0xd8 ? 2 : 3;
  assertEquals(bytes[header - 1], CODE);
  return decode(bytes.subarray(header));
}

function refusedToSend(value: unknown, reason: string): void {
  const error = assertThrows(() => new Encoder().value({ t: value }, "locs"), EncodeError);
  assertEquals(error.message, `Cannot send locs.t: ${reason}`);
}

const zoned = (text: string) => Temporal.ZonedDateTime.from(text);

/** Each as Python has it, with what it is here, which goes back as the same. */
const BOTH_WAYS: [Fields, string][] = [
  [[2026, 1, 2, 3, 4, 5, 6, 0, 0, "UTC"], "2026-01-02T03:04:05.000006+00:00[UTC]"],
  [[2026, 1, 2, 3, 4, 5, 0, 7.2e9, 0, null], "2026-01-02T03:04:05+02:00[+02:00]"],
  [[2026, 1, 2, 3, 4, 5, 0, 0, 0, null], "2026-01-02T03:04:05+00:00[+00:00]"],
  [[2026, 1, 2, 3, 4, 5, 0, -12.6e9, 0, null], "2026-01-02T03:04:05-03:30[-03:30]"],
  [
    [2026, 7, 1, 12, 0, 0, 999999, 7.2e9, 0, "Europe/Berlin"],
    "2026-07-01T12:00:00.999999+02:00[Europe/Berlin]",
  ],
  // The clock shows half past two twice.
  [
    [2026, 10, 25, 2, 30, 0, 0, 7.2e9, 0, "Europe/Berlin"],
    "2026-10-25T02:30:00+02:00[Europe/Berlin]",
  ],
  [
    [2026, 10, 25, 2, 30, 0, 0, 3.6e9, 1, "Europe/Berlin"],
    "2026-10-25T02:30:00+01:00[Europe/Berlin]",
  ],
  [[1, 1, 1, 0, 0, 0, 0, 0, 0, "UTC"], "0001-01-01T00:00:00+00:00[UTC]"],
  [[1, 1, 1, 0, 0, 0, 0, 86_340e6, 0, null], "0001-01-01T00:00:00+23:59[+23:59]"],
  [[9999, 12, 31, 23, 59, 59, 999999, 0, 0, "UTC"], "9999-12-31T23:59:59.999999+00:00[UTC]"],
  [[9999, 12, 31, 23, 59, 59, 0, -86_340e6, 0, null], "9999-12-31T23:59:59-23:59[-23:59]"],
  [
    [2024, 2, 29, 0, 0, 0, 0, 19.8e9, 0, "Asia/Calcutta"],
    "2024-02-29T00:00:00+05:30[Asia/Calcutta]",
  ],
  // Before there was standard time the offset has seconds: both sides know the zone.
  [
    [1880, 1, 1, 0, 0, 0, 0, 3_208e6, 0, "Europe/Berlin"],
    "1880-01-01T00:00:00+00:53:28[Europe/Berlin]",
  ],
];

Deno.test("an aware datetime goes there and back with its zone, fold and microseconds", () => {
  for (const [fields, text] of BOTH_WAYS) {
    const value = zoned(text);
    assertEquals(fieldsOf(value), fields, text);
    const back = decode(extension(fields));
    assertInstanceOf(back, Temporal.ZonedDateTime);
    assert(back.equals(value), `${back} is not ${value}`);
  }
});

Deno.test("Date and Temporal.Instant go as aware datetimes in UTC", () => {
  const utc = [2026, 1, 2, 3, 4, 5, 678000, 0, 0, "UTC"];
  assertEquals(fieldsOf(new Date("2026-01-02T03:04:05.678Z")), utc);
  assertEquals(fieldsOf(new Date("2026-01-02T05:04:05.678+02:00")), utc);
  assertEquals(fieldsOf(Temporal.Instant.from("2026-01-02T03:04:05.678Z")), utc);
  assertEquals(fieldsOf(new Date(-1)), [1969, 12, 31, 23, 59, 59, 999000, 0, 0, "UTC"]);
  assertEquals(
    fieldsOf(Temporal.Instant.from("1969-12-31T23:59:59.999999Z")),
    [1969, 12, 31, 23, 59, 59, 999999, 0, 0, "UTC"],
  );
});

Deno.test("a point in time that Python has no datetime for is an EncodeError", () => {
  refusedToSend(new Date(NaN), "an invalid Date is no point in time");
  refusedToSend(new Date("0000-12-31T23:59:59Z"), "Python's years are 1 to 9999, got 0");
  refusedToSend(new Date("+010000-01-01T00:00:00Z"), "Python's years are 1 to 9999, got 10000");
  refusedToSend(
    Temporal.Instant.from("2026-01-02T03:04:05.000000001Z"),
    `Python counts no nanoseconds, and 2026-01-02T03:04:05.000000001Z is no whole microsecond${ROUND}`,
  );
  refusedToSend(
    zoned("2026-01-02T03:04:05.000000999+00:00[UTC]"),
    `Python counts no nanoseconds, and 2026-01-02T03:04:05.000000999Z is no whole microsecond${ROUND}`,
  );
  refusedToSend(
    zoned("2026-01-02T00:00:00+00:00[UTC]").withCalendar("hebrew"),
    "Python has no calendar hebrew, only iso8601",
  );
});

Deno.test("a datetime whose zone says something else here comes in its fixed offset", () => {
  const cases: [Fields, string][] = [
    // A zone that JavaScript does not know.
    [[2026, 1, 2, 3, 4, 5, 0, 3.6e9, 0, "Mars/Olympus"], "2026-01-02T03:04:05+01:00[+01:00]"],
    [[2026, 1, 2, 3, 4, 5, 0, 3.6e9, 0, ""], "2026-01-02T03:04:05+01:00[+01:00]"],
    // A zone with another offset at that time.
    [[2026, 1, 2, 3, 4, 5, 0, 7.2e9, 0, "Europe/Berlin"], "2026-01-02T03:04:05+02:00[+02:00]"],
    // A wall clock that this zone never shows: Python makes one without complaint.
    [[2026, 3, 29, 2, 30, 0, 0, 3.6e9, 0, "Europe/Berlin"], "2026-03-29T02:30:00+01:00[+01:00]"],
    [[2026, 3, 29, 2, 30, 0, 0, 7.2e9, 1, "Europe/Berlin"], "2026-03-29T02:30:00+02:00[+02:00]"],
    // A key that Temporal would read as a whole text with a zone in it.
    [
      [2026, 1, 2, 3, 4, 5, 0, 3.6e9, 0, "2026-01-01T00:00[Europe/Berlin]"],
      "2026-01-02T03:04:05+01:00[+01:00]",
    ],
  ];
  for (const [fields, text] of cases) {
    const value = decode(extension(fields));
    assertInstanceOf(value, Temporal.ZonedDateTime);
    assert(value.equals(zoned(text)), `${value} is not ${text}`);
  }
});

Deno.test("a datetime with an offset of no whole minutes and no zone is opaque", () => {
  const cases: [Fields, string][] = [
    [[2026, 1, 2, 3, 4, 5, 0, 3_208e6, 0, null], "2026-01-02T03:04:05+00:53:28"],
    [[2026, 1, 2, 3, 4, 5, 6, -1, 0, null], "2026-01-02T03:04:05.000006-00:00:00.000001"],
    [[1, 1, 1, 0, 0, 0, 0, 1_500_000, 0, "Nowhere"], "0001-01-01T00:00:00+00:00:01.500000"],
  ];
  for (const [fields, text] of cases) {
    const value = decode(extension(fields));
    assertInstanceOf(value, Opaque);
    assertEquals([value.type, value.repr], ["datetime.datetime", text]);
  }
});

Deno.test("a datetime extension that is none is a DecodeError", () => {
  const good: Fields = [2026, 1, 2, 3, 4, 5, 6, 0, 0, "UTC"];
  const wrong: unknown[] = [null, 1, {}, [], good.slice(1), [...good, null]];
  const put = (at: number, value: unknown) => wrong.push(good.with(at, value as number));
  for (const year of [0, 10000, -1, 1.5, "2026", null, 2n ** 60n]) put(0, year);
  for (const month of [0, 13, -1]) put(1, month);
  for (const day of [0, 32]) put(2, day);
  for (const hour of [24, -1]) put(3, hour);
  for (const at of [4, 5]) for (const value of [60, -1, 0.5]) put(at, value);
  for (const microsecond of [-1, 1_000_000]) put(6, microsecond);
  for (const offset of [86_400e6, -86_400e6, 0.5, null]) put(7, offset);
  for (const fold of [2, -1, true]) put(8, fold);
  for (const zone of [1, true, ["UTC"]]) put(9, zone);
  wrong.push([2026, 2, 29, 0, 0, 0, 0, 0, 0, null]);
  for (const payload of wrong) {
    assertThrows(() => decode(extension(payload)), DecodeError, "a datetime");
  }
});
