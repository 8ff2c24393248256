import { assert, assertEquals } from "@std/assert";
import type { OutputItem } from "../../../src/bridge/bridge.ts";
import {
  OUTPUT_CREDIT_BYTES,
  OUTPUT_WAITING_BYTES,
  UNREAD_OUTPUT_LIFE_MS,
} from "../../../src/worker/output_limits.ts";
import { UnreadOutput } from "../../../src/worker/unread_output.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** One whose connection knows of each end that is told to it. */
function make(perEval = 1000, perSession = 2000): UnreadOutput {
  let ended = 0;
  const output = new UnreadOutput({ perEval, perSession }, (id) => id <= ended);
  const end = output.end.bind(output);
  output.end = (id) => {
    ended = Math.max(ended, id);
    end(id);
  };
  return output;
}

/** Items in short: text of chunks, "end 3", and to whom. */
function short(items: OutputItem[]): string[] {
  return items.map((item) => {
    if (item.kind === "log") return `log ${item.record.msg}`;
    const to = (item.to.eval ? "e" : "") + (item.to.all ? "a" : "");
    return item.kind === "end"
      ? `${to}: end ${item.id}`
      : `${to}: ${item.id}/${item.fd} ${new TextDecoder().decode(item.bytes)}`;
  });
}

Deno.test("UnreadOutput keeps output until its reader comes, then passes it on", () => {
  const output = make();
  output.output(1, 1, bytes("a"));
  output.output(1, 1, bytes("b"));
  output.output(1, 2, bytes("c"));
  assertEquals(output.take(), []);
  output.watch(1, true);
  assertEquals(short(output.take()), ["e: 1/1 ab", "e: 1/2 c"]);
  output.output(1, 1, bytes("d"));
  output.end(1);
  assertEquals(short(output.take()), ["e: 1/1 d", "e: end 1"]);
});

Deno.test("UnreadOutput tells the end of an eval that had no output, before or after it ended", () => {
  const output = make();
  output.watch(2, true);
  output.end(3);
  output.watch(1, true);
  assertEquals(short(output.take()), ["e: end 2", "e: end 1"]);
});

Deno.test("UnreadOutput drops the oldest of an eval past its limit, and counts exactly", () => {
  const output = make(1000, 100_000);
  let given = 0;
  for (let i = 0; i < 50; i++) {
    output.output(1, i % 2 === 0 ? 1 : 2, bytes("x".repeat(100)));
    given += 100;
  }
  output.end(1);
  const [drop] = output.takeDrops();
  output.watch(1, true);
  const kept = output.take().reduce(
    (sum, item) => sum + (item.kind === "chunk" ? item.bytes.length : 0),
    0,
  );
  assertEquals(drop, { id: 1, bytes: given - kept });
  assert(kept > 0 && kept <= 1000);
});

Deno.test("UnreadOutput keeps the newest of a flood, whatever the size of its pieces", () => {
  for (const size of [10, 5_000, 300_000]) {
    const output = make(100_000, 1_000_000);
    const flood = Uint8Array.from({ length: 600_000 }, (_, i) => i % 251);
    for (let at = 0; at < flood.length; at += size) output.output(1, 1, flood.slice(at, at + size));
    output.end(1);
    output.watch(1, true);
    const all = output.take(true);
    const kept = all.flatMap((item) => item.kind === "chunk" ? [...item.bytes] : []);
    assert(kept.length > 80_000 && kept.length <= 100_000, `${kept.length} of pieces of ${size}`);
    assertEquals(kept, [...flood.slice(-kept.length)]);
    assertEquals(output.takeDrops(), [{ id: 1, bytes: flood.length - kept.length }]);
  }
});

Deno.test("UnreadOutput drops the oldest eval's output past the session's limit", () => {
  const output = make(1000, 2000);
  for (const id of [1, 2, 3]) {
    output.output(id, 1, bytes("y".repeat(900)));
    output.end(id);
  }
  for (const id of [1, 2, 3]) output.watch(id, true);
  assertEquals(short(output.take()).filter((text) => !text.includes("end")).length, 2);
});

Deno.test("UnreadOutput frees output a while after its eval has settled, and counts it", () => {
  const output = make();
  output.output(1, 1, bytes("old"));
  output.end(1);
  output.settled(1, 1000);
  output.tick(1000 + UNREAD_OUTPUT_LIFE_MS - 1);
  assertEquals(output.takeDrops(), []);
  output.tick(1000 + UNREAD_OUTPUT_LIFE_MS);
  assertEquals(output.takeDrops(), [{ id: 1, bytes: 3 }]);
  output.watch(1, true);
  assertEquals(short(output.take()), ["e: end 1"]);
});

Deno.test("UnreadOutput gives a reader of all what is there, and takes nothing from the evals'", () => {
  const output = make();
  output.output(1, 1, bytes("one"));
  output.end(1);
  output.watch("all", true);
  output.output(2, 1, bytes("two"));
  output.watch(2, true);
  output.output(2, 1, bytes("more"));
  output.end(2);
  output.watch(1, true);
  assertEquals(short(output.take()), [
    "a: 1/1 one",
    "a: end 1",
    "a: 2/1 two",
    "e: 2/1 two",
    "ea: 2/1 more",
    "ea: end 2",
    "e: 1/1 one",
    "e: end 1",
  ]);
});

Deno.test("UnreadOutput is full once readers are behind, and goes on with their credit", () => {
  const output = make(1, 1);
  output.watch(1, true);
  const chunk = new Uint8Array(OUTPUT_CREDIT_BYTES / 4);
  let given = 0;
  while (!output.full) {
    output.output(1, 1, chunk);
    given += chunk.length;
    output.take();
  }
  assertEquals(given, OUTPUT_CREDIT_BYTES + OUTPUT_WAITING_BYTES);
  assertEquals(output.take(), []);
  output.giveCredit(OUTPUT_CREDIT_BYTES);
  assertEquals(output.take().length, 4);
  assert(!output.full);
});

Deno.test("UnreadOutput keeps what comes after a reader has left", () => {
  const output = make();
  output.watch(1, true);
  output.output(1, 1, bytes("a"));
  output.take();
  output.watch(1, false);
  output.output(1, 1, bytes("b"));
  output.end(1);
  assertEquals(output.take(), []);
  output.watch(1, true);
  assertEquals(short(output.take()), ["e: 1/1 b", "e: end 1"]);
});

Deno.test("UnreadOutput keeps the newest log records for a reader to come", () => {
  const output = make();
  for (let i = 0; i < 1003; i++) {
    output.log({ level: "info", ts: "t", msg: `${i}`, session_id: "s" }, 1);
  }
  output.watch("logs", true);
  const items = short(output.take());
  assertEquals(items.length, 1001);
  assertEquals(items[0], "log 3 older records were dropped because nobody read them");
  assertEquals(items[1], "log 3");
});

Deno.test("UnreadOutput tells the end of a silent eval to a reader that was there before", () => {
  const output = make();
  output.watch(2, true);
  output.silent(1);
  output.silent(2);
  assertEquals(short(output.take()), ["e: end 2"]);
});

Deno.test("UnreadOutput tells the end of an eval that never left, before or after its reader comes", () => {
  const output = make();
  output.watch(7, true);
  output.neverSent(7);
  output.neverSent(8);
  output.watch(8, true);
  output.watch(9, true);
  assertEquals(short(output.take()), ["e: end 7", "e: end 8"]);
  output.end(9);
  assertEquals(short(output.take()), ["e: end 9"]);
});
