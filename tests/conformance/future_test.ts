// The Future: SPEC 2.4.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  CancelledError,
  EvalTimeoutError,
  type Future,
  FutureTimeoutError,
  PythonError,
  SessionClosedError,
} from "../../mod.ts";
import { all, shareServer, test, testRemote, until } from "../harness.ts";

shareServer();

test("wait({ timeout }) throws FutureTimeoutError, and the eval goes on", async () => {
  await using own = await testRemote();
  const future = own.remote.eval("import time; time.sleep(0.2); 'done'");
  await assertRejects(() => future.wait({ timeout: 20 }), FutureTimeoutError, "within 20 ms");
  assertEquals(future.done, false);
  const outcome = await future.waitNoExcept({ timeout: 20 });
  assert(!outcome.ok);
  assertInstanceOf(outcome.error, FutureTimeoutError);
  assertEquals(await future.wait({ timeout: 10_000 }), "done");
  assertEquals(future.done, true);
});

test("wait({ signal }) rejects with the signal's reason, and the eval goes on", async () => {
  await using own = await testRemote();
  const future = own.remote.eval("import time; time.sleep(0.1); 'done'");
  const reason = new Error("enough");
  const controller = new AbortController();
  const waiting = future.wait({ signal: controller.signal });
  controller.abort(reason);
  assertEquals(await waiting.catch((error) => error), reason);
  assertEquals(await future, "done");
});

test("waiting again throws the same error each time", async () => {
  await using own = await testRemote();
  const future = own.remote.eval("1 / 0");
  const first = await assertRejects(() => future.wait(), PythonError);
  assertEquals(await future.wait().catch((error) => error) === first, true);
  const outcome = await future.waitNoExcept();
  assertEquals(!outcome.ok && outcome.error === first, true);
});

test("a future can be used like any promise", async () => {
  await using own = await testRemote();
  const right: Promise<number> = own.remote.eval<number>("6 * 7");
  const wrong: Promise<number> = own.remote.eval<number>("1 / 0");
  const seen: unknown[] = [];
  assertEquals(await right.finally(() => seen.push("finally")), 42);
  assertEquals(await right.catch(() => seen.push("never")), 42);
  assertInstanceOf(await wrong.catch((error) => error), PythonError);
  await assertRejects(() => wrong.finally(() => seen.push("finally")), PythonError);
  await assertRejects(() => wrong.catch(null), PythonError);
  assertEquals(seen, ["finally", "finally"]);
  assertEquals(`${right}`, "[object Future]");
});

test("a failed future that nobody awaits is not an unhandled rejection", async () => {
  await using own = await testRemote();
  own.remote.eval("1 / 0");
  assertEquals(await own.remote.eval("1"), 1);
});

test("cancel() stops a running eval with a KeyboardInterrupt", async () => {
  await using own = await testRemote();
  const pid = await own.remote.eval("import os; os.getpid()");
  const future = own.remote.eval("print('runs', flush=True)\nwhile True: pass");
  await future.output().next();
  future.cancel();
  const error = await assertRejects(() => future.wait(), CancelledError, "KeyboardInterrupt");
  assertEquals(error.how, "interrupted");
  assertEquals(await own.remote.eval("import os; os.getpid()"), pid);
});

test("cancel() stops code in which Python drops the first KeyboardInterrupt", async () => {
  await using own = await testRemote();
  const pid = await own.remote.eval("import os; os.getpid()");
  // What is raised in a finalizer goes to sys.unraisablehook, and the code goes on.
  const future = own.remote.eval(`
class Finalized:
    def __del__(self):
        print('in it', flush=True)
        while True: pass
Finalized()
while True: pass`);
  await future.output().next();
  future.cancel();
  const error = await assertRejects(() => future.wait(), CancelledError);
  assertEquals(error.how, "interrupted");
  assertEquals(await own.remote.eval("import os; os.getpid()"), pid);
});

test("cancel() drops a waiting eval, and no other", async () => {
  await using own = await testRemote();
  const running = own.remote.eval("import time; time.sleep(0.2); 'ran'");
  const futures = Array.from({ length: 1500 }, (_, i) => own.remote.eval("i", { locs: { i } }));
  const dropped = [0, 500, 1400].map((i) => futures[i]!);
  for (const future of dropped) future.cancel();
  for (const future of dropped) {
    const error = await assertRejects(() => future.wait(), CancelledError);
    assertEquals(error.how, "queued");
  }
  // None of them ran, so their output has ended, wherever they waited.
  for (const future of dropped) assertEquals(await all(future.output()), []);
  assertEquals(await running, "ran");
  const rest = futures.filter((future) => !dropped.includes(future));
  assertEquals((await Promise.all(rest)).length, 1497);
});

