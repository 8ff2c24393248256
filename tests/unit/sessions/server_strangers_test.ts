import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { frameBytes, writeHeader } from "../../../src/wire/frame.ts";
import { MessageType } from "../../../src/wire/messages.ts";
import { evalBody } from "../../eval_body.ts";
import { controlFrame, RawSession, RawStream, readControl } from "../../raw_client.ts";
import { start, until } from "../../raw_server.ts";

Deno.test("server answers a stranger with a reason and closes only its connection", async () => {
  await using server = await start({ limits: { handshakeMs: 200 } });
  await using canary = await RawSession.connect(server.addr);
  const hello = (protocol: unknown): Uint8Array =>
    controlFrame(MessageType.CLIENT_HELLO, { protocol, client: "x" });
  const old = hello(1);
  old[1] = 1;
  const huge = new Uint8Array(12);
  writeHeader(huge, 0, MessageType.CLIENT_HELLO, 0, 4_097, 0);
  const text = (words: string): Uint8Array => new TextEncoder().encode(words);
  const strangers: [string, Uint8Array, string][] = [
    ["an HTTP client", text("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "PROTOCOL"],
    ["garbage", crypto.getRandomValues(new Uint8Array(3_000)).fill(7, 0, 1), "PROTOCOL"],
    ["silence", new Uint8Array(0), "TIMEOUT"],
    ["half a hello", hello(2).subarray(0, 20), "TIMEOUT"],
    ["a hello too long", huge, "PROTOCOL"],
    ["the old version", old, "VERSION"],
    ["a version in the hello alone", hello(1), "VERSION"],
    ["a version to come", hello(3), "VERSION"],
    ["a hello that is none", hello("2"), "PROTOCOL"],
    ["an EVAL first", frameBytes(MessageType.EVAL, 0, 1, evalBody("1")), "PROTOCOL"],
    ["a type to come", frameBytes(0x77, 0, 0, new Uint8Array(0)), "PROTOCOL"],
    [
      "a hello with flags",
      frameBytes(MessageType.CLIENT_HELLO, 1, 0, new Uint8Array(0)),
      "PROTOCOL",
    ],
  ];
  for (const addr of [server.addr, server.outputAddr]) {
    for (const [who, bytes, code] of strangers) {
      using stream = await RawStream.dial(addr);
      await stream.send(bytes);
      const frame = await stream.next();
      assertEquals(frame?.type, MessageType.ERROR, who);
      assertEquals(readControl(frame!.body).code, code, who);
      assertEquals(await stream.next(), null, who);
    }
  }
  assertEquals(await canary.value("1"), 1);
  await until(() => server.stats().connections === 2);
});

Deno.test("server gives a stranger who sends byte by byte no more time than a silent one", async () => {
  await using server = await start({ limits: { handshakeMs: 200 } });
  await using canary = await RawSession.connect(server.addr);
  using stream = await RawStream.dial(server.addr);
  const hello = frameBytes(MessageType.CLIENT_HELLO, 0, 0, new Uint8Array(4_000));
  let ended = false;
  const trickle = async (): Promise<void> => {
    for (let i = 0; i < 2_000 && !ended; i++) {
      // The server may have closed by then.
      await stream.send(hello.subarray(i, i + 1)).catch(() => {});
      await delay(5);
    }
  };
  const sending = trickle();
  assertEquals(readControl((await stream.next())!.body).code, "TIMEOUT");
  ended = true;
  await sending;
  assertEquals(await canary.value("1"), 1);
});

Deno.test("server takes a stream token once, and no other", async () => {
  await using server = await start();
  await using session = await RawSession.open(server.addr);
  const refused = async (stream_token: string): Promise<unknown> => {
    using stream = await RawStream.dial(server.outputAddr);
    await stream.control(MessageType.OUTPUT_HELLO, { stream_token });
    return readControl((await stream.next())!.body);
  };
  const unknown = await refused("0".repeat(32));
  assertEquals((unknown as { code: string }).code, "STREAM_TOKEN");
  await session.connect();
  assertEquals(await refused(session.hello.stream_token), unknown);
  assertEquals(await session.value("1"), 1);
});

Deno.test("server ends a session that breaks a rule", async () => {
  const eval1 = evalBody("1");
  const lying = evalBody("1");
  lying[2] = 1;
  const broken: [string, Uint8Array, string][] = [
    ["a flag", frameBytes(MessageType.EVAL, 4, 1, eval1), "PROTOCOL"],
    ["id 0", frameBytes(MessageType.EVAL, 0, 0, eval1), "PROTOCOL"],
    ["a control map too long", frameBytes(MessageType.EVAL, 0, 1, lying), "PROTOCOL"],
    ["an empty EVAL", frameBytes(MessageType.EVAL, 0, 1, new Uint8Array(0)), "PROTOCOL"],
    ["a second hello", frameBytes(MessageType.CLIENT_HELLO, 0, 0, new Uint8Array(0)), "PROTOCOL"],
    ["a RESULT", frameBytes(MessageType.RESULT, 0, 1, eval1), "PROTOCOL"],
    ["a PING with a body", frameBytes(MessageType.PING, 0, 1, eval1), "PROTOCOL"],
    [
      "values that are none",
      frameBytes(MessageType.EVAL, 0, 1, evalBody("1", [1, 2])),
      "PROTOCOL",
    ],
  ];
  await using server = await start();
  await using canary = await RawSession.connect(server.addr);
  for (const [what, bytes, code] of broken) {
    await using session = await RawSession.connect(server.addr);
    await session.main.send(bytes);
    assertEquals(await session.closed(), code, what);
  }
  await using early = await RawSession.open(server.addr);
  await early.send("1");
  assertEquals(await early.closed(), "PROTOCOL");
  await using twice = await RawSession.connect(server.addr);
  await twice.eval("1");
  await twice.main.frame(MessageType.EVAL, 0, 1, eval1);
  assertEquals(await twice.closed(), "PROTOCOL");
  assertEquals(await canary.value("1"), 1);
});

Deno.test("server closes a session whose outputstream does not come", async () => {
  await using server = await start({ limits: { connectAfterHelloMs: 100, tickMs: 20 } });
  await using session = await RawSession.open(server.addr);
  assertEquals(await session.closed(), "TIMEOUT");
});

Deno.test("server takes no more sessions than it may", async () => {
  await using server = await start({ limits: { sessions: 2 } });
  await using first = await RawSession.open(server.addr);
  await using _second = await RawSession.open(server.addr);
  const error = await assertRejects(() => RawSession.open(server.addr), Error);
  assertStringIncludes(error.message, "LIMIT");
  await first.goodbye();
  await first.closed();
  await using _third = await RawSession.open(server.addr);
});

Deno.test("server greets no more strangers at a time than it may, and the next ones after them", async () => {
  await using server = await start({ limits: { handshakes: 2, handshakeMs: 300 } });
  using _one = await RawStream.dial(server.addr);
  using _two = await RawStream.dial(server.outputAddr);
  await until(() => server.stats().handshakes === 2);
  await using session = await RawSession.connect(server.addr);
  assertEquals(await session.value("1"), 1);
});

Deno.test("server holds no more of unfinished messages than it may", async () => {
  await using server = await start({ limits: { unfinishedBytes: 4 * 1024 * 1024 } });
  await using canary = await RawSession.connect(server.addr);
  await using session = await RawSession.connect(server.addr);
  const start1 = new Uint8Array(5 * 1024 * 1024);
  writeHeader(start1, 0, MessageType.EVAL, 0, 200 * 1024 * 1024, 1);
  // It is closed in the middle of this.
  await session.main.send(start1).catch(() => {});
  assertEquals(await session.closed(), "LIMIT");
  const data = new Uint8Array(3 * 1024 * 1024);
  assertEquals(await canary.value("len(data)", { locs: { data } }), data.length);
});

Deno.test("server answers a PING on either stream, and ends when it is sent an ERROR", async () => {
  await using server = await start();
  using main = await RawStream.dial(server.addr);
  await main.control(MessageType.CLIENT_HELLO, { protocol: 2, client: "raw" });
  const { stream_token } = readControl((await main.next())!.body);
  using output = await RawStream.dial(server.outputAddr);
  await output.control(MessageType.OUTPUT_HELLO, { stream_token });
  assertEquals((await output.next())!.type, MessageType.OUTPUT_READY);
  assertEquals((await output.next())!.type, MessageType.LOG);
  for (const stream of [main, output]) {
    await stream.frame(MessageType.PING, 0, 77, new Uint8Array(0));
    const pong = (await stream.next())!;
    assertEquals([pong.type, pong.id], [MessageType.PONG, 77]);
  }
  await main.control(MessageType.ERROR, { code: "PROTOCOL", message: "you" });
  assertEquals(await main.next(), null);
  assertEquals(await output.next(), null);
});
