// Promise 11: a peer that is gone without a word is noticed, whichever stream and way is dead, by
// client and server; and who is only slow is not taken for gone.
// (By a fake clock: half_open_test.ts.)
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { connect, ConnectionError } from "../../../mod.ts";
import { all, test, testServer } from "../../harness.ts";
import { report } from "../scale.ts";
import { FaultProxy, type StreamName, type Way } from "./proxy.ts";

/** Asked after 10 s of silence, given up 20 s later; a busy machine is late. */
const NOTICED_MS = 40_000;

const DEAD: [string, [StreamName, Way][]][] = [
  ["both streams, both ways", [["main", "up"], ["main", "down"], ["output", "up"], [
    "output",
    "down",
  ]]],
  ["mainstream, both ways", [["main", "up"], ["main", "down"]]],
  ["mainstream, to the server", [["main", "up"]]],
  ["mainstream, to the client", [["main", "down"]]],
  ["outputstream, to the server", [["output", "up"]]],
  ["outputstream, to the client", [["output", "down"]]],
];

test("a black hole is noticed in time on either stream and way, and slowness is none", async () => {
  await using server = await testServer({ numWorkers: 2 });
  await using slowly = await FaultProxy.start(server);
  for (const stream of [slowly.faults.main, slowly.faults.output]) {
    stream.up.latencyMs = stream.down.latencyMs = 100;
  }
  await using canary = await connect(slowly.addr);
  const noticed: Record<string, string> = {};
  const holes = DEAD.map(async ([what, dead]) => {
    await using proxy = await FaultProxy.start(server);
    await using remote = await connect(proxy.addr);
    const future = remote.eval("import time; time.sleep(120)");
    for (const [name, way] of dead) proxy.stall(name, way);
    const start = performance.now();
    const { error } = await remote.closed;
    const took = performance.now() - start;
    assertInstanceOf(error, ConnectionError, what);
    assert(took < NOTICED_MS, `${what}: noticed after ${took} ms`);
    const outcome = await future.waitNoExcept();
    assert(!outcome.ok && outcome.error instanceof ConnectionError, what);
    noticed[what] = `${(took / 1000).toFixed(0)} s`;
  });
  let done = false;
  const watch = Promise.all(holes).finally(() => done = true);
  let evals = 0;
  while (!done) {
    const flood = canary.eval("for i in range(2_000): print(i)\n'here'");
    assertEquals((await all(flood.output())).length, 2_000);
    assertEquals(await flood, "here");
    evals++;
  }
  await watch;
  report(import.meta.url, { ...noticed, "evals of a slow one meanwhile": evals });
});
