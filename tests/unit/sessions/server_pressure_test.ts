import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import { MessageType, ResultStatus, type ServerHello } from "../../../src/wire/messages.ts";
import { evalBody } from "../../eval_body.ts";
import { RawSession, RawStream, readControl } from "../../raw_client.ts";
import { start } from "../../raw_server.ts";

Deno.test("server asks a silent client, and gives one up that does not answer", async () => {
  const limits = { pingIntervalMs: 100, pingTimeoutMs: 200, tickMs: 20 };
  await using server = await start({ limits });
  await using alive = await RawSession.connect(server.addr);
  const dead = await RawSession.connect(server.addr, { read: false });
  try {
    await dead.until(() => dead.mainEnded || undefined, "the end");
    assertEquals(dead.closeReason, "TIMEOUT");
  } finally {
    dead.readOutput();
    await dead[Symbol.asyncDispose]();
  }
  assertEquals(await alive.value("1"), 1);
});

Deno.test("server makes python wait for a client that does not read, and runs on when it does", async () => {
  await using server = await start();
  await using session = await RawSession.connect(server.addr, { read: false });
  const path = await Deno.makeTempFile();
  const total = 64 * 1024 * 1024;
  const code = `
import os
with open(path, "w") as progress:
    for i in range(total // 65536):
        os.write(1, b"x" * 65536)
        os.pwrite(progress.fileno(), b"%8d" % i, 0)
`;
  const written = (): number => (Number(Deno.readTextFileSync(path)) + 1) * 65_536;
  const flood = await session.send(code, { locs: { path, total } });
  // Blocked: nothing more is written for a while, far from the end.
  for (let before = -1; before !== written(); await delay(200)) before = written();
  assertLess(written(), total / 2);
  assertEquals(session.results.has(flood), false);
  session.readOutput();
  assertEquals((await session.text(flood)).length, total);
  assertEquals((await session.result(flood)).status, ResultStatus.VALUE);
  await Deno.remove(path);
});

Deno.test("server closes a session that does not take its output, and no other", async () => {
  await using server = await start({ limits: { slowReaderMs: 300, tickMs: 20 } });
  await using slow = await RawSession.connect(server.addr, { read: false });
  await using other = await RawSession.connect(server.addr);
  await slow.send("while True: print('x' * 1000)");
  await slow.until(() => slow.mainEnded || undefined, "the end");
  assertEquals(slow.closeReason, "SLOW_READER");
  assertEquals(await other.value("1"), 1);
  slow.readOutput();
});

Deno.test("server runs no more evals of a client that does not take their results", async () => {
  await using server = await start();
  using main = await RawStream.dial(server.addr);
  await main.control(MessageType.CLIENT_HELLO, { protocol: 2, client: "raw" });
  const hello = readControl((await main.next())!.body) as unknown as ServerHello;
  using output = await RawStream.dial(server.outputAddr);
  await output.control(MessageType.OUTPUT_HELLO, { stream_token: hello.stream_token });
  assertEquals((await output.next())!.type, MessageType.OUTPUT_READY);
  const count = 100;
  const body = evalBody("bytes(1 << 20)");
  for (let id = 1; id <= count; id++) await main.frame(MessageType.EVAL, 0, id, body);
  // Results of what runs still come in; then no eval is over any more.
  for (let before = -1; before !== server.stats().evals; await delay(200)) {
    before = server.stats().evals;
  }
  assertGreater(server.stats().evals, count / 2);
  for (let id = 1; id <= count; id++) assertEquals((await main.next())!.id, id);
  assertEquals(server.stats().evals, 0);
});
