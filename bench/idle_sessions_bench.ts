/**
 * What do idle sessions cost the active one? `2 + 2` on a server with so many of them, beside a
 * server with none.
 *
 * @module
 */
import { connect, type RemoteProcess } from "../mod.ts";
import { idleClients, startProduct } from "./common/processes.ts";
import { type Axis, bench, median, type Question, type Settings, type Sides } from "./rounds.ts";

const COUNTS = [1, 10, 100, 1_000];
const EVALS = 1_000;

/** An active session among idle ones. */
export const idleSessions: Question = {
  title: "`2 + 2` while others are idle",
  axes: COUNTS.map((count): Axis => ({
    name: `\`2 + 2\` beside ${count.toLocaleString("en")} idle session${count > 1 ? "s" : ""}, p50`,
    unit: "µs",
    floorIs: "with none",
    ...(count === 1_000 ? { budget: { of: "ratio", limit: 1.2 } } : {}),
  })),
  async open({ python, scale }: Settings): Promise<Sides> {
    const servers = await Promise.all([0, ...COUNTS].map(() => startProduct(python, 1)));
    const idle = await Promise.all(
      COUNTS.map((count, i) => idleClients(servers[i + 1]!.addr, count)),
    );
    const remotes = await Promise.all(servers.map(({ addr }) => connect(addr)));
    const count = EVALS * scale;
    return {
      floor: async () => {
        const p50 = await lone(remotes[0]!, count);
        return COUNTS.map(() => p50);
      },
      product: async () => {
        const all: number[] = [];
        for (const remote of remotes.slice(1)) all.push(await lone(remote, count));
        return all;
      },
      async [Symbol.asyncDispose]() {
        await Promise.all(remotes.map((remote) => remote.close()));
        await Promise.all(idle.map((clients) => clients.stop()));
        await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
      },
    };
  },
};

/** Microseconds of an eval, one at a time. */
async function lone(remote: RemoteProcess, count: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count / 5; i++) await remote.eval("2 + 2");
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await remote.eval("2 + 2");
    times.push((performance.now() - start) * 1_000);
  }
  return median(times);
}

bench(idleSessions);
