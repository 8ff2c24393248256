import { assertEquals, assertThrows } from "@std/assert";
import { checkOpenOptions } from "../../src/api/check_options.ts";
import { QueueFullError } from "../../src/api/errors.ts";
import type { SessionLimits } from "../../src/api/options.ts";
import { EvalQueue, sentReports } from "../../src/main_thread/eval_queue.ts";
import { MAX_USED_BUFFER_BYTES } from "../../src/values/codec/writer.ts";
import { MAX_FRAME_BODY_BYTES } from "../../src/wire/limits.ts";

function queue(limits: SessionLimits): { add(id: number, code?: string): void; queue: EvalQueue } {
  const queue = new EvalQueue(checkOpenOptions({ limits }).limits);
  return { queue, add: (id, code = "1") => queue.add(id, code, {}, MAX_FRAME_BODY_BYTES) };
}

Deno.test("EvalQueue refuses what is past its limit, and takes more once some are sent", () => {
  const own = queue({ queuedEvals: 3 });
  for (const id of [1, 2, 3]) own.add(id);
  assertThrows(() => own.add(4), QueueFullError, "3 evals");
  own.queue.sentUpTo(2);
  for (const id of [4, 5]) own.add(id);
  assertThrows(() => own.add(6), QueueFullError);
  own.queue.sentUpTo(5);
  for (const id of [6, 7, 8]) own.add(id);
  assertThrows(() => own.add(9), QueueFullError);
});

Deno.test("EvalQueue has room again for what was cancelled before it was sent", () => {
  const own = queue({ queuedEvals: 3, queuedBytes: 1_000 });
  own.add(1);
  for (let id = 2; id < 1_000; id += 2) {
    own.add(id, "x".repeat(400));
    own.add(id + 1, "x".repeat(400));
    assertThrows(() => own.add(id + 2), QueueFullError);
    own.queue.drop(id + 1);
    own.queue.drop(id + 1);
    own.queue.drop(id);
    own.queue.take();
  }
  own.queue.sentUpTo(1);
  own.queue.drop(1);
  for (const id of [1_001, 1_002, 1_003]) own.add(id);
  assertThrows(() => own.add(1_004), QueueFullError, "3 evals");
  // One that was dropped is not given back a second time when what comes after it is sent.
  own.queue.sentUpTo(1_003);
  for (const id of [1_004, 1_005, 1_006]) own.add(id);
  assertThrows(() => own.add(1_007), QueueFullError, "3 evals");
});

Deno.test("EvalQueue writes large evals into the buffer of one that was sent, while it is at hand", () => {
  const { queue: own } = queue({});
  let id = 0;
  const send = (size: number, fill = 7): Uint8Array<ArrayBuffer> => {
    const data = new Uint8Array(size).fill(fill);
    own.add(++id, "data", { locs: { data } }, MAX_FRAME_BODY_BYTES);
    const { bytes } = own.take()!;
    own.sentUpTo(id);
    assertEquals(bytes.subarray(-size - 1, -1), data);
    return bytes;
  };
  const { buffer } = send(1_000_000);
  own.reuse(buffer);
  own.rest();
  // Also for one that is a little longer; not for one that does not fit.
  assertEquals(send(2_000_000).buffer === buffer, false);
  assertEquals(send(1_000_100, 8).buffer === buffer, true);
  assertEquals(send(1_000_000).buffer === buffer, false);
  own.reuse(buffer);
  own.rest();
  assertEquals(buffer.byteLength, 1 << 20);
  own.rest();
  assertEquals(buffer.byteLength, 0);
  assertEquals(send(1_000_000).buffer.byteLength, 1 << 20);
  // What is far smaller takes none that is large.
  own.reuse(new ArrayBuffer(8 << 20));
  assertEquals(send(300_000).buffer.byteLength, 1 << 20);
  const huge = new ArrayBuffer(MAX_USED_BUFFER_BYTES + 1);
  own.reuse(huge);
  assertEquals(send(MAX_USED_BUFFER_BYTES - 100).buffer === huge, false);
});

Deno.test("sentReports() come often enough for a small queue, and seldom for a large one", () => {
  const reports = (limits: SessionLimits) => sentReports(checkOpenOptions({ limits }).limits);
  assertEquals(reports({}).sentReportEvals, 256);
  assertEquals(reports({ queuedEvals: 8, queuedBytes: 1_000 }), {
    sentReportEvals: 2,
    sentReportBytes: 250,
  });
  assertEquals(reports({ queuedEvals: 1 }).sentReportEvals, 1);
});
