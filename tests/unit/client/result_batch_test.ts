import { assertEquals } from "@std/assert";
import { ResultBatch } from "../../../src/bridge/result_batch.ts";
import { frameBytes } from "../../../src/wire/frame.ts";
import { MessageType } from "../../../src/wire/messages.ts";

const body = (length: number, fill: number) => new Uint8Array(length).fill(fill);

Deno.test("ResultBatch gives RESULT frames in order, then nothing until there are others", () => {
  const batch = new ResultBatch();
  assertEquals(batch.take(), undefined);
  batch.add(1, 0, body(5, 1));
  batch.add(2, 3, body(0, 0));
  const expected = [
    ...frameBytes(MessageType.RESULT, 0, 1, body(5, 1)),
    ...frameBytes(MessageType.RESULT, 3, 2, body(0, 0)),
  ];
  const taken = batch.take()!;
  assertEquals([...taken], expected);
  assertEquals(taken.buffer.byteLength, taken.length);
  assertEquals(batch.take(), undefined);
  batch.add(3, 0, body(1, 7));
  assertEquals(batch.take(), frameBytes(MessageType.RESULT, 0, 3, body(1, 7)));
  // What was given out before is left alone.
  assertEquals([...taken], expected);
});

Deno.test("ResultBatch takes as much as one turn brings", () => {
  const batch = new ResultBatch();
  const expected: number[] = [];
  for (let id = 1; id <= 300; id++) {
    const one = body(id % 7 === 0 ? 3_000 : id, id);
    batch.add(id, 0, one);
    expected.push(...frameBytes(MessageType.RESULT, 0, id, one));
  }
  assertEquals([...batch.take()!], expected);
});
