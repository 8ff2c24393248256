import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { KeptBuffers } from "../../../fake_server/common/kept_buffers.ts";
import {
  FREED_AT_ONCE_BYTES,
  KEPT_BUFFER_MS,
  MAX_KEPT_BYTES,
  MIN_KEPT_BUFFER_BYTES,
} from "../../../fake_server/common/limits.ts";
import { MessageType, type ServerHello } from "../../../src/wire/messages.ts";
import { evalBody } from "../../eval_body.ts";
import { RawSession, RawStream, readControl } from "../../raw_client.ts";
import { start } from "../../raw_server.ts";

const KIB = 1024;

Deno.test("KeptBuffers hand out the smallest that fits, and none that is far too large", () => {
  const kept = new KeptBuffers(() => 0);
  const [large, small, middle] = [800, 200, 400].map((size) => new ArrayBuffer(size * KIB));
  for (const buffer of [large!, small!, middle!]) kept.give(buffer);
  assertEquals(kept.bytes, 1400 * KIB);
  assertEquals(kept.take(801 * KIB), undefined);
  assertEquals(kept.take(99 * KIB), undefined);
  assertStrictEquals(kept.take(300 * KIB), middle);
  assertEquals(kept.take(300 * KIB), undefined);
  assertStrictEquals(kept.take(100 * KIB), small);
  assertStrictEquals(kept.take(800 * KIB), large);
  assertEquals(kept.bytes, 0);
});

Deno.test("KeptBuffers lend a kept buffer or a new one, and copy into it", () => {
  const kept = new KeptBuffers(() => 0);
  const first = kept.borrow(100 * KIB);
  assertEquals(first.length, 100 * KIB);
  kept.give(first.buffer);
  const bytes = Uint8Array.from({ length: 90 * KIB }, (_, i) => i);
  const copy = kept.copy(bytes);
  assertStrictEquals(copy.buffer, first.buffer);
  assertEquals(copy, bytes);
  assertEquals(kept.bytes, 0);
});

Deno.test("KeptBuffers keep no more than is allowed, and free the oldest", () => {
  const kept = new KeptBuffers(() => 0);
  const buffers = Array.from({ length: 5 }, () => new ArrayBuffer(MAX_KEPT_BYTES / 4));
  for (const buffer of buffers) kept.give(buffer);
  assertEquals(kept.bytes, MAX_KEPT_BYTES);
  assertEquals(buffers.map((buffer) => buffer.detached), [true, false, false, false, false]);
  for (const size of [MIN_KEPT_BUFFER_BYTES - 1, MAX_KEPT_BYTES + 1]) {
    kept.give(new ArrayBuffer(size));
    assertEquals(kept.take(size), undefined);
  }
});

Deno.test("KeptBuffers free what was not needed for a while", () => {
  let now = 0;
  const kept = new KeptBuffers(() => now);
  const [first, second] = [300, 500].map((size) => new ArrayBuffer(size * KIB));
  kept.give(first!);
  now = 10;
  kept.give(second!);
  kept.tick(KEPT_BUFFER_MS - 1);
  assertEquals(kept.bytes, 800 * KIB);
  kept.tick(KEPT_BUFFER_MS);
  assertEquals([kept.bytes, first!.detached, second!.detached], [500 * KIB, true, false]);
  kept.tick(KEPT_BUFFER_MS + 10);
  assertEquals([kept.bytes, second!.detached], [0, true]);
});

Deno.test("KeptBuffers free much in several turns", () => {
  const kept = new KeptBuffers(() => 0);
  for (let i = 0; i < 3; i++) kept.give(new ArrayBuffer(FREED_AT_ONCE_BYTES));
  const left: number[] = [];
  for (let turn = 0; turn < 4; turn++) {
    kept.tick(KEPT_BUFFER_MS);
    left.push(kept.bytes / FREED_AT_ONCE_BYTES);
  }
  assertEquals(left, [2, 1, 0, 0]);
});

Deno.test("server writes nothing into a result that a client has not taken yet", async () => {
  // No PING comes between the results, however long this takes.
  await using server = await start({ limits: { pingIntervalMs: 600_000 } });
  await using other = await RawSession.connect(server.addr);
  using main = await RawStream.dial(server.addr);
  await main.control(MessageType.CLIENT_HELLO, { protocol: 2, client: "raw" });
  const hello = readControl((await main.next())!.body) as unknown as ServerHello;
  using output = await RawStream.dial(server.outputAddr);
  await output.control(MessageType.OUTPUT_HELLO, { stream_token: hello.stream_token });
  assertEquals((await output.next())!.type, MessageType.OUTPUT_READY);
  // More than the sockets on the way hold: most of them wait in the server.
  const size = 4 * KIB * KIB;
  const count = 5;
  for (let id = 1; id <= count; id++) {
    await main.frame(MessageType.EVAL, 0, id, evalBody(`bytes([${id}]) * ${size}`));
  }
  for (let fill = 101; fill < 110; fill++) {
    const data = new Uint8Array(size).fill(fill);
    const { values } = await other.eval("data", { locs: { data } });
    assert(values.subarray(5).every((byte) => byte === fill), `in a result of ${fill}s`);
  }
  for (let id = 1; id <= count; id++) {
    const { id: its, body } = (await main.next())!;
    assertEquals([its, body.length], [id, 4 + 1 + 5 + size]);
    assert(body.subarray(10).every((byte) => byte === id), `in the result of eval ${id}`);
  }
});

Deno.test("server keeps the arguments of an eval that has to go to another process", async () => {
  await using server = await start();
  await using session = await RawSession.connect(server.addr);
  const size = 2 * KIB * KIB;
  const large = (fill: number) => ({ locs: { data: new Uint8Array(size).fill(fill) } });
  const died = session.eval("import os, time; time.sleep(0.2); os._exit(3)", large(1));
  const after = session.eval("data == bytes([2]) * len(data)", large(2));
  assertEquals((await died).status, 3);
  const { status, values } = await after;
  assertEquals([status, values.toHex()], [0, "c3"]);
  for (let fill = 3; fill < 9; fill++) {
    assertEquals(await session.value(`data == bytes([${fill}]) * len(data)`, large(fill)), true);
  }
});
