import { assertEquals, assertThrows } from "@std/assert";
import { checkOpenOptions } from "../../../src/api/check_options.ts";
import { EncodeError, QueueFullError } from "../../../src/api/errors.ts";
import type { EvalOptions, SessionLimits } from "../../../src/api/options.ts";
import { EvalQueue, sentReports } from "../../../src/main_thread/eval_queue.ts";
import { MAX_USED_BUFFER_BYTES } from "../../../src/values/codec/writer.ts";
import {
  HEADER_BYTES,
  MAX_CONTROL_BODY_BYTES,
  MAX_FRAME_BODY_BYTES,
} from "../../../src/wire/limits.ts";

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

/** The body of the one eval that is added with these options, as hexadecimal digits. */
function bodyOf(code: string, options: EvalOptions): string {
  const { queue: own } = queue({});
  own.add(1, code, options, MAX_FRAME_BODY_BYTES);
  return own.take()!.bytes.subarray(HEADER_BYTES).toHex();
}

Deno.test("EvalQueue writes control, then the code as one string, then locs and globs", () => {
  assertEquals(bodyOf("2+2", {}), "00000001" + "80" + "a3322b32");
  assertEquals(bodyOf("x", { locs: { x: 1 } }), "00000001" + "80" + "a178" + "9281a17801c0");
  const namespace = "82" + "a96e616d657370616365" + "a16e" + "a6737472696374" + "c3";
  assertEquals(bodyOf("x", { namespace: "n", strict: true }), "00000015" + namespace + "a178");
  assertEquals(bodyOf("x", { strict: false }), "00000009" + "81" + "a6737472696374c2" + "a178");
  const long = "x".repeat(300);
  assertEquals(bodyOf(long, {}), "00000001" + "80" + "da012c" + "78".repeat(300));
});

Deno.test("EvalQueue refuses code that is no text and a namespace too long to name, and goes on", () => {
  const { queue: own } = queue({});
  const add = (code: string, options: EvalOptions): void =>
    own.add(1, code, options, MAX_FRAME_BODY_BYTES);
  const noText = assertThrows(() => add("\ud800", {}), EncodeError);
  assertEquals(noText.path, "code");
  const namespace = "n".repeat(MAX_CONTROL_BODY_BYTES);
  const tooLong = assertThrows(() => add("1", { namespace }), EncodeError);
  assertEquals(tooLong.path, "namespace");
  assertEquals(
    tooLong.message,
    "Cannot send eval 1: its namespace's name and 'strict' take 65552 bytes, more than the 65536 " +
      "allowed; use a shorter name",
  );
  assertThrows(() => add("1", { namespace: "\ud800" }), EncodeError, "Cannot send namespace: ");
  assertEquals(own.take(), undefined);
  add("1", { namespace: namespace.slice(20) });
  assertEquals(own.take()?.bytes.length, HEADER_BYTES + 4 + MAX_CONTROL_BODY_BYTES - 6 + 2);
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
