/**
 * How long do bytes take to Python and back?
 *
 * @module
 */
import { openScene } from "../common/scene.ts";
import { type Axis, bench, median, type Question, type Settings, type Sides } from "../rounds.ts";

const KB = 1_000;
const MB = 1_000_000;
const SIZES: [name: string, bytes: number, times: number][] = [
  ["1 KB", KB, 300],
  ["64 KB", 64 * KB, 100],
  ["1 MB", MB, 40],
  ["16 MB", 16 * MB, 5],
  ["64 MB", 64 * MB, 3],
];

/** Bytes in and out. */
export const bytes: Question = {
  title: "Bytes there and back",
  axes: SIZES.map(([name, size]): Axis => ({
    name: `${name} there and back`,
    unit: "ms",
    ...(size >= MB ? { budget: { of: "ratio", limit: 2 } } : {}),
  })),
  async open(settings: Settings): Promise<Sides> {
    const scene = await openScene(settings, 1);
    const [floor] = scene.floors;
    const [remote] = scene.remotes;
    const measure = async (
      call: (data: Uint8Array<ArrayBuffer>) => PromiseLike<Uint8Array>,
    ): Promise<number[]> => {
      const medians: number[] = [];
      for (const [, size, times] of SIZES) {
        const each: number[] = [];
        for (let i = 0; i < Math.max(2, times * settings.scale); i++) {
          const data = new Uint8Array(size).fill(i + 1);
          const start = performance.now();
          const back = await call(data);
          each.push(performance.now() - start);
          if (back.length !== size || back[size - 1] !== (i + 1) % 256) {
            throw new Error("other bytes came");
          }
        }
        medians.push(median(each));
      }
      return medians;
    };
    return {
      floor: () => measure((data) => floor!.echo(data)),
      product: () => measure((data) => remote!.eval<Uint8Array>("data", { locs: { data } })),
      [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
    };
  },
};

bench(bytes);
