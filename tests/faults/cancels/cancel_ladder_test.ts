// Promise 12, the ladder: whatever code does, a cancel ends it: by KeyboardInterrupt, or with its
// process after the grace; and what was asked for behind it runs.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { CancelledError, connect, EvalTimeoutError } from "../../../mod.ts";
import { test, testServer } from "../../harness.ts";
import { report } from "../scale.ts";

/** Freed within: promised for a loop of Python's, and for what only the end of the process stops. */
const LOOP_MS = 2_500;
const STUBBORN_MS = 5_000;

const CODES: Record<string, { code: string; how: string; within: number }> = {
  "a loop": { code: "while True: pass", how: "interrupted", within: LOOP_MS },
  "a sleep": { code: "import time; time.sleep(60)", how: "interrupted", within: LOOP_MS },
  "a sleep in C": {
    code: "import ctypes; ctypes.CDLL(None).sleep(60)\nwhile True: pass",
    how: "interrupted",
    within: STUBBORN_MS,
  },
  "a sleep in C that holds the interpreter's lock, again and again": {
    code: "import ctypes\nsleep = ctypes.PyDLL(None).sleep\nwhile True: sleep(60)",
    how: "interrupted",
    within: STUBBORN_MS,
  },
  "a loop in C": {
    // Twice: the KeyboardInterrupt may come before the first.
    code: "import itertools\ntry:\n  print('begun'); all(itertools.repeat(True))\n" +
      "except KeyboardInterrupt: all(itertools.repeat(True))",
    how: "killed",
    within: STUBBORN_MS,
  },
  "code that swallows KeyboardInterrupt": {
    code:
      "while True:\n  try:\n    print('begun')\n    while True: pass\n  except KeyboardInterrupt: pass",
    how: "killed",
    within: STUBBORN_MS,
  },
  // In its own thread: another one takes the signal.
  "code that has blocked all signals": {
    code:
      "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); print('begun')\n" +
      "while True: pass",
    how: "interrupted",
    within: LOOP_MS,
  },
  "a thread that is waited for without end": {
    code:
      "import threading, time\nt = threading.Thread(target=time.sleep, args=(60,), daemon=True)\n" +
      "t.start(); t.join()",
    how: "interrupted",
    within: LOOP_MS,
  },
  "a child process that is waited for": {
    code: "import subprocess; subprocess.run(['sleep', '60'])",
    how: "interrupted",
    within: LOOP_MS,
  },
  "a forked child that loops on, and its parent too": {
    code: "import os; os.fork()\nwhile True: pass",
    how: "interrupted",
    within: LOOP_MS,
  },
  "a finally that never ends": {
    code: "try:\n  print('begun')\n  while True: pass\nfinally:\n  while True: pass",
    how: "killed",
    within: STUBBORN_MS,
  },
};

for (const [what, { code, how, within }] of Object.entries(CODES)) {
  test(`cancel() ends ${what}: ${how}`, async () => {
    await using server = await testServer({ numWorkers: 1 });
    await using mine = await connect(server.addr);
    await using another = await connect(server.addr);
    const future = mine.eval(code.includes("begun") ? code : "print('begun')\n" + code);
    const timed = mine.eval(code, { timeout: 60_000 });
    const behind = [mine.eval("1"), another.eval("2")];
    await future.output().next();
    const start = performance.now();
    future.cancel();
    const outcome = await future.waitNoExcept();
    const took = performance.now() - start;
    assert(!outcome.ok);
    assertInstanceOf(outcome.error, CancelledError);
    assertEquals([outcome.error instanceof EvalTimeoutError, outcome.error.how], [false, how]);
    timed.cancel();
    assert(!(await timed.waitNoExcept()).ok);
    assertEquals(await Promise.all(behind), [1, 2]);
    assert(took < within, `freed after ${took} ms, promised are ${within}`);
    report(import.meta.url, { what, how, freed: `${took.toFixed(0)} ms` });
  });
}
