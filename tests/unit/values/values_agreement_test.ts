import * as judge from "@msgpack/msgpack";
import { assertEquals, assertThrows } from "@std/assert";
import * as std from "@std/msgpack";
import { decode, DecodeError } from "../../../src/values/decode.ts";
import { Encoder } from "../../../src/values/encode.ts";
import { EncodeError } from "../../../src/values/encode_error.ts";
import { PythonScalar, type PythonScalarType } from "../../../src/values/types.ts";
import { RandomValues, seeded, show } from "./values_random.ts";

const SEED = 20260102;

/** A second implementation of the extensions, on @msgpack/msgpack and nothing of ours. */
const codec = new judge.ExtensionCodec();
const second = {
  encode: (value: unknown) => judge.encode(value, { extensionCodec: codec }),
  decode: (bytes: Uint8Array) => judge.decode(bytes, { extensionCodec: codec, useBigInt64: true }),
};

/** An integer as bytes, a byte at a time. */
function toBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.unshift(Number(rest & 0xffn));
    rest >>= 8n;
  } while (!(rest === 0n && bytes[0]! < 0x80) && !(rest === -1n && bytes[0]! >= 0x80));
  return Uint8Array.from(bytes);
}

function fromBytes(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte, i) => sum * 256n + BigInt(i === 0 ? byte << 24 >> 24 : byte), 0n);
}

codec.register({
  type: 1,
  encode: (value: unknown) => typeof value === "bigint" ? toBytes(value) : null,
  decode: fromBytes,
});
codec.register({
  type: 2,
  encode: (value: unknown) => value instanceof Map ? second.encode([...value].flat(1)) : null,
  decode(bytes: Uint8Array): unknown {
    const pairs = second.decode(bytes) as unknown[];
    return new Map(pairs.flatMap((key, i) => i % 2 === 0 ? [[key, pairs[i + 1]]] : []));
  },
});
codec.register({
  type: 3,
  encode: (value: unknown) => value instanceof Set ? second.encode([...value]) : null,
  decode: (bytes: Uint8Array) => new Set(second.decode(bytes) as unknown[]),
});
codec.register({
  type: 4,
  encode(value: unknown): Uint8Array | null {
    if (!(value instanceof Temporal.ZonedDateTime)) return null;
    const [year, month, day, hour, minute, second_, us] = value.toString({
      smallestUnit: "microsecond",
    }).match(/\d+/g)!.map(Number);
    const offset = value.offsetNanoseconds / 1000;
    const zone = value.timeZoneId === "UTC" ? "UTC" : null;
    return second.encode([year, month, day, hour, minute, second_, us, offset, 0, zone]);
  },
  decode(bytes: Uint8Array): Temporal.ZonedDateTime {
    const fields = second.decode(bytes) as unknown[];
    const [year, month, day, hour, minute, second_, us, offset] = fields.map(Number);
    const ms = Date.UTC(year!, month! - 1, day, hour, minute, second_) - offset! / 1000;
    const sign = offset! < 0 ? "-" : "+";
    const size = Math.abs(offset!) / 60e6;
    const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
    return new Temporal.ZonedDateTime(
      BigInt(ms) * 1_000_000n + BigInt(us!) * 1000n,
      fields[9] === "UTC" ? "UTC" : `${sign}${two(size / 60)}:${two(size % 60)}`,
    );
  },
});

/** Integers of a moment's text, its seconds taken apart; and back. */
function numbers(text: string): number[] {
  return text.match(/\d+/g)!.map(Number);
}
const two = (value: unknown) => String(value).padStart(2, "0");
const clock = ([hour, minute, second_, us]: unknown[]) =>
  `${two(hour)}:${two(minute)}:${two(second_)}.${String(us).padStart(6, "0")}`;
