/**
 * A growing buffer and the plain parts of MessagePack that are no containers.
 *
 * @module
 */
import { writeU32 } from "../../wire/frame.ts";
import { MAX_FRAME_BODY_BYTES } from "../../wire/limits.ts";
import { bytesOf } from "../types/bytes.ts";
import { Fault } from "./fault.ts";
import { writeUtf8 } from "./utf8.ts";

/** The buffer of a new Writer, which doubles as it fills. */
const FIRST_BYTES = 1024;

/** A message larger than this is handed out in the buffer itself; nothing larger is kept. */
const KEPT_BYTES = 256 * 1024;

/** The buffer of a batch that was sent is used again, unless it is larger than this. */
export const MAX_USED_BUFFER_BYTES: number = 64 * 1024 * 1024;

/** Room is asked for before it is known how much is needed, by at most this much too much. */
const LIMIT_SLACK_BYTES = 1024;

/** Strings up to this length are written by hand: a call into the runtime costs more. */
const HAND_CHARS = 48;

const UTF8 = new TextEncoder();

/**
 * What the Encoder writes into, kept from message to message.
 *
 * The methods of the first half are for whoever puts a message together. They throw an EncodeError
 * while a value is being written, which can happen only from a getter or a Proxy in that value.
 * The methods of the second half are for the entries of the table, and throw Faults.
 */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  /** Where the value that is being written has to end at the latest; 0 while there is none. */
  #limit = 0;
  /** How long the large message was that was taken last: the next is often like it. */
  #lastLarge = 0;

  /** The buffer of a large message that is done with, for the next. */
  #used: ArrayBuffer | undefined;
  /** It has been there for a while. */
  #isOld = false;

  /** How many bytes are written. */
  get length(): number {
    return this.#at;
  }

  /** What is written: a view that is good until the next call. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  /**
   * Gives what is written away, and starts anew: as a copy of exactly its size, or, where it is
   * larger than 256 KiB, in the buffer itself, which may be larger than the view.
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

  /** Starts anew. A buffer that has grown large is let go. */
  reset(): void {
    this.truncate(0);
    if (this.#bytes.length > 2 * KEPT_BYTES) this.#use(new Uint8Array(FIRST_BYTES));
  }

  /** Takes the buffer of a large message for the next one like it. */
  reuse(buffer: ArrayBuffer): void {
    if (buffer.byteLength > MAX_USED_BUFFER_BYTES) return;
    this.#used = buffer;
    this.#isOld = false;
  }

  /** Lets go of that buffer if it was there already the last time this was called. */
  rest(): void {
    if (this.#isOld) {
      // Frees it now; the collector might leave it for minutes.
      this.#used?.transfer(0);
      this.#used = undefined;
    }
    this.#isOld = true;
  }

  /** Takes back what was written after the first `length` bytes. */
  truncate(length: number): void {
    if (length >= this.#at) return;
    this.#refuseWhileBusy();
    this.#at = length;
  }

  /** Leaves room for `count` bytes. Returns where they begin; what they hold is not defined. */
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

  /** Says that a value begins, which may take as much as a frame; or that it has ended. */
  protected setBusy(busy: boolean): void {
    if (busy) this.#refuseWhileBusy();
    this.#limit = busy ? this.#at + MAX_FRAME_BODY_BYTES + LIMIT_SLACK_BYTES : 0;
  }

  // From here on, for the entries of the table.

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

  /** Writes a number: as an integer where it is a safe one and not -0, else as a float. */
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

  /** A number that is no integer of 32 bits: a float, or a large integer. */
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

  /** Takes back what was written of a value since `start`. */
  protected rewind(start: number): void {
    this.#at = start;
  }

  /** Writes the header of an extension, and makes room for its payload of `length` bytes. */
  protected extensionHeader(code: number, length: number): void {
    this.#need(6 + length);
    const fixed = FIXED_EXTENSIONS.get(length);
    if (fixed !== undefined) this.#bytes[this.#at++] = fixed;
    else this.#sized(0xc7, length);
    this.#bytes[this.#at++] = code;
  }

  /** Leaves room for the header of an extension, whose length is not known yet. */
  protected openExtension(): number {
    this.#need(3);
    this.#at += 3;
    return this.#at - 3;
  }

  /** Writes the shortest header there is for the payload that was written since. */
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

  /** A short string that is not all ASCII. */
  #wideString(value: string): void {
    const start = this.#at;
    this.#need(2 + 3 * value.length);
    // Two bytes a character: most scripts take that, and nothing has to move.
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
      // A byte a character, and as much as one character takes at most: each turn goes on.
      this.#need(rest.length + 3);
      const { read, written } = UTF8.encodeInto(rest, this.#bytes.subarray(this.#at));
      this.#at += written;
      rest = rest.slice(read);
    }
    this.#stringHeader(start, guess);
  }

  /** Puts the header of a string at `start`, whose bytes come `guess` after that. */
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

  // These four have been given their room.

  /** Writes a length, or a positive integer: `head` is that of 8 bits, 16 and 32 come after it. */
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

  /** A used buffer if it fits; else a new one, with room for the next message like this. */
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

/** fixext: a payload of one of these lengths needs no length in its header. */
const FIXED_EXTENSIONS: ReadonlyMap<number, number> = new Map([
  [1, 0xd4],
  [2, 0xd5],
  [4, 0xd6],
  [8, 0xd7],
  [16, 0xd8],
]);

/** Of a string of so many bytes. */
function headerLength(length: number): number {
  return length < 0x20 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 5;
}

function notWellFormed(): Fault {
  return new Fault("a string with half of a surrogate pair is no text", "string");
}
