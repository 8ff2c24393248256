import { assertEquals } from "@std/assert";
import { ProgressWatch } from "../../../src/protocol/progress.ts";
import { frameBytes } from "../../../src/wire/frame.ts";
import { MessageType } from "../../../src/wire/messages.ts";

const frame = (id: number, length: number) =>
  frameBytes(MessageType.EVAL, 0, id, new Uint8Array(length));
const joined = (...frames: Uint8Array[]) => new Uint8Array(frames.flatMap((each) => [...each]));

Deno.test("ProgressWatch finds a frame among others, wherever in the stream it is", () => {
  const watch = new ProgressWatch();
  watch.given(new Uint8Array(1000));
  const batch = joined(frame(1, 88), frame(2, 188), frame(3, 10));
  watch.add([2], batch);
  // It waits for room: what is written is not its own.
  assertEquals(watch.moved(1000, undefined), []);
  watch.given(batch);
  assertEquals(watch.moved(1100, undefined), []);
  const expected = { sentTotal: 200, received: 0, receivedTotal: undefined };
  assertEquals(watch.moved(1150, undefined), [[2, { sent: 50, ...expected }]]);
  assertEquals(watch.moved(1150, undefined), []);
  assertEquals(watch.moved(5000, undefined), [[2, { sent: 200, ...expected }]]);
});

Deno.test("ProgressWatch counts what has come of a result, and only of that one", () => {
  const watch = new ProgressWatch();
  const batch = frame(7, 8);
  watch.add([7], batch);
  watch.given(batch);
  const part = { type: MessageType.RESULT as number, id: 6, length: 500, have: 100 };
  const sent = { sent: 20, sentTotal: 20 };
  assertEquals(watch.moved(20, part), [[7, { ...sent, received: 0, receivedTotal: undefined }]]);
  assertEquals(watch.moved(20, { ...part, id: 7, type: MessageType.OUTPUT }), []);
  assertEquals(watch.moved(20, { ...part, id: 7 }), [[7, {
    ...sent,
    received: 100,
    receivedTotal: 500,
  }]]);
  assertEquals(watch.finish(7, 500), { ...sent, received: 500, receivedTotal: 500 });
  assertEquals([watch.isEmpty, watch.finish(7, 500)], [true, undefined]);
});

Deno.test("ProgressWatch says that an eval which never left has sent nothing", () => {
  const watch = new ProgressWatch();
  watch.add([1], frame(1, 8));
  assertEquals(watch.finish(1, 9), { sent: 0, sentTotal: 20, received: 9, receivedTotal: 9 });
});
