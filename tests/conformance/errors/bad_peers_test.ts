// What answers is no PyProxy server, or a broken one: a clear error, and the program free to end.
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { encode } from "@std/msgpack";
import { createServer, type Server, type Socket } from "node:net";
import {
  connect,
  ConnectionError,
  ProtocolError,
  PyProxyPool,
  PyProxySession,
} from "../../../mod.ts";
import { frameBytes } from "../../../src/wire/frame.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { MessageType } from "../../../src/wire/messages.ts";
import { test } from "../../harness.ts";

/** A server that does with each connection what `serve` says. */
async function badServer(
  serve: (socket: Socket) => void,
): Promise<AsyncDisposable & { addr: string }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => sockets.delete(socket)); // the client may cut it: that is the test
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    addr: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A good SERVER_HELLO. */
function hello(outputAddr: string, changes: Record<string, unknown> = {}): Uint8Array {
  const body = {
    session_id: "0123456789abcdef0123456789abcdef",
    stream_token: "0123456789abcdef0123456789abcdef",
    output_addr: outputAddr,
    limits: { frame_bytes: 1024, evals_in_flight: 10 },
    server: "test",
    python: { version: "3", implementation: "test", msgpack: "test" },
    ...changes,
  };
  return frameBytes(MessageType.SERVER_HELLO, 0, 0, encode(body as Parameters<typeof encode>[0]));
}

test("open() throws TypeError when the address is invalid", async () => {
  for (
    const addr of [
      "",
      "local host:1",
      "localhost:",
      "localhost:x",
      ":9000",
      "host:0",
      "h:70000",
      "http://localhost:9000",
      "::1:9000",
      "[::1",
      "a/b:1",
    ]
  ) {
    await assertRejects(() => PyProxySession.open(addr), TypeError, "Cannot open a session");
  }
  const number = 9000 as unknown as string;
  await assertRejects(() => PyProxySession.open(number), TypeError, "is no string");
});

test("open() throws TypeError when an option is unknown or has the wrong type", async () => {
  const open = (options: unknown) => PyProxySession.open("localhost:1", options as object);
  await assertRejects(() => open({ timeout: 1 }), TypeError, "there is no option 'timeout'");
  await assertRejects(() => open({ connectTimeout: "1" }), TypeError, "'connectTimeout' must be");
  await assertRejects(() => open({ signal: {} }), TypeError, "'signal' must be an AbortSignal");
  await assertRejects(() => open(5), TypeError, "the options must be an object, got 5");
  await assertRejects(() => open({ limits: { queuedEvals: -1 } }), TypeError, "'queuedEvals'");
});

test("open() throws ConnectionError when the port is closed", async () => {
  // One that was open a moment ago might be somebody else's by now.
  const addr = "127.0.0.1:1";
  const error = await assertRejects(() => PyProxySession.open(addr), ConnectionError, addr);
  assertInstanceOf(error.cause, Error);
});

test("the stack of a failed open() shows the caller's line and no line of this library", async () => {
  const addr = "127.0.0.1:1";
  // With await: JavaScriptCore drops frames of tail calls.
  const ways = [
    async () => void await PyProxySession.open(addr),
    async () => void await connect(addr),
    async () => void await PyProxyPool.open(addr),
  ];
  for (const open of ways) {
    const { stack = "" } = await assertRejects(open, ConnectionError);
    const [heading, first] = stack.split("\n");
    assertStringIncludes(heading!, `ConnectionError: Cannot open a session at ${addr}: `);
    assertStringIncludes(first!, "bad_peers_test.ts");
    assert(!stack.includes("/src/"), stack);
  }
});

test("open() throws ConnectionError when the host is unknown", async () => {
  await assertRejects(
    () => PyProxySession.open("no-such-host.invalid:9000"),
    ConnectionError,
    "Cannot open a session at no-such-host.invalid:9000",
  );
});

