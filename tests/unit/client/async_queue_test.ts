import { assertEquals, assertRejects } from "@std/assert";
import { AsyncQueue } from "../../../src/api/async_queue.ts";
import { SessionEvents } from "../../../src/api/events.ts";

/** Reads to the end. */
async function rest<Item>(queue: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

const DONE = { done: true, value: undefined } as const;

Deno.test("a queue gives what was pushed before the reader asks, in order", async () => {
  const queue = new AsyncQueue<number>();
  for (let i = 0; i < 1000; i++) queue.push(i);
  queue.end();
  assertEquals(await rest(queue), Array.from({ length: 1000 }, (_, i) => i));
});

Deno.test("a queue gives what is pushed after the reader has asked", async () => {
  const queue = new AsyncQueue<number>();
  const next = queue.next();
  queue.push(1);
  assertEquals(await next, { done: false, value: 1 });
});

Deno.test("calls of next that wait are served in their order, and all of them at the end", async () => {
  const queue = new AsyncQueue<number>();
  const calls = [queue.next(), queue.next(), queue.next(), queue.next()];
  queue.push(1);
  queue.push(2);
  queue.end();
  const results = await Promise.all(calls);
  assertEquals(results, [{ done: false, value: 1 }, { done: false, value: 2 }, DONE, DONE]);
});

Deno.test("the end comes after what is there", async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  queue.end();
  assertEquals(await queue.next(), { done: false, value: 1 });
  assertEquals(await queue.next(), DONE);
  assertEquals(await queue.next(), DONE);
});

Deno.test("an error comes after what is there, once, and only the first end counts", async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  queue.end(new RangeError("over"));
  queue.end();
  assertEquals(await queue.next(), { done: false, value: 1 });
  await assertRejects(() => queue.next(), RangeError, "over");
  assertEquals(await queue.next(), DONE);
});

Deno.test("of several calls that wait, the first gets the error and the others the end", async () => {
  const queue = new AsyncQueue<number>();
  const [first, second] = [queue.next(), queue.next()];
  queue.end(new RangeError("over"));
  await assertRejects(() => first, RangeError, "over");
  assertEquals(await second, DONE);
});

Deno.test("return ends the calls that wait, and hands over what was not read", async () => {
  const left: number[][] = [];
  const queue = new AsyncQueue<number[], number>({
    unfold: (entry) => entry,
    onDone: (items, entries) => left.push(items, ...entries),
  });
  queue.push([1, 2, 3]);
  queue.push([4]);
  queue.push([5, 6]);
  assertEquals(await queue.next(), { done: false, value: 1 });
  assertEquals(await queue.return(), DONE);
  assertEquals(left, [[2, 3], [4], [5, 6]]);
  queue.push([7]);
  assertEquals(await queue.next(), DONE);
  await queue.return();
  assertEquals(left.length, 3);

  const empty = new AsyncQueue<number>();
  const waiting = [empty.next(), empty.next()];
  await empty.return();
  assertEquals(await Promise.all(waiting), [DONE, DONE]);
});

Deno.test("a queue without a reader unfolds nothing, and an entry may have no items", async () => {
  const unfolded: number[] = [];
  const queue = new AsyncQueue<number>({
    unfold: (entry) => {
      unfolded.push(entry);
      return entry % 2 === 0 ? [] : [entry];
    },
  });
  for (let i = 0; i < 4; i++) queue.push(i);
  assertEquals(unfolded, []);
  assertEquals(await queue.next(), { done: false, value: 1 });
  assertEquals(unfolded, [0, 1]);
  queue.end();
  assertEquals(await rest(queue), [3]);
});

Deno.test("past its bound a queue drops the oldest entries", async () => {
  const queue = new AsyncQueue<number>({ bound: 3 });
  for (let i = 0; i < 1000; i++) queue.push(i);
  queue.end();
  assertEquals(await rest(queue), [997, 998, 999]);
});

Deno.test("what is pushed to a reader that waits does not count for the bound", async () => {
  const queue = new AsyncQueue<number>({ bound: 1 });
  const calls = [queue.next(), queue.next()];
  queue.push(1);
  queue.push(2);
  assertEquals(await Promise.all(calls), [{ done: false, value: 1 }, { done: false, value: 2 }]);
});

Deno.test("a second reader of events goes on where the first has left", async () => {
  const events = new SessionEvents();
  for (const pid of [1, 2]) events.push({ type: "python_ready", at: 0, pid });
  for await (const event of events.read()) {
    assertEquals(event, { type: "python_ready", at: 0, pid: 1 });
    break;
  }
  events.push({ type: "closed", at: 0, reason: "CLIENT_CLOSED" });
  assertEquals((await rest(events.read())).map(({ type }) => type), ["python_ready", "closed"]);
  assertEquals(await rest(events.read()), []);
});
