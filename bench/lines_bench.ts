/**
 * How many printed lines a second reach a caller who reads them one by one? The floor prints block
 * buffered, as Python does into a pipe; the product's lines are live.
 *
 * @module
 */
import { openScene } from "./common/scene.ts";
import { bench, type Question, type Settings, type Sides } from "./rounds.ts";

const LINES = 400_000;

/** Live output. */
export const lines: Question = {
  title: "Printed lines a second, to the caller",
  axes: [
    { name: "printed lines, 1 session", unit: "/s", budget: { of: "ratio", limit: 0.4 } },
  ],
  async open(settings: Settings): Promise<Sides> {
    const scene = await openScene(settings, 1);
    const [floor] = scene.floors;
    const [remote] = scene.remotes;
    const count = LINES * settings.scale;
    const code = `for i in range(${count}): print(f"line {i} of what a program prints")`;
    return {
      floor: () => rate(count, floor!.print(count)),
      product: () => rate(count, remote!.eval(code).output()),
      [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
    };
  },
};

async function rate(count: number, lines: AsyncIterable<unknown>): Promise<number[]> {
  const start = performance.now();
  let read = 0;
  for await (const _ of lines) read++;
  if (read !== count) throw new Error(`${read} of ${count} lines came`);
  return [count / (performance.now() - start) * 1_000];
}

bench(lines);
