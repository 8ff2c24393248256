/**
 * How long from nothing to the first value: server, python process, session and one eval? The floor
 * starts its own chain of the same processes.
 *
 * @module
 */
import { connect } from "../mod.ts";
import { startProduct } from "./common/processes.ts";
import { Floor } from "./floor/floor.ts";
import { bench, median, type Question, type Settings, type Sides } from "./rounds.ts";

const STARTS = 5;

/** The cold start. */
export const coldStart: Question = {
  title: "Cold start: server, python, session, first value",
  axes: [{ name: "whole cold start", unit: "ms", budget: { of: "value", limit: 250 } }],
  open({ python, scale }: Settings): Promise<Sides> {
    const count = Math.max(2, STARTS * scale);
    return Promise.resolve({
      floor: () =>
        each(count, async () => {
          const floor = await Floor.start(python, 1);
          const session = await floor.open();
          await session.eval("2 + 2");
          return () => floor[Symbol.asyncDispose]();
        }),
      product: () =>
        each(count, async () => {
          const server = await startProduct(python, 1);
          const remote = await connect(server.addr);
          await remote.eval("2 + 2");
          return async () => {
            await remote.close();
            await server[Symbol.asyncDispose]();
          };
        }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
};

async function each(count: number, start: () => Promise<() => Promise<void>>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const begun = performance.now();
    const stop = await start();
    times.push(performance.now() - begun);
    await stop();
  }
  return [median(times)];
}

bench(coldStart);
