// What can be watched of evals and sessions.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  connect,
  type Progress,
  PyProxySession,
  SessionClosedError,
  type SessionEvent,
} from "../../mod.ts";
import { all, shareServer, test, testRemote, testServer, until } from "../harness.ts";

shareServer();

test("state goes from queued to running to done, each with its time", async () => {
  await using own = await testRemote();
  const before = Date.now();
  const first = own.remote.eval("import time; time.sleep(0.8)");
  const second = own.remote.eval("1");
  assertEquals([first.state, second.state], ["queued", "queued"]);
  assertEquals([first.startedAt, first.doneAt], [undefined, undefined]);
  await until("the first runs", () => first.state === "running");
  assertEquals(second.state, "queued");
  const startedAt = first.startedAt!;
  assert(before <= first.createdAt && first.createdAt <= startedAt + 20, `${startedAt}`);
  await second;
  assertEquals([first.state, second.state], ["done", "done"]);
  assertEquals(first.startedAt, startedAt);
  assert(startedAt < first.doneAt! && first.doneAt! <= second.doneAt!);
  // It was over before the server looked.
  assertEquals(second.startedAt, undefined);
});

test("the state of a cancelled or lost eval is done", async () => {
  await using own = await testRemote();
  const running = own.remote.eval("import time; time.sleep(60)");
  const waiting = own.remote.eval("1");
  await until("the first runs", () => running.state === "running");
  waiting.cancel();
  running.cancel();
  await Promise.all([running.waitNoExcept(), waiting.waitNoExcept()]);
  assertEquals([running.state, waiting.state], ["done", "done"]);
  const lost = own.remote.eval("import time; time.sleep(60)");
  await own.remote.close();
  assertEquals(lost.state, "done");
  assert(lost.doneAt !== undefined);
});

test("onProgress reports both directions, and reports the end before the result is there", async () => {
  await using own = await testRemote();
  const seen: Progress[] = [];
  const data = new Uint8Array(48 * 1024 * 1024);
  const future = own.remote.eval<Uint8Array>("data", {
    locs: { data },
    onProgress: (progress) => {
      assertEquals(future.done, false);
      seen.push(progress);
    },
  });
  assertEquals((await future).length, data.length);
  const last = seen.at(-1)!;
  assertEquals([last.sent, last.received], [last.sentTotal, last.receivedTotal]);
  assert(last.sentTotal > data.length && last.sentTotal < data.length + 200);
  assert(last.received > data.length && last.received < data.length + 200);
  let before: Progress | undefined;
  for (const progress of seen) {
    assert(progress.sent <= progress.sentTotal && progress.sent >= (before?.sent ?? 0));
    assert(progress.received >= (before?.received ?? 0));
    before = progress;
  }
});

test("onProgress of a small eval reports its end, and nothing twice", async () => {
  await using own = await testRemote();
  const seen: Progress[] = [];
  const watched = own.remote.eval("1", { onProgress: (progress) => seen.push(progress) });
  await Promise.all([watched, own.remote.eval("2"), own.remote.eval("3")]);
  const { sent, sentTotal, received, receivedTotal } = seen.at(-1)!;
  assertEquals([sent, received], [sentTotal, receivedTotal]);
  // A machine that is slow enough sees the message leave before the result is there.
  const moved = seen.map((progress) => progress.sent + progress.received);
  assertEquals(moved, [...new Set(moved)]);
  assertThrows(
    () => own.remote.eval("1", { onProgress: 5 as unknown as () => void }),
    TypeError,
    "Cannot eval: 'onProgress' must be a function, got 5",
  );
});

test("status() returns what runs and waits at once, even if the code is busy", async () => {
  await using own = await testRemote();
  const { remote } = own;
  const idle = await remote.status();
  assertEquals([idle.running, idle.queued], [undefined, 0]);
  assert(idle.latency > 0);
  const [pid, version] = await remote.eval<[number, string]>(
    "import os, sys; [os.getpid(), sys.version.split()[0]]",
  );
  const busy = remote.eval("while True: pass");
  const waiting = [remote.eval("1"), remote.eval("2")];
  await until("it runs", async () => (await remote.status()).running === busy.id);
  const status = await remote.status();
  assertEquals([status.python.pid, status.python.version], [pid, version]);
  assertEquals([status.running, status.queued], [busy.id, 2]);
  assert(status.process.evals >= 3 && status.process.sessions >= 1, JSON.stringify(status));
  busy.cancel();
  await Promise.all([busy.waitNoExcept(), ...waiting]);
  await remote.close();
  await assertRejects(() => remote.status(), SessionClosedError, "Cannot ask for the status");
});

test("status() rejects when the session ends before the answer", async () => {
  await using own = await testRemote();
  const asked = own.remote.status();
  const refused = assertRejects(() => asked, SessionClosedError);
  await own.remote.close();
  await refused;
});

test("events() reports connect, the python process's death and replacement, and the end", async () => {
  await using server = await testServer();
  const session = await PyProxySession.open(server.addr);
  const remote = await session.connect();
  const events = remote.events();
  assertThrows(() => session.events(), TypeError, "they have a reader already");
  const pid = await remote.eval<number>("import os; os.getpid()");
  const next = async (): Promise<SessionEvent> => (await events.next()).value;
  assertEquals((await next()).type, "connected");
  await remote.eval("os = __import__('os'); os.kill(os.getpid(), 9)").waitNoExcept();
  const died = await next();
  assertEquals({ ...died, at: 0 }, { type: "python_died", at: 0, pid, signal: "SIGKILL" });
  const ready = await next();
  assertEquals(ready.type, "python_ready");
  assertEquals(
    await remote.eval("import os; os.getpid()"),
    ready.type === "python_ready" && ready.pid,
  );
  await remote.close();
  const end = await next();
  assertEquals({ ...end, at: 0 }, { type: "closed", at: 0, reason: "CLIENT_CLOSED" });
  assertEquals((await events.next()).done, true);
});

test("events before the first read are kept, and a reader may stop", async () => {
  await using server = await testServer();
  const remote = await connect(server.addr);
  const first = remote.events();
  const waiting = [first.next(), first.next()];
  assertEquals((await waiting[0]!).value.type, "connected");
  await first.return!();
  assertEquals((await waiting[1]!).done, true);
  await remote.close();
  assertEquals((await all(remote.events())).map(({ type }) => type), ["closed"]);
  assertEquals(await all(remote.events()), []);
});
