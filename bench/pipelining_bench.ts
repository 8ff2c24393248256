/**
 * How many awaited evals a second, with many under way at a time? The floor compiles and evaluates
 * each of them as well.
 *
 * @module
 */
import { type Axis, bench, type Question, type Settings, type Sides } from "./rounds.ts";
import { openScene } from "./scene.ts";

const SESSIONS = [1, 4];
const IN_FLIGHT = [1, 64, 1_000];

/** Evals of one measurement; fewer where each waits for the one before. */
const EVALS = 60_000;
const LONE_EVALS = 4_000;

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
        const count = (inFlight === 1 ? LONE_EVALS : EVALS) * settings.scale;
        rates.push(await rate(count, inFlight, (i) => call(i % sessions)));
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
  count: number,
  inFlight: number,
  call: (loop: number) => PromiseLike<unknown>,
): Promise<number> {
  let left = count;
  const loop = async (_: unknown, i: number): Promise<void> => {
    while (left-- > 0) await call(i);
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, loop));
  return count / (performance.now() - start) * 1_000;
}

bench(pipelining);
