// A session's life and death: SPEC 2.1.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  connect,
  ConnectionError,
  type Future,
  PyProxyPool,
  PyProxySession,
  QueueFullError,
  SessionClosedError,
  SessionCrashedError,
  SessionError,
} from "../../mod.ts";
import { shareServer, test, testRemote, testServer, until } from "../harness.ts";

shareServer();

/** Runs `body` and gives the Worker that a session started in it. */
async function withWorker<T>(body: () => Promise<T>): Promise<[T, Worker]> {
  const Original = globalThis.Worker;
  let worker: Worker | undefined;
  globalThis.Worker = class extends Original {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      worker = this;
    }
  };
  try {
    return [await body(), worker!];
  } finally {
    globalThis.Worker = Original;
  }
}

test("connect(addr) opens and connects a session in one step", async () => {
  await using server = await testServer();
  await using remote = await connect(server.addr, { name: "one step" });
  assertEquals(await remote.eval("1"), 1);
});

test("connect(addr) opens the outputstream without waiting for the main thread", async () => {
  await using server = await testServer();
  const told: string[] = [];
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message: { kind: string }) {
    told.push(message.kind);
    return postMessage.call(this, message);
  };
  try {
    const connecting = connect(server.addr);
    assertEquals(told, ["open", "connect"]);
    await using _remote = await connecting;
    assertEquals(told, ["open", "connect"]);
  } finally {
    Worker.prototype.postMessage = postMessage;
  }
});

test("open() accepts host names", async () => {
  await using server = await testServer();
  await using remote = await connect(server.addr.replace("127.0.0.1", "localhost"));
  assertEquals(await remote.eval("1"), 1);
});

test("connect() a second time is a SessionError, and the first goes on", async () => {
  await using server = await testServer();
  await using session = await PyProxySession.open(server.addr);
  await using remote = await session.connect();
  await assertRejects(() => session.connect(), SessionError, "connected already");
  assertEquals(await remote.eval("1"), 1);
});

test("close() can be called again, and closed has the reason", async () => {
  await using server = await testServer();
  const session = await PyProxySession.open(server.addr);
  const remote = await session.connect();
  await Promise.all([remote.close(), session.close(), remote.close()]);
  await remote.close();
  assertEquals(await session.closed, { reason: "CLIENT_CLOSED" });
  assertEquals(await remote.closed, { reason: "CLIENT_CLOSED" });
  await assertRejects(() => session.connect(), SessionError);
});

test("a session that is never connected can be closed", async () => {
  await using server = await testServer();
  const session = await PyProxySession.open(server.addr);
  await session.close();
  await assertRejects(() => session.connect(), SessionClosedError);
});

test("eval() throws QueueFullError when too many evals wait", async () => {
  await using own = await testRemote({ limits: { queuedEvals: 2000 } });
  const slow = own.remote.eval("import time; time.sleep(60)");
  const error = await assertRejects(async () => {
    for (let i = 0; i < 5000; i++) own.remote.eval("1");
    await slow;
  }, QueueFullError);
  assert(error.message.includes("wait to be sent"), error.message);
});

test("evals that the server has already do not count for QueueFullError", async () => {
  await using own = await testRemote({ limits: { queuedEvals: 4 } });
  const running = own.remote.eval("print('runs', flush=True)\nwhile True: pass");
  await running.output().next();
  const futures: Future<unknown>[] = [];
  while (futures.length < 50) {
    await until("the queue has room", () => {
      try {
        futures.push(own.remote.eval("i", { locs: { i: futures.length } }));
        return true;
      } catch (error) {
        assertInstanceOf(error, QueueFullError);
        return false;
      }
    });
  }
  running.cancel();
  assertEquals(await Promise.all(futures), Array.from({ length: 50 }, (_, i) => i));
});

