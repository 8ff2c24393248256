// Promise 7: a client that stops reading costs the server little, loses its session in time, and
// nobody else notices; one that reads a flood is never closed for it.
import { assert, assertEquals, assertLess } from "@std/assert";
import {
  clientProgram,
  forgetPeak,
  peakBytes,
  residentBytes,
  ServerProgram,
} from "../../programs.ts";
import { RawSession } from "../../raw_client.ts";
import { count, mib, report } from "../scale.ts";

const PIECE = 1024;
const FLOOD = `
piece = "x" * ${PIECE - 1} + "\\n"
for _ in range(count): print(piece, end="")`;

/** Promised: the server takes no more for a client that takes nothing. */
const GROWTH_BYTES = 16 * 1024 * 1024;

Deno.test("a client that stops reading a flood costs little memory, and its session in time", async () => {
  const slowReaderMs = 4_000;
  await using server = await ServerProgram.start(2, { slowReaderMs });
  const bytes = count("floodBytes");
  await using other = await RawSession.connect(server.addr);
  const quiet = await latencies(other, () => false);
  {
    // So that what the first flood of a server costs once is not counted.
    await using first = await RawSession.connect(server.addr);
    await first.text(await first.send(FLOOD, { locs: { count: 2 ** 15 } }));
  }
  const before = residentBytes(server.pid);
  forgetPeak(server.pid);
  await using slow = await RawSession.connect(server.addr, { read: false });
  const start = performance.now();
  await slow.send(FLOOD, { locs: { count: bytes / PIECE } });
  const busy = await latencies(other, () => slow.mainEnded);
  await slow.until(() => slow.mainEnded || undefined, "the end");
  const took = performance.now() - start;
  assertEquals(slow.closeReason, "SLOW_READER");
  assert(took >= slowReaderMs, `closed after ${took} ms`);
  assertEquals(await other.value("1"), 1);
  const growth = peakBytes(server.pid) - before;
  assertLess(growth, GROWTH_BYTES);
  slow.readOutput();
  report(import.meta.url, {
    bytes,
    closed: `${(took / 1000).toFixed(1)} s of ${slowReaderMs / 1000}`,
    "server before": mib(before),
    "its growth": mib(growth),
    "p99 of another session": `${busy.toFixed(1)} ms, before ${quiet.toFixed(1)} ms`,
  });
});

Deno.test("a client that reads a flood is never closed for it, and loses no byte", async () => {
  await using server = await ServerProgram.start(1, { slowReaderMs: 4_000 });
  const bytes = count("floodBytes");
  await using client = clientProgram(
    server.addr,
    `
await using remote = await client.connect(addr);
const future = remote.eval(${JSON.stringify(FLOOD)}, { locs: { count: ${bytes / PIECE} } });
let read = 0;
for await (const { bytes } of future.output({ raw: true })) read += bytes.length;
say({ read, dropped: future.outputDropped, value: await future });
await heard();`,
  );
  forgetPeak(server.pid);
  const before = residentBytes(server.pid);
  assertEquals(await client.next(), { read: bytes, dropped: 0, value: null });
  report(import.meta.url, {
    bytes,
    "server before": mib(before),
    "its growth": mib(peakBytes(server.pid) - before),
    "the client at most": mib(peakBytes(client.pid)),
  });
});

/** The 99th percentile of small evals' times, until `ended` and 200 at least. */
async function latencies(session: RawSession, ended: () => boolean): Promise<number> {
  const times: number[] = [];
  while (times.length < 200 || (!ended() && times.length < 2_000)) {
    const start = performance.now();
    await session.value("1");
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
}
