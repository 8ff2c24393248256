// What the server makes of a client's silence, on a clock of the test's. Promise 11.
import { assertEquals } from "@std/assert";
import { Connection } from "../../../fake_server/clients/connections/connection.ts";
import { KeptBuffers } from "../../../fake_server/common/kept_buffers.ts";
import { DEFAULT_LIMITS } from "../../../fake_server/common/limits.ts";
import { frameBytes } from "../../../src/wire/frame.ts";
import { MessageType } from "../../../src/wire/messages.ts";

const HIGH_WATER_BYTES = 256 * 1024;

/** A socket whose kernel takes so many bytes, and whose peer says what the test says. */
class FakeSocket {
  readonly peer = "127.0.0.1:1";
  room = Infinity;
  readonly sent: number[] = [];
  #read: { into: Uint8Array; resolve: (count: number | null) => void } | undefined;
  #write: (() => void) | undefined;
  #closed = false;

  read(into: Uint8Array): Promise<number | null> {
    if (this.#closed) return Promise.resolve(null);
    return new Promise((resolve) => this.#read = { into, resolve });
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.room === 0) await new Promise<void>((resolve) => this.#write = resolve);
    const count = Math.min(bytes.length, this.room);
    this.room -= count;
    this.sent.push(bytes[2]!);
    return count;
  }

  /** The peer sends something; resolves when the server has taken it. */
  async hear(): Promise<void> {
    const bytes = frameBytes(MessageType.PONG, 0, 0, new Uint8Array(0));
    const { into, resolve } = this.#read!;
    this.#read = undefined;
    into.set(bytes);
    resolve(bytes.length);
    await turn();
  }

  /** The peer takes so many bytes. */
  async take(count: number): Promise<void> {
    this.room += count;
    this.#write?.();
    await turn();
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#closed = true;
    this.room = Infinity;
    this.#write?.();
    this.#read?.resolve(null);
  }
}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve));
}

/** A connection at time 0, and what its receiver does about pressure. */
function bench() {
  const socket = new FakeSocket();
  const own = { now: 0, pressure: undefined as Promise<void> | undefined };
  const connection = new Connection(
    socket,
    {
      limits: DEFAULT_LIMITS,
      clock: () => own.now,
      unfinished: { bytes: 0 },
      buffers: new KeptBuffers(() => own.now),
    },
    { frame() {}, pressure: () => own.pressure, fault() {}, lost() {} },
  );
  connection.established = true;
  const check = (now: number) => {
    own.now = now;
    return connection.check(now, HIGH_WATER_BYTES);
  };
  return {
    socket,
    own,
    connection,
    check,
    async [Symbol.asyncDispose]() {
      connection.close();
      await connection.gone;
    },
  };
}

Deno.test("server asks a silent client after 10 s and gives it up after 20 s more", async () => {
  await using own = bench();
  const { check, socket } = own;
  assertEquals(check(9_999), undefined);
  await turn();
  assertEquals(socket.sent, []);
  assertEquals(check(10_000), undefined);
  await turn();
  assertEquals(socket.sent, [MessageType.PING]);
  assertEquals(check(29_999), undefined);
  await socket.hear();
  assertEquals(check(59_998), undefined);
  await turn();
  assertEquals(socket.sent, [MessageType.PING, MessageType.PING]);
  assertEquals(check(59_999), "silent");
});

Deno.test("server never gives up a client that answers, for an hour", async () => {
  await using own = bench();
  for (let now = 0; now < 3_600_000; now += 250) {
    assertEquals(own.check(now), undefined);
    if (own.socket.sent.length > 0) {
      await turn();
      own.socket.sent.length = 0;
      await own.socket.hear();
    }
    if (now % 10_000 === 0) await turn();
  }
});

Deno.test("server does not hold a silence against a client that it does not read, and says so", async () => {
  await using own = bench();
  const { promise, resolve } = Promise.withResolvers<void>();
  own.own.pressure = promise;
  await own.socket.hear();
  for (let now = 0; now <= 300_000; now += 250) assertEquals(own.check(now), undefined);
  await turn();
  // What waits is written together: one byte 2 a write.
  assertEquals(own.socket.sent[0], MessageType.PING);
  own.own.pressure = undefined;
  resolve();
  await turn();
  assertEquals(own.check(300_000 + 29_999), undefined);
  assertEquals(own.check(300_000 + 30_000), "silent");
});

Deno.test("server pings every 10 s while it does not read", async () => {
  await using own = bench();
  const { promise, resolve } = Promise.withResolvers<void>();
  own.own.pressure = promise;
  await own.socket.hear();
  for (let now = 0; now <= 60_000; now += 250) {
    own.check(now);
    if (now % 5_000 === 0) await turn();
  }
  await turn();
  assertEquals(own.socket.sent, Array.from({ length: 6 }, () => MessageType.PING));
  resolve();
});

Deno.test("server calls a client slow that takes nothing of a full buffer for 30 s", async () => {
  await using own = bench();
  const { connection, check, socket } = own;
  socket.room = 1_000;
  connection.send(MessageType.OUTPUT, 1, 1, new Uint8Array(HIGH_WATER_BYTES + 20_000));
  await turn();
  assertEquals(check(29_999), undefined);
  await socket.take(10);
  assertEquals(check(59_998), undefined);
  assertEquals(check(59_999), "slow");
});
