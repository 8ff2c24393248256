/** Naive datetimes, dates, times and timedeltas. What each is on the wire is in the golden vectors. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { decode, DecodeError } from "../../../src/values/decode.ts";
import { Encoder } from "../../../src/values/encode.ts";
import { EncodeError } from "../../../src/values/encode_error.ts";
import { show } from "./values_random.ts";

const ROUND = ': send .round({ smallestUnit: "microsecond" }) of it';

function encoded(value: unknown): Uint8Array<ArrayBuffer> {
  const encoder = new Encoder();
  encoder.value({ t: value }, "locs");
  return encoder.take();
}

function keeps(value: unknown): void {
  assertEquals(show(decode(encoded(value))), show({ t: value }));
}

function refusedToSend(value: unknown, reason: string): void {
  const error = assertThrows(() => encoded(value), EncodeError);
  assertEquals(error.message, `Cannot send locs.t: ${reason}`);
  assertEquals(error.path, "locs.t");
}

/** The bytes of an extension around one value. */
function extension(code: number, payload: unknown): Uint8Array {
  const encoder = new Encoder();
  encoder.reserve(3);
  encoder.value(payload, "payload");
  const bytes = encoder.take();
  bytes.set([0xc7, bytes.length - 3, code]);
  return bytes;
}

const { Duration, PlainDate, PlainDateTime, PlainTime } = Temporal;

Deno.test("naive datetimes, dates and times go there and back at both ends of their range", () => {
  for (const text of ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "2024-02-29T12:00"]) {
    keeps(PlainDateTime.from(text));
    keeps(PlainDate.from(text));
    keeps(PlainTime.from(text));
  }
});

Deno.test("a moment that Python has nothing for is an EncodeError", () => {
  for (const kind of [PlainDate, PlainDateTime]) {
    const late = kind.from("+010000-01-01");
    refusedToSend(late, "Python's years are 1 to 9999, got 10000");
    refusedToSend(kind.from("0000-12-31"), "Python's years are 1 to 9999, got 0");
    const hebrew = kind.from("2026-01-02").withCalendar("hebrew");
    refusedToSend(hebrew, "Python has no calendar hebrew, only iso8601");
  }
  for (
    const value of [
      PlainTime.from("01:02:03.000000001"),
      PlainDateTime.from("2026-01-02T03:04:05.999999999"),
    ]
  ) {
    refusedToSend(
      value,
      `Python counts no nanoseconds, and ${value} is no whole microsecond${ROUND}`,
    );
  }
});

Deno.test("a moment's extension that is none is a DecodeError", () => {
  const cases: [code: number, good: number[], wrong: [at: number, value: unknown][]][] = [
    [7, [2026, 1, 2, 3, 4, 5, 6, 1], [
      [0, 0],
      [0, 10000],
      [1, 13],
      [2, 32],
      [3, 24],
      [4, 60],
      [5, -1],
      [6, 1e6],
      [6, -1],
      [7, 2],
      [7, true],
    ]],
    [8, [2026, 2, 28], [[0, 0], [0, 10000], [1, 0], [2, 29], [2, 0.5], [2, "1"], [2, 2n ** 60n]]],
    [9, [3, 4, 5, 6, 1], [[0, 24], [1, 60], [2, 60], [3, 1e6], [3, -1], [4, 2], [4, null]]],
  ];
  for (const [code, good, wrong] of cases) {
    decode(extension(code, good));
    const payloads = [null, 1, {}, [], good.slice(1), [...good, 0]];
    for (const [at, value] of wrong) payloads.push(good.with(at, value as number));
    for (const payload of payloads) {
      assertThrows(() => decode(extension(code, payload)), DecodeError);
    }
  }
});

