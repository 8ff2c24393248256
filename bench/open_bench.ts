/**
 * How long does a session take to open on a running server? The floor is the start of a Web Worker
 * that does nothing.
 *
 * @module
 */
import { connect } from "../mod.ts";
import { startProduct, startWorker } from "./common/processes.ts";
import { bench, median, type Question, type Settings, type Sides } from "./rounds.ts";

const SESSIONS = 20;

/** The opening. */
export const opening: Question = {
  title: "Session open on a running server",
  axes: [{
    name: "session open",
    unit: "ms",
    floorIs: "a bare Web Worker's start",
    budget: { of: "ratio", limit: 1.5 },
  }],
  async open({ python, scale }: Settings): Promise<Sides> {
    const server = await startProduct(python, 1);
    const count = SESSIONS * scale;
    return {
      floor: () => each(count, startWorker),
      product: () =>
        each(count, async () => {
          const remote = await connect(server.addr);
          return () => remote.close();
        }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

/** The median milliseconds of an opening; what is opened is closed before the next one. */
async function each(count: number, open: () => Promise<() => unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const close = await open();
    times.push(performance.now() - start);
    await close();
  }
  return [median(times)];
}

bench(opening);
