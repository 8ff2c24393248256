// Promise 13: a session's thousand evals do not hold up another's one.
import { assertLess } from "@std/assert";
import { connect } from "../../mod.ts";
import { test, testServer } from "../harness.ts";
import { report } from "./scale.ts";

const QUEUED = 1_000;
const ASKED = 10;
/** Two rounds; what had run when B called is known a message later only, so one more. */
const MOST_BEFORE = 3;

test("an eval waits at most two rounds behind another session's thousand", async () => {
  await using server = await testServer({ numWorkers: 1 });
  await using a = await connect(server.addr);
  await using b = await connect(server.addr);
  const code =
    "import builtins, time; time.sleep(0.01); builtins.ran = getattr(builtins, 'ran', 0) + 1";
  const futures = Array.from({ length: QUEUED }, () => a.eval(code));
  let settled = 0;
  for (const future of futures) future.then(() => settled++, () => undefined);
  await futures[5];
  let most = 0;
  for (let i = 0; i < ASKED; i++) {
    const before = settled;
    const ran = await b.eval<number>("__import__('builtins').ran");
    most = Math.max(most, ran - before);
  }
  assertLess(most, MOST_BEFORE + 1);
  report(import.meta.url, { queued: QUEUED, asked: ASKED, "ran before one at most": most });
});
