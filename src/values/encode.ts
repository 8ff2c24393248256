/**
 * JavaScript values to MessagePack with the Python extension types. PROTOCOL.md section 4 is the
 * text to this file.
 *
 * @module
 */
import { MAX_DEPTH, MAX_FRAME_BODY_BYTES } from "../wire/limits.ts";
import { writeU32 } from "../wire/frame.ts";
import { writeBigInt } from "./big_int.ts";
import { refuseDetached } from "./bytes.ts";
import { writeObjectAsPairs } from "./dict.ts";
import { EncodeError } from "./encode_error.ts";
import { Fault, fieldStep, indexStep, noCounterpart, type Step, within } from "./fault.ts";
import { WRITERS } from "./table.ts";
import { utf8Length, writeUtf8 } from "./utf8.ts";

/** The buffer of a new Encoder, which doubles as values come. */
const FIRST_BYTES = 1024;

/** A kept buffer that has grown past this is handed out whole, or let go. */
const KEPT_BYTES = 256 * 1024;

/** Shorter strings are written by hand: a call into the runtime costs more. */
const HAND_CHARS = 48;

/** Room is asked for before it is known how much is needed, by at most this much too much. */
const LIMIT_SLACK_BYTES = 1024;

const UTF8 = new TextEncoder();

/**
 * Writes values, one after another, into a buffer that is kept from message to message.
 *
 * After an error `truncate()` takes back what was half written, and the Encoder goes on. Every
 * message-level method throws an EncodeError while a value is being written, which can happen only
 * from a getter or a Proxy in that value.
 */
export class Encoder {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  /** How long the large message was that was taken last: the next is often like it. */
  #lastLarge = 0;
  #depth = 0;
  /** Where the value that is being written has to end at the latest; 0 while there is none. */
  #limit = 0;

  // Messages.

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
   * large, in the buffer itself, which may then be larger than the view.
   */
  take(): Uint8Array<ArrayBuffer> {
    this.#refuseWhileBusy();
    const large = this.#at > KEPT_BYTES;
    const taken = large ? this.bytes() : this.#bytes.slice(0, this.#at);
    if (large) {
      this.#lastLarge = Math.min(this.#at, 64 * KEPT_BYTES);
      this.#use(new Uint8Array(FIRST_BYTES));
    }
    this.reset();
    return taken;
  }

