/**
 * How long is one `2 + 2` under way, when nothing else is?
 *
 * @module
 */
import { openScene } from "./common/scene.ts";
import { bench, type Question, type Settings, type Sides, times } from "./rounds.ts";

/** One at a time. */
export const roundTrip: Question = {
  title: "Round trip of `2 + 2`, one at a time",
  axes: [
    { name: "`2 + 2`, p50", unit: "µs", budget: { of: "ratio", limit: 1.5 } },
    { name: "`2 + 2`, p99", unit: "µs" },
    {
      name: "`2 + 2`, p99",
      unit: "µs",
      floorIs: "the product's own p50",
      budget: { of: "ratio", limit: 4 },
    },
  ],
  async open(settings: Settings): Promise<Sides> {
    const scene = await openScene(settings, 1);
    const [floor] = scene.floors;
    const [remote] = scene.remotes;
    const count = 3_000 * settings.scale;
    let own = Number.NaN;
    const code = new TextEncoder().encode("2 + 2");
    return {
      floor: async () => {
        const [p50, p99] = await times(count, () => floor!.echo(code));
        return [p50, p99, own];
      },
      product: async () => {
        const [p50, p99] = await times(count, () => remote!.eval("2 + 2"));
        own = p50;
        return [p50, p99, p99];
      },
      others: {
        "floor with compile and eval": async () => {
          const [p50, p99] = await times(count, () => floor!.eval("2 + 2"));
          return [p50, p99, p99];
        },
      },
      [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
    };
  },
};

bench(roundTrip);
