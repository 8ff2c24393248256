// Promise 8: output that nobody reads, or that a blocked main thread cannot read, costs the client
// little memory, and what is dropped is counted to the byte.
import { assertEquals, assertLess } from "@std/assert";
import {
  clientProgram,
  forgetPeak,
  peakBytes,
  residentBytes,
  ServerProgram,
} from "../../programs.ts";
import { count, mib, report } from "../scale.ts";

const PIECE = 1024;
const FLOOD = `
piece = "x" * ${PIECE - 1} + "\\n"
for _ in range(count): print(piece, end="")`;

/** Promised, beyond what a smaller flood has cost. V8's garbage comes and goes on top of it. */
const GROWTH_BYTES = 16 * 1024 * 1024;
const PEAK_BYTES = 2 * GROWTH_BYTES;

/** Both begin with smaller floods that nobody reads: code, heap and what may be kept. */
const BEGIN = `
await using remote = await client.connect(addr);
const flood = (count) => remote.eval(${JSON.stringify(FLOOD)}, { locs: { count } });
await flood(2 ** 17);
await flood(2 ** 15);
say("ready");
await heard();`;

Deno.test("a flood that nobody reads costs little, and its drops are counted to the byte", async () => {
  await using server = await ServerProgram.start(1);
  const bytes = count("floodBytes");
  await using client = clientProgram(
    server.addr,
    `${BEGIN}
const future = flood(${bytes / PIECE});
const value = await future;
say(value);
await heard();
let kept = 0;
for await (const { bytes } of future.output({ raw: true })) kept += bytes.length;
say({ kept, dropped: future.outputDropped });
await heard();`,
  );
  assertEquals(await client.next(), "ready");
  const before = residentBytes(client.pid);
  forgetPeak(client.pid);
  await client.tell("go");
  assertEquals(await client.next(), null);
  const growth = residentBytes(client.pid) - before;
  const peak = peakBytes(client.pid) - before;
  await client.tell("read");
  const { kept, dropped } = await client.next<{ kept: number; dropped: number }>();
  assertEquals(kept + dropped, bytes);
  assertLess(growth, GROWTH_BYTES);
  assertLess(peak, PEAK_BYTES);
  report(import.meta.url, {
    bytes,
    kept,
    dropped,
    "client before": mib(before),
    "its growth": `${mib(growth)} (at most ${mib(peak)})`,
  });
});

Deno.test("a main thread that is blocked for 5 s in a flood costs little, and loses no byte", async () => {
  await using server = await ServerProgram.start(1);
  const bytes = count("floodBytes") / 4;
  await using client = clientProgram(
    server.addr,
    `${BEGIN}
const future = flood(${bytes / PIECE});
let read = 0;
for await (const { bytes } of future.output({ raw: true })) {
  if (read === 0) {
    const until = performance.now() + 5_000;
    while (performance.now() < until);
    say("unblocked");
    await heard();
  }
  read += bytes.length;
}
say({ read, dropped: future.outputDropped, value: await future });
await heard();`,
  );
  assertEquals(await client.next(), "ready");
  const before = residentBytes(client.pid);
  forgetPeak(client.pid);
  await client.tell("go");
  assertEquals(await client.next(), "unblocked");
  const growth = peakBytes(client.pid) - before;
  await client.tell("go on");
  assertEquals(await client.next(), { read: bytes, dropped: 0, value: null });
  assertLess(growth, GROWTH_BYTES);
  report(import.meta.url, {
    bytes,
    "client before": mib(before),
    "its growth while blocked": mib(growth),
    "and while it read": mib(peakBytes(client.pid) - before),
  });
});