Deno.test("a timedelta comes in days and less, of one sign, exact over Python's whole range", () => {
  const cases = [
    "PT0S",
    "PT0.000001S",
    "-PT0.000001S",
    "P1DT1H1M1.001001S",
    "-P1DT1H1M1.001001S",
    "P999999999DT23H59M59.999999S",
    "-P999999999D",
    "-P999999998DT23H59M59.999999S",
    "P104DT6H28M12.036854S",
  ];
  for (const text of cases) {
    const value = Duration.from(text);
    const { t } = decode(encoded(value)) as { t: Temporal.Duration };
    assertEquals(t.toString(), text);
    for (const unit of ["years", "months", "weeks", "nanoseconds"] as const) {
      assertEquals(t[unit], 0);
    }
    // No -0 anywhere.
    assertEquals(Object.is(t.days, -0) || Object.is(t.microseconds, -0), false);
  }
});

Deno.test("a Duration goes as the microseconds that it has in all, whatever its units", () => {
  const same: [Temporal.DurationLike, string][] = [
    [{ weeks: 2, days: 1 }, "P15D"],
    [{ hours: 49 }, "P2DT1H"],
    [{ milliseconds: 86_400_000, microseconds: 1 }, "P1DT0.000001S"],
    [{ microseconds: 2 ** 60 }, "P13343998DT21H30M6.846976S"],
    [{ nanoseconds: 1_000_000 }, "PT0.001S"],
    [{ seconds: 999_999_999 * 86_400 }, "P999999999D"],
  ];
  for (const [like, text] of same) {
    const { t } = decode(encoded(Duration.from(like))) as { t: Temporal.Duration };
    assertEquals(t.toString(), text);
    const back = decode(encoded(Duration.from(like).negated())) as { t: Temporal.Duration };
    assertEquals(back.t.toString(), `-${text}`);
  }
});

Deno.test("a Duration that Python has nothing for is an EncodeError", () => {
  refusedToSend(Duration.from({ years: 1 }), "how long 1 years are depends on when they begin");
  refusedToSend(
    Duration.from({ months: -2, days: -1 }),
    "how long -2 months are depends on when they begin",
  );
  refusedToSend(
    Duration.from({ seconds: 1, nanoseconds: 1500 }),
    `Python counts no nanoseconds, and PT1.0000015S is no whole microsecond${ROUND}`,
  );
  refusedToSend(
    Duration.from({ days: 1_000_000_000 }),
    "Python's timedelta has at most 999999999 days, got P1000000000D",
  );
  refusedToSend(
    Duration.from({ days: -999_999_999, microseconds: -1 }),
    "Python's timedelta has at most 999999999 days, got -P999999999DT0.000001S",
  );
});

Deno.test("a timedelta's extension that is none is a DecodeError", () => {
  const refused = (hex: string) =>
    assertThrows(
      () => decode(Uint8Array.fromHex(hex.replaceAll(" ", ""))),
      DecodeError,
      "timedelta",
    );
  refused("c7 00 0a");
  refused("c7 09 0a 04 af 0a 76 3b b1 c0 00 00"); // one microsecond past the last
  refused("c7 09 0a fb 50 f5 89 d8 6c 17 5f ff"); // and before the first
  refused(`c7 ff 0a ${"7f".repeat(255)}`);
});

Deno.test("the hint of a moment with nanoseconds gives one that can be sent", () => {
  for (
    const value of [
      Temporal.ZonedDateTime.from("2026-01-02T03:04:05.123456789[Europe/Berlin]"),
      Temporal.PlainDateTime.from("2026-01-02T03:04:05.123456789"),
      Temporal.PlainTime.from("03:04:05.123456789"),
      Temporal.Duration.from("PT1.123456789S"),
      Temporal.Duration.from("P2WT1.123456789S"),
    ]
  ) {
    const { message } = assertThrows(() => encoded(value), EncodeError);
    const [hint, options] = /\.round\((.*)\)/.exec(message) ?? [];
    assert(hint !== undefined, message);
    const given = JSON.parse(options!.replaceAll(/(\w+):(?= ")/g, '"$1":'));
    assert(encoded((value as Temporal.Duration).round(given)).length > 0);
  }
});
