// Promise 13: a session's thousand evals do not hold up another's one.
import { assert, assertLessOrEqual } from "@std/assert";
import { connect } from "../../mod.ts";
import { test, testServer } from "../harness.ts";
import { report } from "./scale.ts";

const QUEUED = 1_000;
const ASKED = 10;
/** Two rounds: that of the eval which ran, and that of the one which the process had. */
const MOST_BEFORE = 2;

test("an eval waits at most two rounds behind another session's thousand", async () => {
  await using server = await testServer({ numWorkers: 1 });
  await using a = await connect(server.addr);
  await using b = await connect(server.addr);
  const code = `
import builtins, time
builtins.began = getattr(builtins, "began", [])
builtins.began.append(time.time() * 1000)
time.sleep(0.01)`;
  const futures = Array.from({ length: QUEUED }, () => a.eval(code));
  await futures[5];
  let most = 0;
  for (let i = 0; i < ASKED; i++) {
    const began = b.eval<number[]>("__import__('builtins').began[-100:]");
    // The answer comes after the server has had the eval, however slow the way to it was.
    await b.status();
    const there = Date.now() + 1; // it cuts off what is less than a millisecond
    most = Math.max(most, (await began).filter((ms) => ms > there).length);
  }
  assertLessOrEqual(most, MOST_BEFORE);
  assert(!futures.at(-1)!.done, "A's evals were over before B's last");
  report(import.meta.url, { queued: QUEUED, asked: ASKED, "ran before one at most": most });
});
