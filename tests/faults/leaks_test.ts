// Promise 17: a program that opens, evaluates and closes again and again has the same descriptors
// after it as before, no more threads, no more memory than bare workers leave behind, and ends by itself.
// (The test runner's sanitizers are on in every test, but do not see into workers.)
import { assert, assertEquals, assertLess } from "@std/assert";
import {
  clientProgram,
  openHandles,
  type Program,
  residentBytes,
  ServerProgram,
} from "../programs.ts";
import { count, mib, report } from "./scale.ts";

/** Promised: the end of the program after its last close. The assertion leaves room for load. */
const END_MS = 1_000;
const PATIENCE_MS = 10_000;

/** Beyond what as many bare workers leave behind. */
const GROWTH_BYTES = 16 * 1024 * 1024;

/** One is done ten times, measured, then done so many times more. */
const repeat = (one: string, rounds: number) => `
${one}
for (let i = 0; i < 10; i++) await round(i);
say("before"); await heard();
for (let i = 0; i < ${rounds}; i++) await round(i);
say("after"); await heard();
say("done");`;

const SESSION = `
async function round(i) {
  const remote = await client.connect(addr);
  const future = remote.eval("print(i)\\ni", { locs: { i } });
  for await (const { line } of future.output()) if (line !== String(i)) throw new Error(line);
  if (await future !== i) throw new Error("no " + i);
  await remote.close();
}`;

/** A thread, and nothing of ours in it. */
const WORKER = `
const source = "data:application/javascript," + encodeURIComponent("onmessage = (e) => postMessage(e.data)");
async function round(i) {
  const worker = new Worker(source, { type: "module" });
  const answered = new Promise((resolve) => worker.onmessage = resolve);
  worker.postMessage(i);
  await answered;
  worker.terminate();
}`;

Deno.test("connect, eval, close leaves nothing behind", async () => {
  await using server = await ServerProgram.start(1);
  const rounds = count("connectEvalClose");
  const ours = await measure(clientProgram(server.addr, repeat(SESSION, rounds)));
  assertEquals(ours.after.descriptors, ours.before.descriptors);
  // The runtime's own come and go.
  assert(ours.after.threads <= ours.before.threads, `${ours.after.threads} threads are left`);
  assert(ours.end < PATIENCE_MS, `the program took ${ours.end} ms to end`);
  const stats = await server.stats();
  assertEquals([stats.sessions, stats.connections, stats.evals], [0, 0, 0]);
  const bare = await measure(clientProgram(server.addr, repeat(WORKER, rounds)));
  assertLess(ours.growth - bare.growth, GROWTH_BYTES);
  report(import.meta.url, {
    rounds,
    descriptors: ours.after.descriptors,
    threads: ours.after.threads,
    growth: mib(ours.growth),
    "bare workers' growth": mib(bare.growth),
    ended: `${ours.end.toFixed(0)} ms after its last close (promised: ${END_MS})`,
  });
});

async function measure(program: Program): Promise<{
  before: ReturnType<typeof openHandles>;
  after: ReturnType<typeof openHandles>;
  growth: number;
  end: number;
}> {
  await using client = program;
  assertEquals(await client.next(), "before");
  const before = await handles(client.pid);
  const bytes = residentBytes(client.pid);
  await client.tell("go on");
  assertEquals(await client.next(), "after");
  const after = await handles(client.pid, before.threads);
  const growth = residentBytes(client.pid) - bytes;
  await client.tell("go on");
  assertEquals(await client.next(), "done");
  const start = performance.now();
  assertEquals((await client.status).code, 0);
  return { before, after, growth, end: performance.now() - start };
}

/** Descriptors and threads, once the latter have come down to `threads`: they end in their own time. */
async function handles(pid: number, threads = 0): Promise<ReturnType<typeof openHandles>> {
  let now = openHandles(pid);
  const end = performance.now() + PATIENCE_MS;
  for (let same = 0; same < 20 && performance.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const next = openHandles(pid);
    same = next.threads === now.threads && (threads === 0 || next.threads <= threads)
      ? same + 1
      : 0;
    now = next;
  }
  return now;
}
