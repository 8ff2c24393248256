// What works over plain TCP works over TLS, over a unix socket and with a token; and whoever is not
// let in, or should not be trusted, is told so.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createServer as createTcpServer, type Socket } from "node:net";
import { createServer } from "node:tls";
import {
  AuthenticationError,
  CancelledError,
  connect,
  ConnectionError,
  type OpenOptions,
  PyProxyPool,
  PyProxySession,
  PythonError,
} from "../../mod.ts";
import { all, type Doors, shareDoors, test, testDoors, until } from "../harness.ts";

shareDoors();

/** One test over each transport. */
function testEach(name: string, body: (addr: string, options: OpenOptions) => Promise<void>): void {
  test(`${name}, over every transport`, async () => {
    const given = testDoors();
    for (const { what, addr, options } of given.doors) {
      try {
        await body(addr, options);
      } catch (error) {
        throw new Error(`with ${what}`, { cause: error });
      }
    }
  });
}

function secureDoor({ doors }: Doors): Doors["doors"][number] {
  return doors.find(({ options }) => options.tls !== undefined)!;
}

testEach("a session returns values, exceptions and output", async (addr, options) => {
  await using session = await PyProxySession.open(addr, options);
  assertEquals(session.sessionId.length, 32);
  await using remote = await session.connect();
  const future = remote.eval("import sys\nprint('a')\nprint('b', file=sys.stderr)\nx + 1", {
    locs: { x: 41 },
  });
  const lines = (await all(future.output())).map(({ fd, line }) => [fd, line]);
  assertEquals(lines, [[1, "a"], [2, "b"]]);
  assertEquals(await future, 42);
  const error = await assertRejects(() => remote.eval("1 / 0").wait(), PythonError);
  assertEquals(error.type, "ZeroDivisionError");
});

testEach("output is live", async (addr, options) => {
  await using remote = await connect(addr, options);
  const future = remote.eval("print('first', flush=True)\nwhile True: pass");
  for await (const { line } of future.output()) {
    assertEquals(line, "first");
    future.cancel();
  }
  await assertRejects(() => future.wait(), CancelledError);
});

testEach("large values travel in both directions, many at a time", async (addr, options) => {
  await using remote = await connect(addr, options);
  const data = new Uint8Array(3 * 1024 * 1024 + 17).map((_, i) => i * 31);
  const back = await Promise.all(
    Array.from(
      { length: 4 },
      (_, i) => remote.eval<Uint8Array>("data[i:]", { locs: { data, i } }),
    ),
  );
  for (const [i, each] of back.entries()) assertEquals(each, data.subarray(i));
  const numbers = await Promise.all(
    Array.from({ length: 500 }, (_, i) => remote.eval<number>("i * 2", { locs: { i } })),
  );
  assertEquals(numbers, Array.from({ length: 500 }, (_, i) => 2 * i));
});

testEach("much output arrives complete, even at a slow reader", async (addr, options) => {
  await using remote = await connect(addr, options);
  const future = remote.eval("for i in range(30_000): print('line', i, 'x' * 50)");
  let count = 0;
  for await (const { line } of future.output()) {
    assert(line.startsWith(`line ${count++} `), line);
    if (count % 5_000 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals(count, 30_000);
});

testEach("close({ drain: true }) lets evals in flight finish", async (addr, options) => {
  const remote = await connect(addr, options);
  const future = remote.eval("import time; time.sleep(0.1); 'done'");
  await remote.close({ drain: true });
  assertEquals(await future, "done");
  assertEquals(await remote.closed, { reason: "CLIENT_CLOSED" });
});

testEach("a pool logs in with each of its sessions", async (addr, options) => {
  await using pool = await PyProxyPool.open(addr, { ...options, size: 3 });
  const values = [1, 2, 3].map((x) => pool.eval<number>("x * x", { locs: { x } }));
  assertEquals(await Promise.all(values), [1, 4, 9]);
});

testEach("a client with another token, or none, is refused", async (addr, options) => {
  for (const token of [undefined, `${options.token}x`]) {
    const error = await assertRejects(
      () => connect(addr, { ...options, token }),
      AuthenticationError,
    );
    assertStringIncludes(error.message, `Cannot open a session at ${addr}: the server said: `);
    assert(!error.message.includes(options.token!), error.message);
  }
});

test("connect() sends nothing to a TLS server that it does not trust", async () => {
  const given = testDoors();
  for (const [who, identity] of Object.entries(given.impostors)) {
    let bytes = 0;
    const server = createServer(identity, (socket) => {
      socket.on("data", (data: Uint8Array) => bytes += data.length);
      socket.on("error", () => socket.destroy());
    });
    let ended = 0;
    server.on("connection", (socket) => socket.on("close", () => ended++));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      const error = await assertRejects(
        () => connect(`127.0.0.1:${port}`, { tls: { caCerts: [given.authority] } }),
        AuthenticationError,
        undefined,
        who,
      );
      assertStringIncludes(error.message, "the server is not the one it should be");
      await until("the impostor's socket is closed", () => ended === 1);
      assertEquals(bytes, 0, who);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }
});

test("connect() refuses a certificate for another name, or of an unknown authority", async () => {
  const given = testDoors();
  const { addr, options } = secureDoor(given);
  const caCerts = [given.authority];
  for (const tls of [true, { caCerts, serverName: "other.example" }]) {
    await assertRejects(() => connect(addr, { ...options, tls }), AuthenticationError);
  }
  await using remote = await connect(addr, { ...options, tls: { caCerts } });
  assertEquals(await remote.eval("1"), 1);
});

test("connect() says what is wrong when only one end uses TLS", async () => {
  const given = testDoors();
  const { addr, options } = secureDoor(given);
  const plain = await assertRejects(
    () => connect(addr, { ...options, tls: undefined }),
    ConnectionError,
  );
  assertStringIncludes(plain.message, "if it talks TLS, give the option 'tls'");
  const other = given.doors.find((door) => door.options.tls === undefined)!;
  const secure = await assertRejects(
    () => connect(other.addr, { ...other.options, tls: { caCerts: [given.authority] } }),
    ConnectionError,
  );
  assertStringIncludes(secure.message, "the server does not talk TLS");
});

test("connect() gives up when nobody answers its TLS handshake", async () => {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    const options = { tls: true, connectTimeout: 300 };
    const error = await assertRejects(
      () => connect(`127.0.0.1:${port}`, options),
      ConnectionError,
    );
    assertStringIncludes(error.message, "did not answer within 300 ms");
    await assertRejects(
      () => connect(`127.0.0.1:${port}`, { tls: true, signal: AbortSignal.timeout(300) }),
      DOMException,
    );
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

test("connect() throws TypeError for invalid TLS options", async () => {
  const wrong: unknown[] = [1, "yes", { ca: "x" }, { caCerts: "x" }, { caCerts: [1] }, {
    serverName: "",
  }];
  for (const tls of wrong) {
    await assertRejects(() => connect("127.0.0.1:1", { tls: tls as boolean }), TypeError);
  }
  await assertRejects(() => connect("unix:/nowhere", { tls: true }), TypeError, "no TLS on a unix");
});

test("connect() names the unix socket on which nobody answers", async () => {
  const error = await assertRejects(() => connect("unix:/nowhere/at/all"), ConnectionError);
  assertStringIncludes(error.message, "Cannot open a session at unix:/nowhere/at/all");
});
