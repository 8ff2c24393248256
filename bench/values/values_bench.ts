/**
 * Is our value codec as fast as the libraries that judge it? Ours beside @msgpack/msgpack with a
 * kept Encoder and Decoder, and beside @std/msgpack, on the same values in the same run.
 *
 *     deno bench --allow-all bench/values/values_bench.ts
 *
 * `codec` asks the same for the report, without @std/msgpack, which is many times slower.
 *
 * @module
 */
import * as judge from "@msgpack/msgpack";
import * as std from "@std/msgpack";
import { decode } from "../../src/values/decode.ts";
import { Encoder } from "../../src/values/encode.ts";
import { type Axis, median, type Question, type Settings, type Sides } from "../rounds.ts";

const VALUES: Record<string, std.ValueType> = {
  "small request": [
    { x: 1, y: 2.5, name: "hello world", tags: ["a", "b"], deep: { on: true } },
    null,
  ],
  "table of 10,000 records": Array.from({ length: 10_000 }, (_, i) => ({
    id: i,
    name: `user ${i}`,
    email: `user.${i}@example.com`,
    score: i / 7,
    active: i % 3 === 0,
    team: null,
  })),
  "100,000 numbers": Array.from({ length: 100_000 }, (_, i) => i % 2 === 0 ? i * 37 : i / 3),
  "1 MB bytes": { data: new Uint8Array(1_000_000).fill(7) },
  "10,000 short strings": Array.from(
    { length: 10_000 },
    (_, i) => i % 4 === 0 ? `grüße aus Köln ${i}` : `a line of text, number ${i}`,
  ),
};

/** Without handing the bytes out: the codec alone, since an ArrayBuffer costs more than a request. */
{
  const value = VALUES["small request"]!;
  const ours = new Encoder();
  const theirs = new judge.Encoder();
  const group = "encode small request into the kept buffer";
  Deno.bench("ours", { group, baseline: true }, () => {
    ours.reset();
    ours.value(value, "value");
    ours.bytes();
  });
  Deno.bench("@msgpack/msgpack", { group }, () => {
    theirs.encodeSharedRef(value);
  });
}

for (const [group, value] of Object.entries(VALUES)) {
  const ours = new Encoder();
  const theirs = new judge.Encoder();
  const bytes = theirs.encode(value);
  const theirDecoder = new judge.Decoder();

  Deno.bench("ours", { group: `encode ${group}`, baseline: true }, () => {
    ours.reset();
    ours.value(value, "value");
    ours.take();
  });
  Deno.bench("@msgpack/msgpack", { group: `encode ${group}` }, () => {
    theirs.encode(value);
  });
  Deno.bench("@std/msgpack", { group: `encode ${group}` }, () => {
    std.encode(value);
  });

  Deno.bench("ours", { group: `decode ${group}`, baseline: true }, () => {
    decode(bytes);
  });
  Deno.bench("@msgpack/msgpack", { group: `decode ${group}` }, () => {
    theirDecoder.decode(bytes);
  });
  Deno.bench("@std/msgpack", { group: `decode ${group}` }, () => {
    std.decode(bytes);
  });
}

/** Enough of a value to be measured: about 20 ms. */
const TIMES: Record<string, number> = {
  "small request": 20_000,
  "table of 10,000 records": 5,
  "100,000 numbers": 15,
  "1 MB bytes": 50,
  "10,000 short strings": 15,
};

const BATCHES = 5;

/** Our codec beside the best of the others. */
export const codec: Question = {
  title: "The value codec alone (floor: @msgpack/msgpack with a kept Encoder and Decoder)",
  axes: Object.keys(VALUES).flatMap((name) =>
    ["encode", "decode"].map((what): Axis => ({
      name: `codec: ${what} ${name}`,
      unit: "µs",
      budget: { of: "ratio", limit: 1 },
    }))
  ),
  open({ scale }: Settings): Promise<Sides> {
    const ours = new Encoder();
    const theirs = new judge.Encoder();
    const theirDecoder = new judge.Decoder();
    // A message that is large leaves in a buffer of its own; small ones stay together in the kept one.
    const encodings = {
      ours: (value: unknown, isLarge: boolean) => {
        ours.reset();
        ours.value(value, "value");
        return isLarge ? ours.take() : ours.bytes();
      },
      theirs: (value: unknown, isLarge: boolean) =>
        isLarge ? theirs.encode(value) : theirs.encodeSharedRef(value),
    };
    const measure = (
      encode: (value: unknown, isLarge: boolean) => unknown,
      decode: (bytes: Uint8Array<ArrayBuffer>) => unknown,
    ): Promise<number[]> => {
      const numbers: number[] = [];
      for (const [name, value] of Object.entries(VALUES)) {
        const bytes = theirs.encode(value);
        const isLarge = bytes.length > 1_000;
        const times = Math.max(3, TIMES[name]! * scale);
        numbers.push(each(times, () => encode(value, isLarge)), each(times, () => decode(bytes)));
      }
      return Promise.resolve(numbers);
    };
    return Promise.resolve({
      floor: () => measure(encodings.theirs, (bytes) => theirDecoder.decode(bytes)),
      product: () => measure(encodings.ours, decode),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
};

/** Microseconds of one call: the median of some batches, as another program may get the core. */
function each(times: number, call: () => unknown): number {
  const batch = Math.ceil(times / BATCHES);
  const batches: number[] = [];
  // The first ones find code that is not compiled yet.
  for (let i = -BATCHES; i < BATCHES; i++) {
    const start = performance.now();
    for (let j = 0; j < batch; j++) call();
    if (i >= 0) batches.push((performance.now() - start) * 1_000 / batch);
  }
  return median(batches);
}
