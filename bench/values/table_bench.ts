/**
 * How long do a table and an array of numbers take to Python and back? The floor is what the codecs
 * take alone: ours to encode and decode in JavaScript, C msgpack to decode and encode in Python.
 *
 * @module
 */
import { decode } from "../../src/values/decode.ts";
import { Encoder } from "../../src/values/encode.ts";
import { openScene } from "../common/scene.ts";
import { type Axis, bench, median, type Question, type Settings, type Sides } from "../rounds.ts";

/** Ten thousand records as a database gives them. */
const RECORDS = Array.from({ length: 10_000 }, (_, i) => ({
  id: i,
  name: `user ${i}`,
  email: `user.${i}@example.com`,
  score: i / 7,
  active: i % 3 === 0,
  team: null,
}));
const NUMBERS = Array.from({ length: 100_000 }, (_, i) => i % 2 === 0 ? i * 37 : i / 3);

const VALUES: [name: string, value: unknown[], limit: number | undefined][] = [
  ["10,000 records there and back", RECORDS, 1.5],
  ["100,000 numbers there and back", NUMBERS, undefined],
];

const TIMES = 15;

/** Structured values. */
export const tables: Question = {
  title: "Tables and numbers there and back",
  axes: VALUES.map(([name, , limit]): Axis => ({
    name,
    unit: "ms",
    floorIs: "the codecs alone",
    ...(limit === undefined ? {} : { budget: { of: "ratio", limit } }),
  })),
  async open(settings: Settings): Promise<Sides> {
    const scene = await openScene(settings, 1);
    const [remote] = scene.remotes;
    const times = Math.max(3, TIMES * settings.scale);
    return {
      ...(settings.hasMsgpack ? { floor: () => codecs(settings.python, times) } : {}),
      product: async () => {
        const medians: number[] = [];
        for (const [, value] of VALUES) {
          const each: number[] = [];
          for (let i = 0; i < times; i++) {
            const start = performance.now();
            const back = await remote!.eval<unknown[]>("value", { locs: { value } });
            each.push(performance.now() - start);
            if (back.length !== value.length) throw new Error(`${back.length} elements came`);
          }
          medians.push(median(each));
        }
        return medians;
      },
      [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
    };
  },
};

/** The sum of the four codecs, for each value. */
async function codecs(python: string, times: number): Promise<number[]> {
  const sums: number[] = [];
  for (const [, value] of VALUES) {
    const encoder = new Encoder();
    const encoding: number[] = [];
    const decoding: number[] = [];
    let bytes = new Uint8Array(0);
    for (let i = 0; i < times; i++) {
      const start = performance.now();
      encoder.value(value, "value");
      bytes = encoder.take();
      const middle = performance.now();
      decode(bytes);
      encoding.push(middle - start);
      decoding.push(performance.now() - middle);
    }
    const inPython = await pythonCodec(python, bytes, times);
    sums.push(median(encoding) + median(decoding) + inPython);
  }
  return sums;
}

async function pythonCodec(python: string, bytes: Uint8Array, times: number): Promise<number> {
  const script = new URL("../floor/codec.py", import.meta.url).pathname;
  const child = new Deno.Command(python, {
    args: [script, `${times}`],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(bytes);
  await writer.close();
  const { stdout } = await child.output();
  const [decoding, encoding] = JSON.parse(new TextDecoder().decode(stdout));
  return decoding + encoding;
}

bench(tables);
