/**
 * A growing buffer, and the parts of MessagePack that are not containers.
 *
 * @module
 */
import { writeU32 } from "../../wire/frame.ts";
import { MAX_FRAME_BODY_BYTES } from "../../wire/limits.ts";
import { bytesOf } from "../types/bytes.ts";
import { Fault } from "./fault.ts";
import { writeUtf8 } from "./utf8.ts";

/** The first size of the buffer, which doubles as it fills. */
const FIRST_BYTES = 1024;

/** A larger message is handed out in the buffer itself, and a larger buffer is not kept. */
const KEPT_BYTES = 256 * 1024;

/** The buffer of a batch that was sent is used again, unless it is larger than this. */
export const MAX_USED_BUFFER_BYTES: number = 64 * 1024 * 1024;

/** Room is reserved before its size is known: at most this much too much. */
const LIMIT_SLACK_BYTES = 1024;

/** Strings up to this length are written by utf8.ts: a call into the runtime costs more. */
const HAND_CHARS = 48;

const UTF8 = new TextEncoder();

/**
 * The buffer of the Encoder, which is kept from message to message.
 *
 * The first methods build messages. They throw a TypeError while a value is being written, which
 * only a getter or a Proxy in that value can cause. The others write values, and throw Faults.
 */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  /** The largest end of the value that is being written; 0 while there is none. */
  #limit = 0;
  /** The length of the last large message: the next is often like it. */
  #lastLarge = 0;

  /** The buffer of a large message that was sent, for the next one. */
  #used: ArrayBuffer | undefined;
  /** Whether it was there at the last `rest()`. */
  #isOld = false;

  /** The number of bytes that are written. */
  get length(): number {
    return this.#at;
  }

  /** What is written: a view that is valid until the next call. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  /**
   * Hands out what is written, and starts anew. It is a copy of exactly its size, or if it is
   * larger than 256 KiB a view of the buffer itself, which may be larger.
   */
  take(): Uint8Array<ArrayBuffer> {
    this.#refuseWhileBusy();
    const large = this.#at > KEPT_BYTES;
    const taken = large ? this.bytes() : this.#bytes.slice(0, this.#at);
    if (large) {
      this.#lastLarge = Math.min(this.#bytes.length, MAX_FRAME_BODY_BYTES / 16);
      this.#use(new Uint8Array(FIRST_BYTES));
    }
    this.#at = 0;
    return taken;
  }

  /** Starts anew. A large buffer is dropped. */
  reset(): void {
    this.truncate(0);
    if (this.#bytes.length > 2 * KEPT_BYTES) this.#use(new Uint8Array(FIRST_BYTES));
  }

  /** Takes the buffer of a large message that was sent, for the next one. */
  reuse(buffer: ArrayBuffer): void {
    if (buffer.byteLength > MAX_USED_BUFFER_BYTES) return;
    this.#used = buffer;
    this.#isOld = false;
  }

  /** Frees that buffer if it was there already at the last call. */
  rest(): void {
    if (this.#isOld) {
      // Freed now: the collector may take minutes.
      this.#used?.transfer(0);
      this.#used = undefined;
    }
    this.#isOld = true;
  }

  /** Removes what was written after the first `length` bytes. */
  truncate(length: number): void {
    if (length >= this.#at) return;
    this.#refuseWhileBusy();
    this.#at = length;
  }

  /** Reserves `count` bytes with undefined content. Returns where they begin. */
  reserve(count: number): number {
    this.#refuseWhileBusy();
    this.#need(count);
    this.#at += count;
    return this.#at - count;
  }

  /** Writes a u32 in network order into room that was reserved. */
  setU32(at: number, value: number): void {
    writeU32(this.#bytes, at, value);
  }

  /** Appends bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#refuseWhileBusy();
    this.append(bytes);
  }

  /** Says that a value begins, which may be as large as a frame, or that it has ended. */
  protected setBusy(busy: boolean): void {
    if (busy) this.#refuseWhileBusy();
    this.#limit = busy ? this.#at + MAX_FRAME_BODY_BYTES + LIMIT_SLACK_BYTES : 0;
  }

  // The methods from here on write values.

  /** Writes a byte that is a value by itself. */
  byte(value: number): void {
    this.#need(1);
    this.#bytes[this.#at++] = value;
  }

  /** Appends bytes as they are, as part of a value. */
  append(bytes: Uint8Array): void {
    this.#need(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Writes a number: as an integer if it is a safe one and not -0, else as a float. */
  number(value: number): void {
    this.#need(9);
    const int = value | 0;
    if (int !== value || (int === 0 && Object.is(value, -0))) return this.#wideNumber(value);
    if (int >= 0) {
      if (int < 0x80) this.#bytes[this.#at++] = int;
      else this.#sized(0xcc, int);
    } else if (int >= -0x20) this.#bytes[this.#at++] = int;
    else if (int >= -0x80) this.#put8(0xd0, int);
    else if (int >= -0x8000) this.#put16(0xd1, int);
    else this.#put32(0xd2, int);
  }

  /** Writes a float, or an integer of more than 32 bits. */
  #wideNumber(value: number): void {
    if (!Number.isSafeInteger(value) || value === 0) return this.#float64(value);
    if (value > 0 && value <= 0xffff_ffff) return this.#put32(0xce, value);
    this.#bytes[this.#at++] = value > 0 ? 0xcf : 0xd3;
    this.#view.setInt32(this.#at, Math.floor(value / 2 ** 32));
    this.#view.setUint32(this.#at + 4, value % 2 ** 32 >>> 0);
    this.#at += 8;
  }

  /** Writes a float 64. */
  float(value: number): void {
    this.#need(9);
    this.#float64(value);
  }

  #float64(value: number): void {
    this.#bytes[this.#at] = 0xcb;
    this.#view.setFloat64(this.#at + 1, value);
    this.#at += 9;
  }

  /** Writes the 64 bits of an integer outside the safe ones, as uint 64 or int 64. */
  integer64(value: bigint): void {
    this.#need(9);
    this.#bytes[this.#at] = value > 0n ? 0xcf : 0xd3;
    this.#view.setBigUint64(this.#at + 1, BigInt.asUintN(64, value));
    this.#at += 9;
  }

  /** Writes bytes as bin. */
  bin(bytes: Uint8Array): void {
    const length = bytes.length;
    if (length === 0) bytesOf(bytes);
    this.#need(5 + length);
    this.#sized(0xc4, length);
    this.append(bytes);
  }

  /** Writes the header of an array. */
  arrayHeader(length: number): void {
    this.#need(5);
    if (length < 0x10) this.#bytes[this.#at++] = 0x90 | length;
    else if (length < 0x10000) this.#put16(0xdc, length);
    else this.#put32(0xdd, length);
  }

  /** Writes the header of a map. */
  mapHeader(length: number): void {
    this.#need(5);
    if (length < 0x10) this.#bytes[this.#at++] = 0x80 | length;
    else if (length < 0x10000) this.#put16(0xde, length);
    else this.#put32(0xdf, length);
  }

  /** Removes what was written of a value since `start`. */
  protected rewind(start: number): void {
    this.#at = start;
  }

  /** Writes the header of an extension, and reserves its payload of `length` bytes. */
  protected extensionHeader(code: number, length: number): void {
    this.#need(6 + length);
    const fixed = FIXED_EXTENSIONS.get(length);
    if (fixed !== undefined) this.#bytes[this.#at++] = fixed;
    else this.#sized(0xc7, length);
    this.#bytes[this.#at++] = code;
  }

  /** Reserves the header of an extension whose length is not known yet. */
  protected openExtension(): number {
    this.#need(3);
    this.#at += 3;
    return this.#at - 3;
  }

  /** Writes the header of the payload that was written since, in the shortest form. */
  protected closeExtension(at: number, code: number): void {
    const payload = at + 3;
    const length = this.#at - payload;
    const fixed = FIXED_EXTENSIONS.get(length);
    const header = fixed !== undefined ? 2 : length < 0x100 ? 3 : length < 0x10000 ? 4 : 6;
    this.#need(3);
    if (header !== 3) this.#bytes.copyWithin(at + header, payload, this.#at);
    this.#at = at;
    // There is room for it, so that the payload stays where it is.
    this.extensionHeader(code, length);
    this.#at += length;
  }

  /** Writes a string. */
  string(value: string): void {
    const length = value.length;
    if (length > HAND_CHARS) return this.#longString(value);
    this.#need(2 + length);
    const bytes = this.#bytes;
    let at = this.#at + (length < 0x20 ? 1 : 2);
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return this.#wideString(value);
      bytes[at++] = code;
    }
    if (length < 0x20) bytes[this.#at] = 0xa0 | length;
    else this.#put8(0xd9, length);
    this.#at = at;
  }

  /** Writes a short string that is not all ASCII. */
  #wideString(value: string): void {
    const start = this.#at;
    this.#need(2 + 3 * value.length);
    // Guesses two bytes a character, as most scripts take: then nothing has to move.
    const guess = value.length < 0x10 ? 1 : 2;
    const end = writeUtf8(value, this.#bytes, start + guess);
    if (end < 0) throw notWellFormed();
    this.#at = end;
    this.#stringHeader(start, guess);
  }

  #longString(value: string): void {
    if (!value.isWellFormed()) throw notWellFormed();
    const start = this.#at;
    const guess = headerLength(value.length);
    this.#need(guess);
    this.#at += guess;
    let rest = value;
    while (rest !== "") {
      // A byte a character, and room for one character at least: each turn makes progress.
      this.#need(rest.length + 3);
      const { read, written } = UTF8.encodeInto(rest, this.#bytes.subarray(this.#at));
      this.#at += written;
      rest = rest.slice(read);
    }
    this.#stringHeader(start, guess);
  }

  /** Writes the header of a string at `start`; its bytes are at `guess` after that. */
  #stringHeader(start: number, guess: number): void {
    const length = this.#at - start - guess;
    const header = headerLength(length);
    if (header !== guess) {
      this.#need(header);
      this.#bytes.copyWithin(start + header, start + guess, this.#at);
    }
    this.#at = start;
    if (length < 0x20) this.#bytes[this.#at++] = 0xa0 | length;
    else this.#sized(0xd9, length);
    this.#at += length;
  }

  // The caller of these four has reserved the room.

  /**
   * Writes a length or a positive integer; `head` is the type of 8 bits, before those of 16 and 32.
   */
  #sized(head: number, value: number): void {
    if (value < 0x100) this.#put8(head, value);
    else if (value < 0x10000) this.#put16(head + 1, value);
    else this.#put32(head + 2, value);
  }

  #put8(head: number, value: number): void {
    this.#bytes[this.#at] = head;
    this.#bytes[this.#at + 1] = value;
    this.#at += 2;
  }

  #put16(head: number, value: number): void {
    this.#bytes[this.#at] = head;
    this.#bytes[this.#at + 1] = value >> 8;
    this.#bytes[this.#at + 2] = value;
    this.#at += 3;
  }

  #put32(head: number, value: number): void {
    this.#bytes[this.#at] = head;
    writeU32(this.#bytes, this.#at + 1, value);
    this.#at += 5;
  }

  #need(count: number): void {
    if (this.#at + count > this.#bytes.length) this.#grow(this.#at + count);
  }

  #grow(needed: number): void {
    if (this.#limit !== 0 && needed > this.#limit) {
      throw new Fault(`the message would be larger than ${MAX_FRAME_BODY_BYTES} bytes`, "object");
    }
    let length = Math.max(needed, this.#bytes.length * 2);
    if (length >= KEPT_BYTES / 4) length = Math.max(length, this.#lastLarge);
    const bytes = length > KEPT_BYTES ? this.#large(needed, length) : new Uint8Array(length);
    bytes.set(this.bytes());
    this.#use(bytes);
  }

  /** A used buffer if it is large enough; else a new one, with room for the next such message. */
  #large(needed: number, length: number): Uint8Array<ArrayBuffer> {
    const used = this.#used;
    if (used === undefined || used.byteLength < needed || used.byteLength > 2 * length) {
      return new Uint8Array(Math.ceil(length / KEPT_BYTES) * KEPT_BYTES);
    }
    this.#used = undefined;
    return new Uint8Array(used);
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  #refuseWhileBusy(): void {
    if (this.#limit === 0) return;
    throw new TypeError(
      "Cannot send a value while another is being read for sending: a getter or Proxy of that " +
        "one asks for it",
    );
  }
}

/** The lengths of fixext: their headers have no length. */
const FIXED_EXTENSIONS: ReadonlyMap<number, number> = new Map([
  [1, 0xd4],
  [2, 0xd5],
  [4, 0xd6],
  [8, 0xd7],
  [16, 0xd8],
]);

/** The size of the header of a string of so many bytes. */
function headerLength(length: number): number {
  return length < 0x20 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 5;
}

function notWellFormed(): Fault {
  return new Fault("a string with half of a surrogate pair is no text", "string");
}
