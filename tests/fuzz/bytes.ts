/**
 * MessagePack as somebody would write it who wants to do harm: every width of every header, right
 * or wrong, and values that are none.
 *
 * @module
 */
import type { Random } from "../faults/simulator/random.ts";

/** Bytes that stand for themselves where a value is expected. */
export class Raw {
  readonly bytes: Uint8Array;

  /** Makes one. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Numbers at which something changes. */
const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff];
const FAR_EDGES = [0x80000000, 0xfffffffe, 0xffffffff, 0x10000000, 0x10000001];

/** A u32 at or near an edge. */
export function edge(random: Random): number {
  const near = random.pick([...EDGES, ...FAR_EDGES]) + random.pick([-1, 0, 0, 0, 1]);
  return Math.min(0xffffffff, Math.max(0, near));
}

/** Random bytes. */
export function noise(random: Random, most: number): Uint8Array {
  return Uint8Array.from({ length: random.below(most + 1) }, () => random.below(256));
}

/** Puts pieces behind each other. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Writes a value; each header in a width that holds its length, not always the least. */
export class HostileWriter {
  readonly #random: Random;
  readonly #bytes: number[] = [];

  /** Makes one. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** One value as bytes. */
  static bytesOf(random: Random, value: unknown): Uint8Array<ArrayBuffer> {
    const writer = new HostileWriter(random);
    writer.value(value);
    return Uint8Array.from(writer.#bytes);
  }

  /** Writes null, booleans, numbers, strings, bytes, arrays, Maps, plain objects and {@linkcode Raw}. */
  value(value: unknown): void {
    if (value === null || value === undefined) this.#bytes.push(0xc0);
    else if (typeof value === "boolean") this.#bytes.push(value ? 0xc3 : 0xc2);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") {
      const bytes = new TextEncoder().encode(value);
      this.#header(bytes.length, 0xa0, 32, [0xd9, 0xda, 0xdb]);
      this.#push(bytes);
    } else if (value instanceof Raw) this.#push(value.bytes);
    else if (value instanceof Uint8Array) {
      this.#header(value.length, 0, 0, [0xc4, 0xc5, 0xc6]);
      this.#push(value);
    } else if (Array.isArray(value)) {
      this.#header(value.length, 0x90, 16, [undefined, 0xdc, 0xdd]);
      for (const item of value) this.value(item);
    } else {
      const entries = value instanceof Map ? [...value] : Object.entries(value);
      this.#header(entries.length, 0x80, 16, [undefined, 0xde, 0xdf]);
      for (const [key, item] of entries) {
        this.value(key);
        this.value(item);
      }
    }
  }

  #number(value: number): void {
    if (Number.isInteger(value) && value >= 0 && value <= 0xffffffff) {
      return this.#header(value, 0, 128, [0xcc, 0xcd, 0xce]);
    }
    if (Number.isInteger(value) && value < 0 && value >= -32) {
      return void this.#bytes.push(value & 0xff);
    }
    const view = new DataView(new ArrayBuffer(9));
    view.setUint8(0, Number.isSafeInteger(value) ? 0xd3 : 0xcb);
    if (Number.isSafeInteger(value)) view.setBigInt64(1, BigInt(value));
    else view.setFloat64(1, value);
    this.#push(new Uint8Array(view.buffer));
  }

  #header(length: number, fix: number, fixed: number, heads: (number | undefined)[]): void {
    const least = length < 0x100 ? 0 : length < 0x10000 ? 1 : 2;
    const width = this.#random.chance(0.1) ? this.#random.between(least, 2) : least;
    if (length < fixed && width === 0) return void this.#bytes.push(fix | length);
    const at = heads[width] === undefined ? width + 1 : width;
    this.#bytes.push(heads[at]!);
    for (let shift = [0, 8, 24][at]!; shift >= 0; shift -= 8) {
      this.#bytes.push((length >>> shift) & 0xff);
    }
  }

  #push(bytes: Uint8Array): void {
    for (const byte of bytes) this.#bytes.push(byte);
  }
}
