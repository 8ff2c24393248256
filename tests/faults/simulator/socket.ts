/**
 * TCP connections in memory: bytes stay in order, arrive when and in the pieces that the schedule
 * says, and may be cut after any of them.
 *
 * @module
 */
import type { Random } from "./random.ts";

/** As much as a kernel keeps for a reader that does not read. */
export const CAPACITY_BYTES: number = 64 * 1024;

interface Read {
  into: Uint8Array;
  resolve: (count: number | null) => void;
  reject: (error: unknown) => void;
}

/** One direction. */
export class Pipe {
  /** What is written never arrives, nor does an end: the network swallows it. */
  swallows = false;
  /** So many more bytes arrive: what comes back to say that they have does not. */
  window: number = Infinity;
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** The writer has closed, or the connection is cut. */
  #ended = false;
  #error: Error | undefined;
  /** Nobody will read any more. */
  #abandoned = false;
  #read: Read | undefined;
  #writers: { bytes: Uint8Array; resolve: (n: number) => void; reject: (e: unknown) => void }[] =
    [];

  /** Whether something can arrive now. */
  get isReady(): boolean {
    if (this.swallows || this.#read === undefined) return false;
    return this.#length > 0 ? this.window > 0 : this.#ended;
  }

  /** Whether a write can go on now. */
  get isWritable(): boolean {
    return this.#writers.length > 0 && (this.#isBroken || this.#length < CAPACITY_BYTES);
  }

  /** Bytes that have been written and have not arrived. */
  get length(): number {
    return this.#length;
  }

  /** Whether nothing more will be written. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Lets some of it arrive: a part of what is there, or the end. */
  deliver(random: Random): void {
    const { into, resolve, reject } = this.#read!;
    this.#read = undefined;
    if (this.#length === 0) return this.#error === undefined ? resolve(null) : reject(this.#error);
    const most = Math.min(into.length, this.#length, this.window);
    const count = random.chance(0.6) ? most : random.between(1, most);
    this.#take(into, count);
    this.window -= count;
    resolve(count);
  }

  /** See `Deno.Conn.read`. */
  read(into: Uint8Array): Promise<number | null> {
    if (this.#abandoned) return Promise.reject(new Error("the socket is closed"));
    return new Promise((resolve, reject) => this.#read = { into, resolve, reject });
  }

  /** See `Deno.Conn.write`. */
  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => this.#writers.push({ bytes, resolve, reject }));
  }

  /** Lets the first write go on: with as much as there is room for, or with an error. */
  admit(): void {
    const { bytes, resolve, reject } = this.#writers.shift()!;
    if (this.#isBroken) return reject(new Error("broken pipe"));
    const count = Math.min(bytes.length, CAPACITY_BYTES - this.#length);
    this.#chunks.push(bytes.slice(0, count));
    this.#length += count;
    resolve(count);
  }

  /** The writer has closed: the reader gets what is there, and then the end. */
  end(): void {
    this.#ended = true;
    for (const { reject } of this.#writers.splice(0)) reject(new Error("the socket is closed"));
  }

  get #isBroken(): boolean {
    return this.#ended || (this.#abandoned && !this.swallows);
  }

  /** The reader has closed. */
  abandon(): void {
    this.#abandoned = true;
    this.#read?.reject(new Error("the socket is closed"));
    this.#read = undefined;
    if (this.swallows) return;
    this.#chunks = [];
    this.#length = 0;
  }

  /** Cuts the direction after `keep` of the bytes under way: with an end, or an error. */
  cut(keep: number, error: Error | undefined): void {
    const kept = new Uint8Array(Math.min(keep, this.#length));
    this.#take(kept, kept.length);
    this.#chunks = kept.length === 0 ? [] : [kept];
    this.#length = kept.length;
    this.#error = error;
    this.#ended = true;
  }

  #take(into: Uint8Array, count: number): void {
    let at = 0;
    while (at < count) {
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(0, count - at);
      into.set(part, at);
      at += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#length -= count;
  }
}

/** One end of a connection: what the server uses of a `Deno.TcpConn`. */
export class Socket {
  readonly incoming: Pipe;
  readonly outgoing: Pipe;
  readonly peer = "127.0.0.1:1";

  /** Makes one end. */
  constructor(incoming: Pipe, outgoing: Pipe) {
    this.incoming = incoming;
    this.outgoing = outgoing;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.incoming.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.outgoing.write(bytes);
  }

  closeWrite(): Promise<void> {
    this.outgoing.end();
    return Promise.resolve();
  }

  close(): void {
    this.outgoing.end();
    // The peer learns that nobody reads from what comes the other way, if anything does.
    if (this.outgoing.swallows) this.incoming.swallows = true;
    this.incoming.abandon();
  }
}