const date = ([year, month, day]: unknown[]) =>
  `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
const precise = { smallestUnit: "microsecond" } as const;

/** Registers a type whose payload is one array. */
function registerArray<T>(
  type: number,
  // deno-lint-ignore no-explicit-any
  kind: abstract new (...args: any) => T,
  take: (value: T) => unknown[],
  make: (fields: unknown[]) => T,
): void {
  codec.register({
    type,
    encode: (value: unknown) => value instanceof kind ? second.encode(take(value)) : null,
    decode: (bytes: Uint8Array) => make(second.decode(bytes) as unknown[]),
  });
}
registerArray(
  7,
  Temporal.PlainDateTime,
  (value) => [...numbers(value.toString(precise)), 0],
  (fields) => Temporal.PlainDateTime.from(`${date(fields)}T${clock(fields.slice(3))}`),
);
registerArray(
  8,
  Temporal.PlainDate,
  (value) => numbers(value.toString()),
  (fields) => Temporal.PlainDate.from(date(fields)),
);
registerArray(
  9,
  Temporal.PlainTime,
  (value) => [...numbers(value.toString(precise)), 0],
  (fields) => Temporal.PlainTime.from(clock(fields)),
);
registerArray(
  11,
  PythonScalar,
  (value) => [value.type, value.text],
  ([type, text]) => new PythonScalar(type as PythonScalarType, text as string),
);
codec.register({
  type: 10,
  encode(value: unknown): Uint8Array | null {
    if (!(value instanceof Temporal.Duration)) return null;
    // Whole seconds are exact as a number, and so are the microseconds in one.
    const whole = value.round({ smallestUnit: "seconds", roundingMode: "trunc" });
    const seconds = BigInt(whole.total("seconds"));
    const us = seconds * 1_000_000n + BigInt(value.milliseconds * 1000 + value.microseconds);
    return toBytes(us);
  },
  decode(bytes: Uint8Array): Temporal.Duration {
    const us = fromBytes(bytes);
    return Temporal.Duration.from({
      seconds: Number(us / 1_000_000n),
      microseconds: Number(us % 1_000_000n),
    }).round({ largestUnit: "days" });
  },
});

const encoder = new Encoder();

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  encoder.reset();
  encoder.value(value, "value");
  return encoder.take();
}

Deno.test(`10,000 plain values are the same bytes as the libraries', both ways (seed ${SEED})`, () => {
  const random = new RandomValues(SEED, false);
  for (let i = 0; i < 10_000; i++) {
    const value = random.value();
    const bytes = encode(value);
    const shown = show(value);
    assertEquals(bytes.toHex(), judge.encode(value).toHex(), shown);
    assertEquals(show(judge.decode(bytes)), shown);
    assertEquals(show(std.decode(bytes)), shown);
    assertEquals(show(decode(bytes)), shown);
    assertEquals(show(decode(std.encode(value as std.ValueType))), shown);
  }
});

Deno.test(`10,000 values of all types come back from a second implementation (seed ${SEED})`, () => {
  const random = new RandomValues(SEED + 1, true);
  for (let i = 0; i < 10_000; i++) {
    const value = random.value();
    const shown = show(value);
    const bytes = encode(value);
    assertEquals(show(second.decode(bytes)), shown);
    assertEquals(show(decode(bytes)), shown);
    assertEquals(show(decode(second.encode(value))), shown);
    assertEquals(encode(decode(bytes)).toHex(), bytes.toHex(), shown);
  }
});

Deno.test(`20,000 damaged messages are values or DecodeErrors, nothing else (seed ${SEED})`, () => {
  const random = new RandomValues(SEED + 2, true);
  const roll = seeded(SEED + 3);
  const below = (limit: number) => Math.floor(roll() * limit);
  let values = 0;
  for (let i = 0; i < 20_000; i++) {
    let bytes = encode(random.value());
    for (let hits = 1 + below(3); hits > 0; hits--) {
      const at = below(bytes.length);
      switch (below(4)) {
        case 0:
          bytes[at] = below(256);
          break;
        case 1:
          bytes[at]! ^= 1 << below(8);
          break;
        case 2:
          bytes = bytes.slice(0, at);
          break;
        default:
          bytes = Uint8Array.from([...bytes.subarray(0, at), below(256), ...bytes.subarray(at)]);
      }
    }
    try {
      const value = decode(bytes);
      values++;
      // What is read can be sent, and is then the same: nothing in it is half a value.
      assertEquals(show(decode(encode(value))), show(value));
    } catch (error) {
      const opaque = error instanceof EncodeError && error.valueType === "Opaque";
      if (!opaque && !(error instanceof DecodeError)) throw error;
    }
  }
  // Both happen often, or the test tests nothing.
  assertEquals(values > 2_000 && values < 18_000, true, `${values} were values`);
  assertEquals(decode(encode([1, "a"])), [1, "a"]);
});

Deno.test(`20,000 runs of random bytes are values or DecodeErrors (seed ${SEED})`, () => {
  const roll = seeded(SEED + 4);
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: 1 + roll() * 60 }, () => roll() * 256);
    try {
      decode(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
});

Deno.test("our codec keeps what the libraries lose", () => {
  const keeps = (value: unknown) => assertEquals(show(decode(encode(value))), show(value));
  keeps(-0);
  keeps(2n ** 53n + 1n);
  keeps(`\ufeff${"x".repeat(1000)}`);
  keeps(JSON.parse('{"__proto__": {"a": 1}}'));
  assertThrows(() => encode("\ud800"));
});
