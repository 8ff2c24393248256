// Promise 18: hours of evals, deaths, cancels and churn leave memory flat on client, server and the
// oldest python process.
import { assert, assertEquals, assertLess } from "@std/assert";
import { clientProgram, residentBytes, ServerProgram } from "../programs.ts";
import { count, mib, report, seed } from "./scale.ts";

/** Promised, where the soak is long enough to tell a slope from noise. */
const SLOPE_BYTES_PER_10_MIN = 1024 * 1024;
const TELLING_SECONDS = 600;
/** Before that it is only seen that nothing runs away. */
const GROWTH_BYTES = 48 * 1024 * 1024;

const CLIENT = `
let state = ${seed} >>> 0;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const done = { evals: 0, deaths: 0, cancels: 0, sessions: 0, lines: 0, errors: 0 };
const expect = (condition, what) => { if (!condition) { done.errors++; console.error(what); } };

/** The process that must not be killed: its session is the first one. */
const steady = await client.connect(addr);
say(await steady.eval("__import__('os').getpid()"));
let victim = await client.connect(addr);

async function round(i) {
  const kind = random();
  if (kind < 0.5) {
    const futures = Array.from({ length: 20 }, (_, j) => steady.eval("i + j", { locs: { i, j } }));
    for (const [j, future] of futures.entries()) expect(await future === i + j, "a wrong value");
    done.evals += 20;
  } else if (kind < 0.7) {
    const future = steady.eval("for k in range(100): print(i, k)", { locs: { i } });
    let lines = 0;
    for await (const _ of future.output()) lines++;
    expect(lines === 100, "a wrong count of lines");
    done.lines += lines;
    done.evals++;
  } else if (kind < 0.8) {
    const future = steady.eval("print('x' * 10_000)"); // which nobody reads
    await future;
    done.evals++;
  } else if (kind < 0.9) {
    const future = steady.eval("while True: pass");
    const behind = steady.eval("1");
    await new Promise((resolve) => setTimeout(resolve, random() * 10));
    future.cancel();
    expect((await future.waitNoExcept()).error instanceof client.CancelledError, "no cancel");
    expect(await behind === 1, "a wrong value behind a cancel");
    done.cancels++;
  } else if (kind < 0.95) {
    const outcome = await victim.eval("import os; os._exit(1)").waitNoExcept();
    expect(outcome.error instanceof client.RemoteProcessDiedError, "no death");
    done.deaths++;
  } else {
    await victim.close();
    victim = await client.connect(addr);
    done.sessions++;
  }
}

let running = true;
heard().then(() => running = false);
for (let i = 0; running; i++) await round(i);
await Promise.all([steady.close(), victim.close()]);
say(done);`;

Deno.test("a soak of evals, deaths, cancels and churn leaves memory flat", async () => {
  const seconds = count("soakSeconds");
  await using server = await ServerProgram.start(2);
  await using client = clientProgram(server.addr, CLIENT);
  const python = await client.next<number>();
  const pids = { client: client.pid, server: server.pid, python };
  const samples: Record<keyof typeof pids, [number, number][]> = {
    client: [],
    server: [],
    python: [],
  };
  // The first fifth is for heaps and caches to fill.
  const start = performance.now() + seconds * 200;
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const at = performance.now() - start;
    if (at < 0) continue;
    for (const name of ["client", "server", "python"] as const) {
      samples[name].push([at, residentBytes(pids[name])]);
    }
  }
  await client.tell("enough");
  const { errors, ...done } = await client.next<Record<string, number>>();
  assertEquals(errors, 0);
  assertEquals((await client.status).code, 0);
  const { sessions, connections, evals, processes } = await server.stats();
  assertEquals([sessions, connections, evals], [0, 0, 0]);
  assert(processes.some(({ pid }) => pid === python), "the oldest process has been replaced");
  const reached: Record<string, number | string> = { seconds, ...done };
  for (const [name, points] of Object.entries(samples)) {
    const slope = slopeOf(points) * 600_000;
    const growth = Math.max(...points.map(([, bytes]) => bytes)) - points[0]![1];
    reached[name] = `${mib(slope)} in 10 min, ${mib(points.at(-1)![1])} at the end`;
    if (seconds >= TELLING_SECONDS) assertLess(slope, SLOPE_BYTES_PER_10_MIN, name);
    else assertLess(growth, GROWTH_BYTES, name);
  }
  report(import.meta.url, reached);
});

/** Bytes a millisecond, by least squares. */
function slopeOf(points: [number, number][]): number {
  const mean = (i: 0 | 1) => points.reduce((sum, point) => sum + point[i], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  let [above, below] = [0, 0];
  for (const [at, bytes] of points) {
    above += (at - x) * (bytes - y);
    below += (at - x) ** 2;
  }
  return above / below;
}
