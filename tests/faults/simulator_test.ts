// Promise 1: every eval settles exactly once; with it, of promises 2, 11, 12 and 13, what needs no
// real process. The client, the server and the scheduler are real; sockets, threads, python and the
// clock are not, so that a schedule is random, quick, and the same for the same seed.
import { assertEquals } from "@std/assert";
import { runSchedule } from "./simulator/schedule.ts";

const OPERATIONS = 100;

const isLong = Deno.env.get("PYPROXY_FAULTS") === "long";
const part = Number(Deno.env.get("PYPROXY_FAULTS_PART") ?? 1);
const schedules = Number(
  Deno.env.get("PYPROXY_SCHEDULES") ?? (isLong ? Math.ceil(100_000 * part) : 1_000),
);
/** The first of them; the others count up from it. */
const seed = Number(Deno.env.get("PYPROXY_SEED") ?? Math.floor(Math.random() * 2 ** 31));

Deno.test("simulator: each eval of each random schedule settles once, and nothing is left", async () => {
  const start = performance.now();
  const sums = new Map<string, number>();
  for (let i = 0; i < schedules; i++) {
    const { operations, counts, violation } = await runSchedule(seed + i, OPERATIONS);
    for (const [what, count] of Object.entries(counts)) {
      sums.set(what, (sums.get(what) ?? 0) + count);
    }
    if (violation === undefined) continue;
    throw new Error(
      `${violation.message}\n\nThat is schedule ${seed + i}:\n  ${operations.join("\n  ")}\n` +
        `again: PYPROXY_SEED=${seed + i} PYPROXY_SCHEDULES=1 deno task simulate`,
      { cause: violation },
    );
  }
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  const reached = [...sums].sort().map(([what, count]) => `${what} ${count}`).join(", ");
  const text = `simulator_test.ts: ${schedules} schedules in ${seconds} s, ${reached}\n` +
    `  again: PYPROXY_SEED=${seed} PYPROXY_SCHEDULES=${schedules} deno task simulate\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(text));
  assertEquals(sums.get("evals"), sums.get("settled"));
});

Deno.test("simulator: the same seed gives the same schedule", async () => {
  const [one, two] = [await runSchedule(seed, OPERATIONS), await runSchedule(seed, OPERATIONS)];
  assertEquals(one, two);
});