  /** Starts anew. */
  reset(): void {
    this.truncate(0);
    if (this.#bytes.length > 2 * KEPT_BYTES) this.#use(new Uint8Array(FIRST_BYTES));
  }

  /** Takes back what was written after the first `length` bytes. */
  truncate(length: number): void {
    if (length < this.#at) {
      this.#refuseWhileBusy();
      this.#at = length;
    }
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

  /**
   * Appends one value. `path` names it in errors; `depth` is how many containers the caller has
   * opened around it.
   *
   * @throws {EncodeError} If it, or something in it, cannot be sent; part of it may be written then.
   */
  value(value: unknown, path: string, depth = 0): void {
    this.#refuseWhileBusy();
    this.#depth = depth;
    this.#limit = this.#at + MAX_FRAME_BODY_BYTES + LIMIT_SLACK_BYTES;
    try {
      this.write(value);
    } catch (error) {
      throw error instanceof Fault ? error.toError(path) : error;
    } finally {
      this.#limit = 0;
    }
  }

  // Values: what follows is for the entries of the table. It throws Faults.

  /** Writes any value, as part of the one that is being written. */
  write(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#string(value);
      case "number":
        return this.#number(value);
      case "object":
        return value === null ? this.#byte(0xc0) : this.#object(value);
      case "boolean":
        return this.#byte(value ? 0xc3 : 0xc2);
      case "undefined":
        return this.#byte(0xc0);
      case "bigint":
        return this.#bigint(value);
      default:
        throw noCounterpart(value);
    }
  }

  /** Writes a float 64. */
  float(value: number): void {
    this.#need(9);
    this.#bytes[this.#at] = 0xcb;
    this.#view.setFloat64(this.#at + 1, value);
    this.#at += 9;
  }

  /** Writes bytes as bin. */
  bin(bytes: Uint8Array): void {
    const length = bytes.length;
    if (length === 0) refuseDetached(bytes.buffer);
    this.#need(5 + length);
    if (length < 0x100) this.#header8(0xc4, length);
    else if (length < 0x10000) this.#header16(0xc5, length);
    else this.#header32(0xc6, length);
    this.#bytes.set(bytes, this.#at);
    this.#at += length;
  }

  /** Appends bytes as they are, as part of the value that is being written. */
  append(bytes: Uint8Array): void {
    this.#need(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Writes an array. `step` names the way from `container` to an element in errors. */
  items(list: readonly unknown[], container: object, step: Step): void {
    this.#enter();
    const length = list.length;
    this.#need(5);
    if (length < 16) this.#bytes[this.#at++] = 0x90 | length;
    else if (length < 0x10000) this.#header16(0xdc, length);
    else this.#header32(0xdd, length);
    let i = 0;
    try {
      for (; i < length; i++) this.write(list[i]);
    } catch (error) {
      throw within(error, container, step, i);
    }
    this.#depth--;
  }

  /** Writes a map; `key` number i is followed by what `get` has for it. */
  fields(
    keys: readonly string[],
    get: (key: string) => unknown,
    container: object,
    step: Step,
  ): void {
    this.#enter();
    this.#mapHeader(keys.length);
    let i = 0;
    try {
      for (const key of keys) {
        this.#string(key);
        i++;
        this.write(get(key));
        i++;
      }
    } catch (error) {
      throw within(error, container, step, i);
    }
    this.#depth--;
  }

  /** Writes an extension whose payload is one array of plain values. */
  ext(code: number, list: readonly unknown[]): void {
    const at = this.beginExtension(code);
    this.items(list, list, indexStep);
    this.endExtension(at);
  }

  /** Opens an extension; its payload follows. Returns what `endExtension` needs. */
  beginExtension(code: number): number {
    this.#enter();
    this.#need(3);
    const at = this.#at;
    this.#bytes[at + 2] = code;
    this.#at = at + 3;
    return at;
  }

  /** Closes the extension: its length is known now, and its header is as short as can be. */
  endExtension(at: number): void {
    const payload = at + 3;
    const length = this.#at - payload;
    const code = this.#bytes[at + 2]!;
    const fixed = FIXED_EXTENSION.get(length);
    const header = fixed !== undefined ? 2 : length < 0x100 ? 3 : length < 0x10000 ? 4 : 6;
    this.#need(3);
    if (header !== 3) this.#bytes.copyWithin(at + header, payload, this.#at);
    this.#at = at;
    if (fixed !== undefined) this.#bytes[this.#at++] = fixed;
    else if (length < 0x100) this.#header8(0xc7, length);
    else if (length < 0x10000) this.#header16(0xc8, length);
    else this.#header32(0xc9, length);
    this.#bytes[this.#at] = code;
    this.#at += 1 + length;
    this.#depth--;
  }

  #object(value: object): void {
    if (Array.isArray(value)) return this.items(value, value, indexStep);
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return this.#plain(value as Record<string, unknown>);
    }
    // By instanceof, so that Node's Buffer is bytes as well.
    if (value instanceof Uint8Array) return this.bin(value);
    const write = WRITERS.get(prototype);
    if (write === undefined) throw noCounterpart(value);
    write(value, this);
  }