test("cancel() kills code that swallows KeyboardInterrupt, and the session goes on", async () => {
  await using own = await testRemote();
  const code = `
import time
while True:
    try:
        print('runs', flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        pass`;
  const future = own.remote.eval(code);
  await future.output().next();
  future.cancel();
  const error = await assertRejects(() => future.wait(), CancelledError);
  assertEquals(error.how, "killed");
  assertEquals(await own.remote.eval("1"), 1);
});

test("cancel() of an eval that is done changes nothing and does not stop the next one", async () => {
  await using own = await testRemote();
  for (let i = 0; i < 50; i++) {
    const first = own.remote.eval("1");
    const second = own.remote.eval("sum(range(1000))");
    await first;
    first.cancel();
    assertEquals(await second, 499_500);
    assertEquals(await first, 1);
  }
});

test("eval({ timeout }) stops the eval: EvalTimeoutError, which is a CancelledError", async () => {
  await using own = await testRemote();
  const future = own.remote.eval("while True: pass", { timeout: 100 });
  const error = await assertRejects(() => future.wait(), EvalTimeoutError, "100 ms");
  assertInstanceOf(error, CancelledError);
  assertEquals(await own.remote.eval("1", { timeout: 10_000 }), 1);
});

test("eval({ signal }) stops the eval, and the error's cause is the reason", async () => {
  await using own = await testRemote();
  const controller = new AbortController();
  const future = own.remote.eval("import time; time.sleep(60)", { signal: controller.signal });
  const reason = new Error("changed my mind");
  controller.abort(reason);
  const error = await assertRejects(() => future.wait(), CancelledError);
  assertEquals(error.cause, reason);
  const never = own.remote.eval("1", { signal: AbortSignal.abort(reason) });
  assertEquals((await assertRejects(() => never.wait(), CancelledError)).cause, reason);
  assertEquals(await all(never.output()), []);
  assertEquals(await own.remote.eval("2"), 2);
});

test("when a cancelled eval has to be killed, its process's children end, too", async () => {
  await using own = await testRemote();
  const code = `
import signal, subprocess, time
child = subprocess.Popen(["sleep", "60"], start_new_session=True)
signal.signal(signal.SIGINT, signal.SIG_IGN)
print(child.pid, flush=True)
while True: time.sleep(60)`;
  const future = own.remote.eval(code);
  const { value } = await future.output().next();
  future.cancel();
  await assertRejects(() => future.wait(), CancelledError);
  const pid = Number(value!.line);
  const alive = `
import os
try:
    os.kill(pid, 0)
    alive = open(f"/proc/{pid}/stat").read().split()[2] != "Z"
except OSError:
    alive = False
alive`;
  await until(
    "the child is gone",
    async () => await own.remote.eval(alive, { locs: { pid } }) === false,
  );
});

test("close() settles every pending future, exactly once", async () => {
  await using own = await testRemote();
  const futures = Array.from({ length: 1200 }, () => own.remote.eval("import time; time.sleep(1)"));
  const outcomes = futures.map((future) => future.waitNoExcept());
  await own.remote.close();
  for (const outcome of await Promise.all(outcomes)) {
    assert(!outcome.ok);
    assertInstanceOf(outcome.error, SessionClosedError);
  }
});

test("close({ drain: true }) lets what was called finish, and takes nothing new", async () => {
  await using own = await testRemote();
  const futures = Array.from({ length: 1200 }, (_, i) => own.remote.eval("i", { locs: { i } }));
  const printed = own.remote.eval("for i in range(200_000): print(i)\nprint('drained')");
  const output = all(printed.output());
  const closing = own.remote.close({ drain: true });
  await assertRejects(async () => await own.remote.eval("1"), SessionClosedError);
  await closing;
  assertEquals(await Promise.all(futures), Array.from({ length: 1200 }, (_, i) => i));
  assertEquals((await output).at(-1)?.line, "drained");
  assertEquals(await own.remote.closed, { reason: "CLIENT_CLOSED" });
});

test("RemoteProcess.output() takes a Future of any type", async () => {
  await using own = await testRemote();
  const future = own.remote.eval<number>("print('typed'); 1");
  const unknown: Future<unknown> = future;
  assertEquals(await all(own.remote.output(future)), [{ fd: 1, line: "typed", id: 1 }]);
  assertEquals(await unknown, 1);
});

test("results arrive while a slow eval delays all evals after it", async () => {
  await using own = await testRemote();
  const quick = Array.from({ length: 200 }, (_, i) => own.remote.eval<number>(`${i}`));
  const slow = own.remote.eval("import time; time.sleep(600)");
  const behind = Array.from({ length: 200 }, (_, i) => own.remote.eval<number>(`-${i}`));
  assertEquals(await Promise.all(quick), quick.map((_, i) => i));
  assert(!slow.done);
  slow.cancel();
  await assertRejects(() => slow.wait(), CancelledError);
  assertEquals(await Promise.all(behind), behind.map((_, i) => 0 - i));
});
