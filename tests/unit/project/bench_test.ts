// The benchmarks' own arithmetic, and that the floor is a chain which really carries things.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chart } from "../../../bench/chart.ts";
import { findPython } from "../../../bench/common/processes.ts";
import { Floor } from "../../../bench/floor/floor.ts";
import { answer, type Axis, median, quantile, table } from "../../../bench/rounds.ts";

const SETTINGS = { python: "python3", hasMsgpack: false, scale: 1, rounds: 3 };

/** Answers a question whose sides give these numbers, round by round. */
function ask(axis: Axis, floor: number[] | undefined, product: number[]) {
  const next = (numbers: number[]) => {
    const left = [...numbers];
    return () => Promise.resolve([left.shift()!]);
  };
  return answer({
    title: "a question",
    axes: [axis],
    open: () =>
      Promise.resolve({
        ...(floor === undefined ? {} : { floor: next(floor) }),
        product: next(product),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  }, SETTINGS);
}

Deno.test("answer() gives the median of the ratios, not the ratio of the medians", async () => {
  const axis: Axis = { name: "time", unit: "ms", budget: { of: "ratio", limit: 1.5 } };
  const [row] = await ask(axis, [10, 20, 100], [30, 22, 110]);
  assertEquals([row?.floor, row?.product, row?.ratio, row?.isMet], [20, 30, 1.1, true]);
});

Deno.test("table() says by how much a budget is missed, more being better for rates", async () => {
  const time: Axis = { name: "time", unit: "ms", budget: { of: "value", limit: 5 } };
  const rate: Axis = { name: "rate", unit: "/s", budget: { of: "ratio", limit: 0.75 } };
  const rows = [
    ...await ask(time, [1, 1, 1], [10, 10, 10]),
    ...await ask(rate, [8, 8, 8], [2, 2, 2]),
  ];
  const [, , slow, few] = table(rows).split("\n");
  assertEquals(
    slow,
    "| time | 1.00 ms | 10.0 ms | 10.00 | ≤ 5.00 ms | missed by a factor of 2.00 |",
  );
  assertEquals(
    few,
    "| rate | 8.00 /s | 2.00 /s | 0.25 | ≥ 0.75 × the floor | missed by a factor of 3.00 |",
  );
});

Deno.test("table() and chart() tell of an axis whose floor cannot be measured here", async () => {
  const time: Axis = { name: "time", unit: "ms", budget: { of: "ratio", limit: 1.2 } };
  const rate: Axis = { name: "rate", unit: "/s", budget: { of: "value", limit: 4 } };
  const rows = [...await ask(time, undefined, [3, 3, 3]), ...await ask(rate, undefined, [8, 8, 8])];
  assertEquals(rows.map(({ isMet }) => isMet), [undefined, true]);
  const [, , ...lines] = table(rows).split("\n");
  assertEquals(lines, [
    "| time | – | 3.00 ms | – | ≤ 1.2 × the floor | no floor here |",
    "| rate | – | 8.00 /s | – | ≥ 4.00 /s | met |",
  ]);
  const picture = chart(rows, [], "here");
  assertStringIncludes(picture, "no floor here (≤ 1.2 × the floor)");
  assertStringIncludes(picture, "8.00 /s (≥ 4.00 /s)");
  assert(!/NaN|undefined/.test(picture), picture);
});

Deno.test("median() and quantile() take numbers in any order", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(quantile([100, ...Array(99).keys()], 0.99), 100);
});

Deno.test("Floor carries bytes of any size, values and lines there and back", async () => {
  const { executable } = await findPython();
  await using floor = await Floor.start(executable, 1);
  const session = await floor.open();
  const pattern = (size: number) => Uint8Array.from({ length: size }, (_, i) => i * 7);
  for (const size of [0, 1, 20_000, 262_144, 3_000_000]) {
    assertEquals(await session.echo(pattern(size)), pattern(size));
  }
  const many = await Promise.all(Array.from({ length: 2_000 }, (_, i) => session.eval(`${i} + 1`)));
  assertEquals(
    many.map((body) => Number(new TextDecoder().decode(body))),
    many.map((_, i) => i + 1),
  );
  const lines: string[] = [];
  for await (const line of session.print(5_000)) lines.push(line);
  assertEquals(
    lines,
    Array.from({ length: 5_000 }, (_, i) => `line ${i} of what a program prints`),
  );
});
