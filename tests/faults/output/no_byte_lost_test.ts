// Promise 9: no byte of output is lost, moved or changed, whether it comes in large pieces or one by
// one; nor a byte of many results.
import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { connect, type RemoteProcess } from "../../../mod.ts";
import { test, testServer } from "../../harness.ts";
import { count, report } from "../scale.ts";
import { FaultProxy } from "../streams/proxy.ts";

/** Numbered lines on both descriptors, each way of writing them in turn. */
const NUMBERED = `
import os, sys
for i in range(lines):
    if i % 10 == 3: print("error", i, file=sys.stderr)
    elif i % 100 == 7: sys.stdout.flush(); os.write(1, b"raw %d\\n" % i)
    else: print("line", i)`;

/** What that writes to each descriptor, as SHA-256. */
function expected(lines: number): Record<1 | 2, string> {
  const hashes = { 1: createHash("sha256"), 2: createHash("sha256") };
  for (let i = 0; i < lines; i++) {
    if (i % 10 === 3) hashes[2].update(`error ${i}\n`);
    else hashes[1].update(i % 100 === 7 ? `raw ${i}\n` : `line ${i}\n`);
  }
  return { 1: hashes[1].digest("hex"), 2: hashes[2].digest("hex") };
}

async function written(remote: RemoteProcess, lines: number): Promise<Record<1 | 2, string>> {
  const hashes = { 1: createHash("sha256"), 2: createHash("sha256") };
  const future = remote.eval(NUMBERED, { locs: { lines } });
  for await (const { fd, bytes } of future.output({ raw: true })) hashes[fd].update(bytes);
  await future;
  assertEquals(future.outputDropped, 0);
  return { 1: hashes[1].digest("hex"), 2: hashes[2].digest("hex") };
}

/** Results of 1 KiB that no two evals have in common, all asked for at once. */
async function results(remote: RemoteProcess, evals: number): Promise<void> {
  const futures = Array.from(
    { length: evals },
    (_, i) => remote.eval<string>("('%08d' % i) * 128", { locs: { i } }),
  );
  for (const [i, future] of futures.entries()) {
    assertEquals(await future, `${i}`.padStart(8, "0").repeat(128));
  }
}

test("numbered lines and results come whole and in order", async () => {
  await using server = await testServer();
  await using remote = await connect(server.addr);
  const lines = count("numberedLines");
  const evals = count("resultsOf1KiB");
  assertEquals(await written(remote, lines), expected(lines));
  await results(remote, evals);
  report(import.meta.url, { lines, "results of 1 KiB": evals });
});

test("numbered lines and results come whole and in order one byte at a time", async () => {
  await using server = await testServer();
  await using proxy = await FaultProxy.start(server);
  for (const stream of [proxy.faults.main, proxy.faults.output]) {
    stream.up.sliceBytes = stream.down.sliceBytes = 1;
  }
  await using remote = await connect(proxy.addr);
  const lines = count("slicedLines");
  const evals = count("slicedResults");
  assertEquals(await written(remote, lines), expected(lines));
  await results(remote, evals);
  report(import.meta.url, { "lines, byte by byte": lines, "results of 1 KiB": evals });
});