test("eval() throws QueueFullError when too many bytes wait", async () => {
  await using own = await testRemote({ limits: { queuedBytes: 1_000_000 } });
  const data = new Uint8Array(400_000);
  own.remote.eval("data", { locs: { data } });
  own.remote.eval("data", { locs: { data } });
  const third = own.remote.eval("len(data)", { locs: { data } });
  await assertRejects(
    async () => await own.remote.eval("data", { locs: { data } }),
    QueueFullError,
  );
  assertEquals(await third, 400_000);
  assertEquals(await own.remote.eval("len(data)", { locs: { data } }), 400_000);
});

test("a session whose thread throws fails its own futures, and does not affect other sessions", async () => {
  await using other = await testRemote();
  const [remote, worker] = await withWorker(() => connect(other.addr));
  const future = remote.eval("import time; time.sleep(60)");
  const output = future.output();
  worker.postMessage({ kind: "no such message" });
  const error = await assertRejects(() => future.wait(), SessionCrashedError, "no such message");
  await assertRejects(() => output.next(), SessionCrashedError);
  assertEquals(await remote.closed, { reason: "CRASHED", error });
  await assertRejects(async () => await remote.eval("1"), SessionClosedError);
  assertEquals(await other.remote.eval("1"), 1);
});

test("the heartbeat notices that a session's thread was terminated", async () => {
  await using other = await testRemote();
  const limits = { heartbeatInterval: 200 };
  const [remote, worker] = await withWorker(() => connect(other.addr, { limits }));
  const future = remote.eval("import time; time.sleep(60)");
  worker.terminate();
  await assertRejects(() => future.wait(), SessionCrashedError);
  assertEquals((await remote.closed).reason, "CRASHED");
  await remote.close();
  assertEquals(await other.remote.eval("1"), 1);
});

test("a session can be opened fifty times, one after another", async () => {
  await using server = await testServer();
  for (let i = 0; i < 50; i++) {
    await using remote = await connect(server.addr);
    if (i % 10 === 0) assertEquals(await remote.eval("i", { locs: { i } }), i);
  }
});

test("pool.next() returns the sessions one after another, pool.eval() uses the least busy one", async () => {
  await using server = await testServer();
  await using pool = await PyProxyPool.open(server.addr, { size: 3 });
  assertEquals(pool.size, 3);
  const turn = [0, 1, 2, 3, 4, 5].map(() => pool.next());
  assertEquals(turn.slice(0, 3), turn.slice(3));
  assertEquals(new Set(turn).size, 3);
  const [busy, free, also] = turn;
  const slow = [busy!, also!].map((remote) => remote.eval("import time; time.sleep(0.3)"));
  assertEquals(await Promise.all([1, 2].map((x) => pool.eval("x * 2", { locs: { x } }))), [2, 4]);
  assertEquals(free!.pending, 0);
  await Promise.all(slow);
});

test("a pool replaces a session that dies, and its futures fail as without a pool", async () => {
  await using server = await testServer();
  const [pool, worker] = await withWorker(() => PyProxyPool.open([server.addr], { size: 1 }));
  const first = pool.next();
  const future = first.eval("import time; time.sleep(60)");
  worker.postMessage({ kind: "no such message" });
  await assertRejects(() => future.wait(), SessionCrashedError);
  await until("the session is replaced", () => pool.size === 1);
  assert(pool.next() !== first);
  assertEquals(await pool.eval("1"), 1);
  await pool.close();
  await assertRejects(async () => await pool.eval("1"), SessionClosedError, "it is closed");
});

test("PyProxyPool.open() leaves nothing open when one server cannot be reached", async () => {
  await using server = await testServer();
  await assertRejects(
    () => PyProxyPool.open([server.addr, "127.0.0.1:1"], { size: 4 }),
    ConnectionError,
    "127.0.0.1:1",
  );
  const error = await assertRejects(() => PyProxyPool.open([], {}), TypeError);
  assertInstanceOf(error, TypeError);
});
