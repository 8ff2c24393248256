// Promise 12, the races: a cancel hits its own eval or none, whenever it arrives.
import { assertEquals } from "@std/assert";
import { CancelledError, connect } from "../../../mod.ts";
import { test, testServer } from "../../harness.ts";
import { count, randomNumbers, report } from "../scale.ts";

test("a cancel that races its eval's end hits that eval or none, in two sessions of one process", async () => {
  const random = randomNumbers();
  await using server = await testServer({ numWorkers: 1 });
  await using mine = await connect(server.addr);
  await using another = await connect(server.addr);
  const races = count("cancelRaces");
  const how: Record<string, number> = { value: 0, queued: 0, interrupted: 0, killed: 0 };
  for (let i = 0; i < races; i++) {
    const turns = Math.floor(random() * 100_000);
    const locs = { i, turns };
    const code = "for _ in range(turns): pass\ni";
    const before = another.eval(code, { locs });
    const raced = mine.eval(code, { locs, namespace: "kept" });
    const behind = [mine.eval(code, { locs }), another.eval(code, { locs })];
    // From at once to some time after its end.
    for (let turn = Math.floor(random() * 12); turn > 0; turn--) await Promise.resolve();
    if (random() < 0.7) await new Promise((resolve) => setTimeout(resolve, random() * 8));
    raced.cancel();
    const outcome = await raced.waitNoExcept();
    if (outcome.ok) {
      assertEquals(outcome.value, i);
      how.value!++;
    } else {
      if (!(outcome.error instanceof CancelledError)) throw outcome.error;
      how[outcome.error.how]!++;
    }
    assertEquals(await Promise.all([before, ...behind]), [i, i, i]);
  }
  assertEquals(how.killed, 0);
  report(import.meta.url, { races, ...how });
});
