// remote.interrupt(): KeyboardInterrupt in whatever runs, and nowhere else.
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { connect, PythonError, SessionClosedError } from "../../mod.ts";
import { all, shareServer, test, testRemote } from "../harness.ts";

shareServer();

/** The KeyboardInterrupt that the wait for `future` throws. */
async function interrupted(future: PromiseLike<unknown>): Promise<PythonError> {
  const error = await assertRejects(async () => await future, PythonError);
  assertEquals(error.type, "KeyboardInterrupt");
  return error;
}

test("interrupt() raises KeyboardInterrupt in a loop and in a sleep", async () => {
  await using own = await testRemote();
  const pid = await own.remote.eval("import os; os.getpid()");
  for (const code of ["while True: pass", "import time; time.sleep(60)"]) {
    const future = own.remote.eval(`print('runs', flush=True)\n${code}`);
    await future.output().next();
    assertEquals(await own.remote.interrupt(), true);
    await interrupted(future);
  }
  assertEquals(await own.remote.eval("import os; os.getpid()"), pid);
});

test("code can catch an interrupt() and go on, and a second one reaches it, too", async () => {
  await using own = await testRemote();
  const future = own.remote.eval(`
caught = 0
while caught < 3:
    try:
        print('runs', flush=True)
        while True: pass
    except KeyboardInterrupt:
        caught += 1
caught`);
  const output = future.output();
  for (let i = 0; i < 3; i++) {
    await output.next();
    assertEquals(await own.remote.interrupt(), true);
  }
  assertEquals(await future, 3);
  assertEquals((await output.next()).done, true);
});

test("interrupt() reaches code in which Python drops the first KeyboardInterrupt", async () => {
  await using own = await testRemote();
  const future = own.remote.eval(`
class Finalized:
    def __del__(self):
        print('in it', flush=True)
        while True: pass
Finalized()
while True: pass`);
  await future.output().next();
  assertEquals(await own.remote.interrupt(), true);
  await interrupted(future);
});

test("interrupt() returns false when nothing runs, and does not interrupt the next eval", async () => {
  await using own = await testRemote();
  assertEquals(await own.remote.interrupt(), false);
  assertEquals(await own.remote.eval("sum(range(1_000_000))"), 499_999_500_000);
  for (let i = 0; i < 50; i++) {
    const first = own.remote.eval("1");
    const asked = own.remote.interrupt();
    const second = own.remote.eval("sum(range(1000))");
    const outcome = await first.waitNoExcept();
    if (!outcome.ok) {
      await interrupted(first);
      assertEquals(await asked, true);
    }
    assertEquals(await second, 499_500);
  }
});

test("interrupt() does not affect waiting evals", async () => {
  await using own = await testRemote();
  const running = own.remote.eval("print('runs', flush=True)\nwhile True: pass");
  const waiting = Array.from({ length: 1500 }, (_, i) => own.remote.eval("i", { locs: { i } }));
  await running.output().next();
  assertEquals(await own.remote.interrupt(), true);
  await interrupted(running);
  assertEquals(await Promise.all(waiting), Array.from({ length: 1500 }, (_, i) => i));
});

test("interrupt() does not affect other sessions in the process", async () => {
  await using own = await testRemote();
  const others = await Promise.all(Array.from({ length: 8 }, () => connect(own.addr)));
  try {
    const pid = (await own.remote.eval("import os; os.getpid()")) as number;
    const pids = await Promise.all(others.map((other) => other.eval("import os; os.getpid()")));
    const other = others[pids.indexOf(pid)]!;
    const future = other.eval("print('runs', flush=True)\nimport time; time.sleep(0.3); 'whole'");
    await future.output().next();
    const waiting = own.remote.eval("'waits'");
    for (let i = 0; i < 5; i++) assertEquals(await own.remote.interrupt(), false);
    assertEquals([await future, await waiting], ["whole", "waits"]);
  } finally {
    for (const other of others) await other.close();
  }
});

test("interrupt() keeps the namespace and the output before it", async () => {
  await using own = await testRemote();
  await own.remote.eval("x = 7", { namespace: "kept" });
  const future = own.remote.eval("print('one')\nprint('two', flush=True)\nwhile True: pass", {
    namespace: "kept",
  });
  const lines = future.output();
  await lines.next();
  assertEquals((await lines.next()).value?.line, "two");
  await own.remote.interrupt();
  await interrupted(future);
  assertEquals((await all(lines)).length, 0);
  assertEquals(await own.remote.eval("x", { namespace: "kept" }), 7);
});

test("interrupt() of a cancelled eval leaves it cancelled", async () => {
  await using own = await testRemote();
  const future = own.remote.eval(
    "print('runs', flush=True)\ntry:\n  while True: pass\nfinally:\n  import time; time.sleep(0.3)",
  );
  await future.output().next();
  future.cancel();
  await own.remote.interrupt();
  const outcome = await future.waitNoExcept();
  assertEquals(outcome.ok, false);
  assertEquals(await own.remote.eval("1"), 1);
});

test("interrupt() on a closed session rejects, without an unhandled rejection", async () => {
  await using own = await testRemote();
  own.remote.eval("while True: pass");
  own.remote.interrupt();
  const asked = [own.remote.interrupt(), own.remote.interrupt()];
  await own.remote.close();
  for (const ask of asked) {
    await ask.catch((error) => assertInstanceOf(error, SessionClosedError));
  }
  await assertRejects(() => own.remote.interrupt(), SessionClosedError, "interrupt");
});
