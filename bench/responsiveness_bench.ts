/**
 * Does the main thread stay responsive while its sessions are saturated? How late a timer of the
 * main thread's fires, while four sessions stream lines, move 64 MB, or run small evals. The floor
 * is the same thread idle. Beside it stand the same work with the sessions' engines on the main
 * thread itself, and the bare chain of hops at the same work: on a machine with few cores, threads
 * that only wait for one are late as well.
 *
 * @module
 */
import { connect, type RemoteProcess } from "../mod.ts";
import { InlineWorker } from "./common/inline_worker.ts";
import { startProduct } from "./common/processes.ts";
import { Floor, type FloorSession } from "./floor/floor.ts";
import { type Axis, bench, quantile, type Question, type Settings, type Sides } from "./rounds.ts";

const SESSIONS = 4;
const IN_FLIGHT = 64;
const LARGE_BYTES = 64 * 1_000_000;
const LINES = 20_000;

/** How long each kind of work is watched. */
const WATCH_MS = 2_500;
/** The timer's period. */
const TICK_MS = 2;

/** One piece of work of a session, which is done again and again. */
interface Work {
  name: string;
  atOnce: number;
  product(remote: RemoteProcess): Promise<void>;
  floor(session: FloorSession): Promise<void>;
}

const WORK: Work[] = [
  {
    name: "lines",
    atOnce: 1,
    async product(remote) {
      const code = `for i in range(${LINES}): print(f"line {i} of what a program prints")`;
      for await (const _ of remote.eval(code).output());
    },
    async floor(session) {
      for await (const _ of session.print(LINES));
    },
  },
  {
    name: "64 MB transfers",
    atOnce: 1,
    // Made in Python: the copy of an argument is taken at the call, on the caller's own thread.
    async product(remote) {
      await remote.eval(`bytes(${LARGE_BYTES})`);
    },
    async floor(session) {
      await session.echo(new Uint8Array(LARGE_BYTES));
    },
  },
  {
    name: "small evals",
    atOnce: IN_FLIGHT,
    async product(remote) {
      await remote.eval("2 + 2");
    },
    async floor(session) {
      await session.eval("2 + 2");
    },
  },
];

/** The event loop's delay. */
export const responsiveness: Question = {
  title: "The main thread's event-loop delay while 4 sessions are saturated",
  axes: WORK.map(({ name }): Axis => ({
    name: `event-loop delay, p99: ${name}`,
    unit: "ms",
    floorIs: "idle",
    budget: { of: "value", limit: 5 },
  })),
  async open({ python, scale }: Settings): Promise<Sides> {
    const server = await startProduct(python, SESSIONS);
    const threaded = await openAll(server.addr);
    const { Worker } = globalThis;
    globalThis.Worker = InlineWorker as unknown as typeof Worker;
    const inline = await openAll(server.addr).finally(() => globalThis.Worker = Worker);
    const floor = await Floor.start(python, SESSIONS);
    const floors = await floor.openAll(SESSIONS);
    const ms = WATCH_MS * scale;
    const measure = async (remotes: RemoteProcess[]) => {
      const delays: number[] = [];
      for (const { product, atOnce } of WORK) {
        delays.push(await delay(ms, remotes, product, atOnce));
      }
      return delays;
    };
    return {
      floor: async () => {
        const idle = await delay(ms, [], () => Promise.resolve(), 1);
        return WORK.map(() => idle);
      },
      product: () => measure(threaded),
      others: {
        "without threads": () => measure(inline),
        "bare chain": async () => {
          const delays: number[] = [];
          for (const { floor, atOnce } of WORK) delays.push(await delay(ms, floors, floor, atOnce));
          return delays;
        },
      },
      async [Symbol.asyncDispose]() {
        await Promise.all([...threaded, ...inline].map((remote) => remote.close()));
        await Promise.all([floor[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
      },
    };
  },
};

function openAll(addr: string): Promise<RemoteProcess[]> {
  return Promise.all(Array.from({ length: SESSIONS }, () => connect(addr)));
}

/** The p99 of how late a timer fires while all sessions work. */
async function delay<S>(
  ms: number,
  sessions: S[],
  work: (session: S) => Promise<void>,
  atOnce: number,
): Promise<number> {
  const end = performance.now() + ms;
  const loop = async (session: S): Promise<void> => {
    while (performance.now() < end) await work(session);
  };
  const late: number[] = [];
  let due = performance.now() + TICK_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    late.push(now - due);
    due = now + TICK_MS;
  }, TICK_MS);
  const working = sessions.flatMap((session) =>
    Array.from({ length: atOnce }, () => loop(session))
  );
  await new Promise((resolve) => setTimeout(resolve, ms));
  await Promise.all(working);
  clearInterval(timer);
  return quantile(late, 0.99);
}

bench(responsiveness);
