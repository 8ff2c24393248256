/**
 * How many awaited evals a second, with many under way at a time? The floor compiles and evaluates
 * each of them as well.
 *
 * @module
 */
import { openScene } from "./common/scene.ts";
import { type Axis, bench, type Question, type Settings, type Sides } from "./rounds.ts";

const SESSIONS = [1, 4];
const IN_FLIGHT = [1, 64, 1_000];

/** How long each case is measured. */
const CASE_MS = 1_000;

const cases = SESSIONS.flatMap((sessions) => IN_FLIGHT.map((inFlight) => ({ sessions, inFlight })));

/** Many at a time. */
export const pipelining: Question = {
  title: "Awaited evals a second (floor: with compile and eval)",
  axes: cases.map(({ sessions, inFlight }): Axis => ({
    name: `${inFlight.toLocaleString("en")} in flight, ${sessions} session${
      sessions > 1 ? "s" : ""
    }`,
    unit: "/s",
    ...(inFlight > 1 ? { budget: { of: "ratio", limit: 0.75 } } : {}),
  })),
  async open(settings: Settings): Promise<Sides> {
    const scene = await openScene(settings, Math.max(...SESSIONS));
    const { floors, remotes } = scene;
    const measure = async (call: (session: number) => PromiseLike<unknown>): Promise<number[]> => {
      const rates: number[] = [];
      for (const { sessions, inFlight } of cases) {
        rates.push(await rate(CASE_MS * settings.scale, inFlight, (i) => call(i % sessions)));
      }
      return rates;
    };
    return {
      floor: () => measure((session) => floors[session]!.eval("2 + 2")),
      product: () => measure((session) => remotes[session]!.eval("2 + 2")),
      [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
    };
  },
};

/** Calls a second, `inFlight` at a time: as many loops that each await their own. */
async function rate(
  ms: number,
  inFlight: number,
  call: (loop: number) => PromiseLike<unknown>,
): Promise<number> {
  let count = 0;
  const start = performance.now();
  const loop = async (_: unknown, i: number): Promise<void> => {
    for (; performance.now() - start < ms; count++) await call(i);
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return count / (performance.now() - start) * 1_000;
}

bench(pipelining);