  #plain(value: Record<string, unknown>): void {
    const keys = Object.keys(value);
    const length = keys.length;
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      if (Object.prototype.propertyIsEnumerable.call(value, symbol)) {
        throw new Fault("a symbol cannot be a key of a dict", "symbol")
          .within(value, `[${String(symbol)}]`);
      }
    }
    if (keys.includes("__proto__")) return writeObjectAsPairs(value, this);
    this.#enter();
    this.#mapHeader(length);
    let key = "";
    try {
      for (let i = 0; i < length; i++) {
        key = keys[i]!;
        this.#string(key);
        this.write(value[key]);
      }
    } catch (error) {
      throw error instanceof Fault ? error.within(value, fieldStep(key)) : error;
    }
    this.#depth--;
  }

  #number(value: number): void {
    this.#need(9);
    const int = value | 0;
    if (int !== value || (int === 0 && Object.is(value, -0))) return this.#wideNumber(value);
    const bytes = this.#bytes;
    if (int >= 0) {
      if (int < 0x80) bytes[this.#at++] = int;
      else if (int < 0x100) this.#header8(0xcc, int);
      else if (int < 0x10000) this.#header16(0xcd, int);
      else this.#header32(0xce, int);
    } else if (int >= -0x20) bytes[this.#at++] = int;
    else if (int >= -0x80) this.#header8(0xd0, int);
    else if (int >= -0x8000) this.#header16(0xd1, int);
    else this.#header32(0xd2, int);
  }

  /** A number beyond 32 bits and a sign: a large integer, or a float. */
  #wideNumber(value: number): void {
    if (!Number.isSafeInteger(value) || value === 0) return this.float(value);
    if (value > 0 && value <= 0xffff_ffff) return this.#header32(0xce, value);
    this.#bytes[this.#at++] = value > 0 ? 0xcf : 0xd3;
    this.#view.setInt32(this.#at, Math.floor(value / 2 ** 32));
    this.#view.setUint32(this.#at + 4, value % 2 ** 32 >>> 0);
    this.#at += 8;
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(53, value) === value) return this.#number(Number(value));
    const unsigned = BigInt.asUintN(64, value) === value;
    if (!unsigned && BigInt.asIntN(64, value) !== value) return writeBigInt(value, this);
    this.#need(9);
    this.#bytes[this.#at] = unsigned ? 0xcf : 0xd3;
    this.#view.setBigUint64(this.#at + 1, BigInt.asUintN(64, value));
    this.#at += 9;
  }

  #string(value: string): void {
    const length = value.length;
    if (length > HAND_CHARS) return this.#longString(value);
    this.#need(2 + 3 * length);
    const bytes = this.#bytes;
    let at = this.#at + (length < 32 ? 1 : 2);
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return this.#wideString(value);
      bytes[at++] = code;
    }
    if (length < 32) bytes[this.#at] = 0xa0 | length;
    else this.#header8(0xd9, length);
    this.#at = at;
  }

  /** A short string that is not ASCII alone. */
  #wideString(value: string): void {
    const length = utf8Length(value);
    if (length < 0) throw notWellFormed();
    this.#need(2 + length);
    if (length < 32) this.#bytes[this.#at++] = 0xa0 | length;
    else this.#header8(0xd9, length);
    writeUtf8(value, this.#bytes, this.#at);
    this.#at += length;
  }

  #longString(value: string): void {
    if (!value.isWellFormed()) throw notWellFormed();
    this.#need(5 + value.length);
    const start = this.#at;
    // Where its length in bytes will need as many digits as that in characters, nothing moves.
    const guess = strHeader(value.length);
    this.#at += guess;
    let rest = value;
    while (rest !== "") {
      const { read, written } = UTF8.encodeInto(rest, this.#bytes.subarray(this.#at));
      this.#at += written;
      rest = rest.slice(read);
      if (rest !== "") this.#need(rest.length + 4);
    }
    const length = this.#at - start - guess;
    const header = strHeader(length);
    if (header !== guess) {
      this.#need(header);
      this.#bytes.copyWithin(start + header, start + guess, this.#at);
    }
    this.#at = start;
    if (length < 0x100) this.#header8(0xd9, length);
    else if (length < 0x10000) this.#header16(0xda, length);
    else this.#header32(0xdb, length);
    this.#at += length;
  }

  #mapHeader(length: number): void {
    this.#need(5);
    if (length < 16) this.#bytes[this.#at++] = 0x80 | length;
    else if (length < 0x10000) this.#header16(0xde, length);
    else this.#header32(0xdf, length);
  }

  #byte(value: number): void {
    this.#need(1);
    this.#bytes[this.#at++] = value;
  }

  // The four below have been given their room.

  #header8(head: number, value: number): void {
    this.#bytes[this.#at] = head;
    this.#bytes[this.#at + 1] = value;
    this.#at += 2;
  }

  #header16(head: number, value: number): void {
    const bytes = this.#bytes;
    bytes[this.#at] = head;
    bytes[this.#at + 1] = value >> 8;
    bytes[this.#at + 2] = value;
    this.#at += 3;
  }

  #header32(head: number, value: number): void {
    this.#bytes[this.#at] = head;
    writeU32(this.#bytes, this.#at + 1, value);
    this.#at += 5;
  }

  /** Goes one level down; the way up is `#depth--`, and after an error does not matter. */
  #enter(): void {
    if (++this.#depth > MAX_DEPTH) {
      throw new Fault(`it is nested deeper than ${MAX_DEPTH} levels`, "object", true);
    }
  }

  #need(count: number): void {
    if (this.#at + count > this.#bytes.length) this.#grow(this.#at + count);
  }

  #grow(needed: number): void {
    if (this.#limit !== 0 && needed > this.#limit) {
      const most = MAX_FRAME_BODY_BYTES;
      throw new Fault(`it makes the message larger than ${most} bytes`, "object");
    }
    const twice = Math.max(needed, this.#bytes.length * 2);
    const bytes = new Uint8Array(twice < KEPT_BYTES / 4 ? twice : Math.max(twice, this.#lastLarge));
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#use(bytes);
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  #refuseWhileBusy(): void {
    if (this.#limit === 0) return;
    throw new EncodeError(
      "Cannot send a value while another is being read for sending: one of that value's getters " +
        "or Proxies asked for it",
      "",
    );
  }
}

/** fixext: a payload of one of these lengths needs no length byte. */
const FIXED_EXTENSION: ReadonlyMap<number, number> = new Map([
  [1, 0xd4],
  [2, 0xd5],
  [4, 0xd6],
  [8, 0xd7],
  [16, 0xd8],
]);

function strHeader(length: number): number {
  return length < 0x100 ? 2 : length < 0x10000 ? 3 : 5;
}

function notWellFormed(): Fault {
  return new Fault("a string with half of a surrogate pair is no text", "string");
}
