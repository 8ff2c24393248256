// Every sentence of the walkthrough that PyProxy was born from, true of this client.
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { connect, Future, PyProxySession, SessionClosedError, SessionError } from "../../mod.ts";
import { all, shareServer, test, testRemote, testServer } from "../harness.ts";

shareServer();

test("PyProxySession.open() resolves once the mainstream is connected and the hellos are exchanged", async () => {
  await using server = await testServer();
  await using session = await PyProxySession.open(server.addr);
  // The session's id comes in the server's hello and nowhere else.
  assertMatch(session.sessionId, /^[0-9a-f]{32}$/);
});

test("the server assigns a unique session_id to every session", async () => {
  await using server = await testServer();
  await using first = await PyProxySession.open(server.addr);
  await using second = await PyProxySession.open(server.addr);
  assertNotEquals(first.sessionId, second.sessionId);
});

test("the server's log records on a session carry its session_id", async () => {
  await using server = await testServer();
  await using session = await PyProxySession.open(server.addr);
  await using remote = await session.connect();
  const logs = remote.logs();
  // A thread that outlives its eval is one thing the log tells a session about.
  await remote.eval("import threading; threading.Timer(0.2, print, ['late']).start()");
  const { value } = await logs.next();
  assertEquals(value.session_id, session.sessionId);
});

test("sessions that are used in rotation spread evals over the server's processes", async () => {
  await using server = await testServer();
  await using a = await connect(server.addr);
  await using b = await connect(server.addr);
  await using c = await connect(server.addr);
  const cycle = [a, b, c];
  const pids = await Promise.all(
    Array.from({ length: 9 }, (_, i) => cycle[i % 3]!.eval<number>("import os; os.getpid()")),
  );
  assert(new Set(pids).size > 1, `all evals ran in one process: ${pids}`);
  // One session stays in its process.
  assertEquals([pids[0], pids[3], pids[6]], [pids[0], pids[0], pids[0]]);
});

test("connect() returns a RemoteProcess whose calls return futures", async () => {
  await using server = await testServer();
  await using session = await PyProxySession.open(server.addr);
  await using remote = await session.connect();
  const future = remote.eval("1");
  assertInstanceOf(future, Future);
  assertEquals(await future, 1);
});

test("connect() opens the outputstream, which carries what the code prints", async () => {
  await using server = await testServer();
  await using session = await PyProxySession.open(server.addr);
  await using remote = await session.connect();
  const lines = await all(remote.output(remote.eval("print('over the outputstream')")));
  assertEquals(lines, [{ fd: 1, line: "over the outputstream", id: 1 }]);
});

test("the main thread goes on while sessions work", async () => {
  await using server = await testServer();
  await using a = await connect(server.addr);
  await using b = await connect(server.addr);
  const busy = [a, b].map((remote) => remote.eval("sum(i * i for i in range(2_000_000))"));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await Promise.all(busy);
  clearInterval(timer);
  assert(turns > 5, `the main thread had ${turns} turns meanwhile`);
});

test("eval() sends code with locs to be run by the server", async () => {
  await using own = await testRemote();
  const future = own.remote.eval("print(hello)", { locs: { hello: "hello world" } });
  assertEquals(await all(future.output()), [{ fd: 1, line: "hello world", id: 1 }]);
  assertEquals(await future, null);
});

test("eval() takes code alone: locs and globs are None unless given", async () => {
  await using own = await testRemote();
  assertEquals(await own.remote.eval("2 + 2"), 4);
  assertEquals(await own.remote.eval("2 + 2", { locs: null, globs: null }), 4);
  assertEquals(await own.remote.eval("2 + 2", { locs: undefined, globs: undefined }), 4);
});

test("eval() throws TypeError when the code is not a string", async () => {
  await using own = await testRemote();
  for (const code of [undefined, null, 1, {}, [], new Uint8Array(1), () => "1"]) {
    assertThrows(
      () => own.remote.eval(code as unknown as string),
      TypeError,
      "Cannot eval: the code must be a string, got",
    );
  }
  assertEquals(await own.remote.eval("'still works'"), "still works");
});

test("eval() takes locs and globs that are plain objects", async () => {
  await using own = await testRemote();
  assertEquals(await own.remote.eval("a + b", { locs: { a: 1 }, globs: { b: 2 } }), 3);
  const bare = Object.assign(Object.create(null), { a: 5 });
  assertEquals(await own.remote.eval("a", { locs: bare }), 5);
});

test("eval() throws TypeError when locs or globs are another kind of mapping", async () => {
  await using own = await testRemote();
  class Custom {
    a = 1;
  }
  for (const mapping of [new Map([["a", 1]]), [["a", 1]], new Custom(), "a", 1, true, new Date()]) {
    for (const name of ["locs", "globs"]) {
      assertThrows(
        () => own.remote.eval("a", { [name]: mapping }),
        TypeError,
        `Cannot eval: '${name}' must be a plain object, null or undefined, got`,
      );
    }
  }
});

test("eval() never blocks: 1,000 calls return before the first result is there", async () => {
  await using own = await testRemote();
  const slow = own.remote.eval("import time; time.sleep(0.2)");
  const futures = Array.from({ length: 1000 }, (_, i) => own.remote.eval("i", { locs: { i } }));
  assert(!slow.done);
  assert(futures.every((future) => !future.done));
  assertEquals(await Promise.all(futures), Array.from({ length: 1000 }, (_, i) => i));
});

test("eval() copies its arguments: a change after the call is not sent", async () => {
  await using own = await testRemote();
  const list = [1, 2, 3];
  const bytes = new Uint8Array(100_000).fill(1);
  const future = own.remote.eval("(sum(list), sum(bytes))", { locs: { list, bytes } });
  list.push(100);
  bytes.fill(2);
  assertEquals(await future, [6, 100_000]);
  assertEquals(bytes.length, 100_000);
});

test("eval() throws a subclass of SessionError on a closed session", async () => {
  await using own = await testRemote();
  await own.remote.close();
  const error = assertThrows(() => own.remote.eval("1"), SessionClosedError, "Cannot eval");
  assertInstanceOf(error, SessionError);
});

test("waiting on the Future gives the value each time", async () => {
  await using own = await testRemote();
  const future = own.remote.eval("[1, 2]");
  const first = await future;
  assertEquals(first, [1, 2]);
  assertEquals(await future, first);
  assertEquals(await future.wait(), first);
  assertEquals(await future.waitNoExcept(), { ok: true, value: first });
});