test("open() throws ProtocolError when an HTTP server answers, and shows the answer", async () => {
  await using server = await badServer((socket) => {
    socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  await assertRejects(() => PyProxySession.open(server.addr), ProtocolError, "HTTP/1.1 400");
});

test("open() throws ConnectionError within its deadline when the server says nothing", async () => {
  await using server = await badServer(() => {});
  await assertRejects(
    () => PyProxySession.open(server.addr, { connectTimeout: 100 }),
    ConnectionError,
    "did not answer within 100 ms",
  );
});

test("open() rejects with the signal's reason when it aborts", async () => {
  await using server = await badServer(() => {});
  const reason = new Error("no patience");
  await assertRejects(
    () => PyProxySession.open(server.addr, { signal: AbortSignal.abort(reason) }),
    Error,
    "no patience",
  );
  const controller = new AbortController();
  const opening = PyProxySession.open(server.addr, { signal: controller.signal });
  controller.abort(reason);
  assertEquals(await opening.catch((error) => error), reason);
});

test("open() throws ProtocolError when the server speaks another version", async () => {
  for (const [version, side] of [[1, "the peer"], [3, "this side"]] as const) {
    await using server = await badServer((socket) => {
      const bytes = hello(":1");
      bytes[1] = version;
      socket.write(bytes);
    });
    await assertRejects(
      () => PyProxySession.open(server.addr),
      ProtocolError,
      `speaks version ${version} of the protocol, this side version 2; update ${side}`,
    );
  }
});

test("open() throws ProtocolError when the hello lacks a field or claims too much", async () => {
  for (
    const [bytes, why] of [
      [hello(":1", { session_id: 5 }), "SERVER_HELLO has no string 'session_id'"],
      [hello(":1", { session_id: "x" }), "SERVER_HELLO has a session_id of"],
      [hello(":1", { limits: null }), "no map"],
      [frameBytes(MessageType.SERVER_HELLO, 0, 0, new Uint8Array([0xc1])), "Cannot open"],
      [frameBytes(MessageType.RESULT, 0, 1, new Uint8Array(0)), "first message"],
      [new Uint8Array([0, 2, 2, 0, 255, 255, 255, 255, 0, 0, 0, 0]), "4294967295 bytes"],
    ] as const
  ) {
    await using server = await badServer((socket) => {
      socket.write(bytes);
    });
    await assertRejects(() => PyProxySession.open(server.addr), ProtocolError, why);
  }
});

test("open() throws ConnectionError when the server closes after any byte of its hello", async () => {
  const bytes = hello(":1");
  for (let k = 0; k < bytes.length; k += 7) {
    await using server = await badServer((socket) => {
      socket.end(bytes.subarray(0, k));
    });
    await assertRejects(
      () => PyProxySession.open(server.addr),
      ConnectionError,
      "before its hello",
    );
  }
});

test("open() throws an error with the message of the server's ERROR", async () => {
  await using server = await badServer((socket) => {
    const body = encode({ code: "LIMIT", message: "4096 sessions are open" });
    socket.write(frameBytes(MessageType.ERROR, 0, 0, body));
  });
  await assertRejects(
    () => PyProxySession.open(server.addr),
    ConnectionError,
    "the server said: 4096 sessions are open",
  );
});

test("connect() throws ConnectionError when the outputstream's port is closed", async () => {
  let closed: string;
  {
    await using server = await badServer(() => {});
    closed = server.addr;
  }
  await using server = await badServer((socket) => {
    socket.write(hello(closed));
  });
  const why = "Cannot connect session 0123456789abcdef0123456789abcdef at " +
    `${server.addr}: cannot dial the outputstream`;
  await assertRejects(() => connect(server.addr), ConnectionError, why);
  const session = await PyProxySession.open(server.addr);
  await assertRejects(() => session.connect(), ConnectionError, why);
});

test("connect() throws ConnectionError when the server names no address for the outputstream", async () => {
  await using server = await badServer((socket) => {
    socket.write(hello("unix:/somewhere"));
  });
  const why = "cannot dial the outputstream: Cannot go to";
  await assertRejects(() => connect(server.addr), ConnectionError, why);
  const session = await PyProxySession.open(server.addr);
  await assertRejects(() => session.connect(), ConnectionError, why);
});

test("connect() throws ConnectionError within its deadline when the outputstream is silent", async () => {
  await using server: AsyncDisposable & { addr: string } = await badServer((socket) => {
    // Only the mainstream gets a hello; the outputstream comes to the same port.
    if (first) socket.write(hello(`:${server.addr.split(":")[1]}`));
    first = false;
  });
  let first = true;
  await assertRejects(
    () => connect(server.addr, { connectTimeout: 200 }),
    ConnectionError,
    "did not answer within 200 ms",
  );
});

test("a server that breaks a rule loses the session, and gets an ERROR that names the rule", async () => {
  const told = Promise.withResolvers<string>();
  await using server = await badServer((socket) => {
    const reader = new FrameReader(4096);
    socket.on("data", (data: Uint8Array) => {
      reader.space().set(data);
      for (const frame of reader.filled(data.length)) {
        if (frame.type === MessageType.CLIENT_HELLO) {
          socket.write(hello(":1"));
          // A result that nobody asked for.
          const body = new Uint8Array([0, 0, 0, 1, 0x80, 0xc0]);
          socket.write(frameBytes(MessageType.RESULT, 0, 77, body));
        }
        if (frame.type === MessageType.ERROR) told.resolve(new TextDecoder().decode(frame.body));
      }
    });
  });
  const session = await PyProxySession.open(server.addr);
  const end = await session.closed;
  assertEquals(end.reason, "PROTOCOL");
  assertInstanceOf(end.error, ProtocolError);
  assert(end.error.message.includes("request 77"), end.error.message);
  assert((await told.promise).includes("request 77"));
});
