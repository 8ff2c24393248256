// Promise 10: output belongs to the eval that wrote it, and is complete before it ends.
import { assertEquals } from "@std/assert";
import { connect } from "../../../mod.ts";
import { all, test, testServer } from "../../harness.ts";
import { count, randomNumbers, report } from "../scale.ts";

const SESSIONS = 8;

/** Ways to write a line. */
const WAYS = [
  "print(me)",
  "import sys; print(me, file=sys.stderr)",
  "import os, sys; sys.stdout.flush(); os.write(1, (me + '\\n').encode())",
  "import threading; t = threading.Thread(target=print, args=(me,)); t.start(); t.join()",
  "import sys; sys.stdout.write(me)",
];

test("every line of evals in eight sessions on two processes is its own eval's", async () => {
  const random = randomNumbers();
  await using server = await testServer({ numWorkers: 2 });
  await using sessions = new AsyncDisposableStack();
  const evals = count("attributedEvals");
  let [ran, lines] = [0, 0];
  await Promise.all(Array.from({ length: SESSIONS }, async (_, session) => {
    const remote = sessions.use(await connect(server.addr));
    for (let from = 0; from < evals / SESSIONS; from += 100) {
      const batch = Array.from({ length: 100 }, (_, i) => {
        const me = `session ${session}, eval ${from + i}`;
        const ways = Array.from({ length: 3 }, () => WAYS[Math.floor(random() * WAYS.length)]!);
        const fresh = ways.map((way) => way.endsWith("write(me)") ? `${way}; print()` : way);
        return { me, future: remote.eval(fresh.join("\n"), { locs: { me } }) };
      });
      for (const { me, future } of batch) {
        const its = await all(future.output());
        assertEquals(its.map(({ line }) => line), [me, me, me]);
        lines += its.length;
        ran++;
        await future;
      }
    }
  }));
  report(import.meta.url, { evals: ran, sessions: SESSIONS, lines });
});
