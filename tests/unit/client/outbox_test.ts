import { assertEquals, assertStrictEquals } from "@std/assert";
import { Outbox } from "../../../src/transport/outbox.ts";
import { frameBytes } from "../../../src/wire/frame.ts";

/** A stream whose writes the test lets finish, one by one. */
class SlowStream {
  readonly writes: Uint8Array[] = [];
  readonly #pending: PromiseWithResolvers<void>[] = [];

  write(bytes: Uint8Array): Promise<void> {
    // A buffer of small messages is used again.
    this.writes.push(bytes.length > 32 * 1024 ? bytes : bytes.slice());
    const pending = Promise.withResolvers<void>();
    this.#pending.push(pending);
    return pending.promise;
  }

  /** Lets the write that is under way finish, and waits until what follows from it is done. */
  async finish(): Promise<void> {
    this.#pending.shift()!.resolve();
    await settled();
  }

  async fail(error: unknown): Promise<void> {
    this.#pending.shift()!.reject(error);
    await settled();
  }

  get sizes(): number[] {
    return this.writes.map((bytes) => bytes.length);
  }
}

/** A turn of the event loop: every promise that could settle has. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function unexpected(error: unknown): never {
  throw error;
}

/** Whether a promise has settled by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  promise.then(() => done = true);
  await settled();
  return done;
}

const text = (value: string) => new TextEncoder().encode(value);
const bytes = (length: number, fill = 0) => new Uint8Array(length).fill(fill);

Deno.test("send() writes what comes in one turn together, and what comes later after it", async () => {
  const stream = new SlowStream();
  const outbox = new Outbox(stream, unexpected);
  outbox.send(text("a"));
  outbox.send(text("b"));
  await settled();
  outbox.send(text("c"));
  outbox.send(text("d"));
  assertEquals(stream.writes, [text("ab")]);
  assertEquals(outbox.waiting, 4);
  await stream.finish();
  assertEquals(stream.writes, [text("ab"), text("cd")]);
  assertEquals(outbox.waiting, 2);
  await stream.finish();
  assertEquals(outbox.waiting, 0);
  outbox.send(text("e"));
  await settled();
  assertEquals(stream.writes.at(-1), text("e"));
  await stream.finish();
});

Deno.test("send() writes a large message uncopied, and in its place", async () => {
  const stream = new SlowStream();
  const outbox = new Outbox(stream, unexpected);
  const large = bytes(65_537);
  const exact = bytes(65_536);
  for (const one of [text("a"), large, text("b"), text("c"), exact, text("d")]) outbox.send(one);
  for (let i = 0; i < 5; i++) {
    await settled();
    await stream.finish();
  }
  assertEquals(stream.sizes, [1, 65_537, 2, 65_536, 1]);
  assertStrictEquals(stream.writes[1], large);
  assertStrictEquals(stream.writes[3], exact);
});

Deno.test("send() gathers small messages up to 64 KiB a write and keeps every byte in order", async () => {
  const stream = new SlowStream();
  const outbox = new Outbox(stream, unexpected);
  const sent: number[] = [];
  for (let i = 0; i < 300; i++) {
    const one = bytes(1 + (i * 37) % 1000, i);
    sent.push(...one);
    outbox.send(one);
  }
  await settled();
  while (outbox.waiting > 0) await stream.finish();
  const written = stream.writes.flatMap((one) => Array.from(one));
  assertEquals(written, sent);
  assertEquals(stream.sizes.every((size) => size <= 65_536), true);
  assertEquals(stream.writes.length, Math.ceil(sent.length / 65_536));
});

Deno.test("send() writes what is very large a part at a time, none of it copied", async () => {
  const stream = new SlowStream();
  const outbox = new Outbox(stream, unexpected);
  const large = bytes(600_000, 7);
  let isDone = false;
  outbox.send(large, () => isDone = true);
  outbox.send(text("next"));
  await settled();
  await stream.finish();
  assertEquals(outbox.waiting, 600_004 - 262_144);
  await stream.finish();
  assertEquals(isDone, false);
  await stream.finish();
  assertEquals(isDone, true);
  await stream.finish();
  assertEquals(stream.sizes, [262_144, 262_144, 75_712, 4]);
  for (const part of stream.writes.slice(0, 3)) assertStrictEquals(part.buffer, large.buffer);
  assertEquals(stream.writes.slice(0, 3).map(({ byteOffset }) => byteOffset), [
    0,
    262_144,
    524_288,
  ]);
});

Deno.test("send() begins a large message in the write in front of it, if it has used buffers", async () => {
  const stream = new SlowStream();
  const lent: ArrayBufferLike[] = [];
  const buffers = {
    borrow: (size: number) => new Uint8Array(new ArrayBuffer(200_000), 0, size),
    give: (buffer: ArrayBufferLike) => lent.push(buffer),
  };
  const outbox = new Outbox(stream, unexpected, { buffers });
  const [middle, large] = [bytes(40_000, 3), bytes(300_000, 7)];
  const done: string[] = [];
  outbox.sendFrame(1, 0, 1, middle, () => done.push("middle"));
  outbox.sendFrame(1, 0, 2, large, () => done.push("large"));
  await settled();
  assertEquals([outbox.waiting, done, lent.length], [340_024, [], 0]);
  await stream.finish();
  assertEquals([outbox.waiting, done, lent.length], [300_012, ["middle"], 1]);
  await stream.finish();
  assertEquals([outbox.waiting, done, lent.length], [300_000 - 98_304, ["middle"], 2]);
  await stream.finish();
  assertEquals([outbox.waiting, done], [0, ["middle", "large"]]);
  assertEquals(stream.sizes, [40_012, 98_316, 300_000 - 98_304]);
  assertStrictEquals(stream.writes[2]!.buffer, large.buffer);
  const written = stream.writes.flatMap((one) => Array.from(one));
  assertEquals(written, [...frameBytes(1, 0, 1, middle), ...frameBytes(1, 0, 2, large)]);
});

Deno.test("send() writes no more at a time than the stream takes", async () => {
  const stream = new SlowStream();
  const outbox = new Outbox(stream, unexpected, { writeBytes: 100_000 });
  outbox.send(bytes(250_000));
  for (let i = 0; i < 3; i++) {
    await settled();
    await stream.finish();
  }
  assertEquals(stream.sizes, [100_000, 100_000, 50_000]);
});

Deno.test("send() lets nothing at all pass as a write", async () => {
  const stream = new SlowStream();
  const outbox = new Outbox(stream, unexpected);
  outbox.send(bytes(0));
  await settled();
  assertEquals(stream.writes, []);
  await outbox.idle();
});

Deno.test("idle() resolves when all that was sent is written, also what came meanwhile", async () => {
  const stream = new SlowStream();
  const outbox = new Outbox(stream, unexpected);
  await outbox.idle();
  outbox.send(text("a"));
  const idle = outbox.idle();
  await settled();
  outbox.send(text("b"));
  await stream.finish();
  assertEquals(await isDone(idle), false);
  await stream.finish();
  assertEquals(await isDone(idle), true);
  assertEquals(await isDone(outbox.idle()), true);
});

Deno.test("below() resolves as soon as so little waits, for each who asks", async () => {
  const stream = new SlowStream();
  const outbox = new Outbox(stream, unexpected);
  await outbox.below(0);
  outbox.send(bytes(70_000));
  outbox.send(bytes(80_000));
  await outbox.below(150_000);
  const half = outbox.below(80_000);
  const empty = outbox.below(0);
  assertEquals([await isDone(half), await isDone(empty)], [false, false]);
  await stream.finish();
  assertEquals([await isDone(half), await isDone(empty)], [true, false]);
  await stream.finish();
  assertEquals(await isDone(empty), true);
});

Deno.test("an error of a write is told once, frees who waits, and lets go what was sent", async () => {
  const stream = new SlowStream();
  const errors: unknown[] = [];
  const outbox = new Outbox(stream, (error) => {
    errors.push(error);
    // Whoever hears of it may send a last word: it goes nowhere.
    outbox.send(text("goodbye"));
  });
  outbox.send(text("a"));
  await settled();
  outbox.send(text("b"));
  const waiting = [outbox.idle(), outbox.below(0)];
  const broken = new Error("broken pipe");
  await stream.fail(broken);
  await Promise.all(waiting);
  assertEquals(errors, [broken]);
  assertEquals(outbox.waiting, 0);

  outbox.send(text("c"));
  await Promise.all([outbox.idle(), outbox.below(0)]);
  assertEquals([stream.writes, errors.length, outbox.waiting], [[text("a")], 1, 0]);
});

Deno.test("a write that throws at once is an error like any other", async () => {
  const errors: unknown[] = [];
  const outbox = new Outbox({
    write() {
      throw new TypeError("closed");
    },
  }, (error) => errors.push(error));
  outbox.send(text("a"));
  await outbox.idle();
  assertEquals(errors.length, 1);
});

Deno.test("send() says when much was written, and not before", async () => {
  const stream = new SlowStream();
  const outbox = new Outbox(stream, unexpected);
  const done: string[] = [];
  outbox.send(bytes(100_000), () => done.push("first"));
  outbox.send(bytes(10), () => done.push("few"));
  outbox.send(bytes(200_000), () => done.push("second"));
  await settled();
  assertEquals(done, []);
  await stream.finish();
  assertEquals(done, ["first"]);
  await stream.finish();
  assertEquals(done, ["first"]);
  await stream.finish();
  assertEquals(done, ["first", "second"]);
  assertEquals(stream.sizes, [100_000, 10, 200_000]);
});

Deno.test("send() says of nothing that it was written after an error", async () => {
  const stream = new SlowStream();
  const errors: unknown[] = [];
  const outbox = new Outbox(stream, (error) => errors.push(error));
  const done = () => errors.push("done");
  outbox.send(bytes(100_000), done);
  outbox.send(bytes(100_000), done);
  await settled();
  await stream.fail("broken");
  outbox.send(bytes(100_000), done);
  await settled();
  assertEquals(errors, ["broken"]);
});

Deno.test("sendFrame() writes header and body, a large body uncopied behind its header", async () => {
  const stream = new SlowStream();
  const outbox = new Outbox(stream, unexpected);
  const large = bytes(100_000);
  outbox.sendFrame(0x11, 3, 7, text("body"));
  outbox.sendFrame(0x12, 0, 8, large);
  await settled();
  assertEquals(
    stream.writes[0],
    concat(frameBytes(0x11, 3, 7, text("body")), head(0x12, 8, large)),
  );
  await stream.finish();
  assertStrictEquals(stream.writes[1], large);
  assertEquals(outbox.waiting, 100_000);
  await stream.finish();
  assertEquals(outbox.waiting, 0);
});

Deno.test("gatherFrame() writes with what is sent next, or at flush(), in order", async () => {
  const stream = new SlowStream();
  const outbox = new Outbox(stream, unexpected);
  const frames = [1, 2, 3, 4].map((id) => frameBytes(0x11, 0, id, text("x")));
  outbox.gatherFrame(0x11, 0, 1, text("x"));
  outbox.gatherFrame(0x11, 0, 2, text("x"));
  await settled();
  assertEquals(stream.writes, []);
  assertEquals(outbox.waiting, 26);
  outbox.sendFrame(0x11, 0, 3, text("x"));
  await settled();
  assertEquals(stream.writes, [concat(...frames.slice(0, 3))]);
  await stream.finish();
  outbox.gatherFrame(0x11, 0, 4, text("x"));
  outbox.flush();
  await settled();
  assertEquals(stream.writes[1], frames[3]);
  await stream.finish();
});

Deno.test("idle() and below() write what was gathered", async () => {
  for (const wait of ["idle", "below"] as const) {
    const stream = new SlowStream();
    const outbox = new Outbox(stream, unexpected);
    outbox.gatherFrame(0x11, 0, 1, text("x"));
    const waiting = outbox[wait](0);
    await settled();
    assertEquals(stream.sizes, [13]);
    await stream.finish();
    assertEquals(await isDone(waiting), true);
  }
});

Deno.test("send() leaves the bytes of small messages to the caller at once", async () => {
  const stream = new SlowStream();
  const outbox = new Outbox(stream, unexpected);
  const small = text("abc");
  outbox.send(small);
  small.fill(0);
  await settled();
  assertEquals(stream.writes, [text("abc")]);
  // Nor does a message that comes during a write touch what is being written.
  outbox.send(text("def"));
  await stream.finish();
  await stream.finish();
  assertEquals(stream.writes, [text("abc"), text("def")]);
});

function concat(...pieces: Uint8Array[]): Uint8Array {
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

function head(type: number, id: number, body: Uint8Array): Uint8Array {
  return frameBytes(type, 0, id, body).subarray(0, 12);
}
