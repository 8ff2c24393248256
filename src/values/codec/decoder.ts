/**
 * Reads MessagePack: plain values and containers. Extensions are read by the given functions.
 *
 * @module
 */
import { MAX_DEPTH } from "../../wire/limits.ts";
import { DecodeError } from "../decode_error.ts";
import type { Entry, ValueReader } from "../entry.ts";
import type { TypedArray, TypedArrayConstructor } from "../tables/dtype.ts";
import { KeyCache } from "./key_cache.ts";
import { safeOrBig } from "./safe_integer.ts";
import { readUtf8 } from "./utf8.ts";

/** Bytes from this size on may be views; smaller ones are copies. */
const VIEW_BYTES = 32 * 1024;

/** An array that claims more elements grows in steps. */
const FIRST_ELEMENTS = 1024;

const NOTHING = new Uint8Array(0);

/** How to read an extension, by its code. */
export type ExtensionReaders = ReadonlyMap<number, NonNullable<Entry["reads"]>["read"]>;

/** Reads values. From one call to the next it keeps only keys of maps. */
export class Decoder implements ValueReader {
  #bytes: Uint8Array = NOTHING;
  /** Made when it is first needed: most small values do not need it. */
  #view: DataView | undefined;
  #at = 0;
  /** The end of the message, or of the extension that is being read. */
  #end = 0;
  #depth = 0;
  /** The elements that containers may still claim: each takes at least one byte. */
  #claims = 0;
  readonly #keys = new KeyCache();
  readonly #extensions: ExtensionReaders;

  /** Makes one that knows these extensions. */
  constructor(extensions: ExtensionReaders) {
    this.#extensions = extensions;
  }

  /** Reads one value, which must fill `bytes` from `start` to `end`. See decode.ts. */
  decode(bytes: Uint8Array, start: number = 0, end: number = bytes.length): unknown {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#claims = end - start;
    this.#depth = 0;
    try {
      const value = this.read();
      if (this.#at !== end) {
        throw new DecodeError(`${end - this.#at} bytes are left after it`);
      }
      return value;
    } finally {
      this.#bytes = NOTHING;
      this.#view = undefined;
    }
  }

  // The entries of the table use these, too.

  /** Reads any value. */
  read(): unknown {
    if (this.#at >= this.#end) throw this.#cutShort();
    const head = this.#bytes[this.#at++]!;
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head < 0xc0) {
      if (head >= 0xa0) return this.#string(head & 0x1f);
      return head < 0x90 ? this.#map(head & 0x0f) : this.#array(head & 0x0f);
    }
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xcb:
        return (this.#view ??= this.#viewed()).getFloat64(this.#skip(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(head - 0xcc);
      case 0xd9:
        return this.#string(this.#uint(0));
      default:
        return this.#seldom(head);
    }
  }

  /** The rest of `read()`, which is faster if it is short. */
  #seldom(head: number): unknown {
    switch (head) {
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#bin(this.#uint(head - 0xc4));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#uint(head - 0xc7));
      case 0xca:
        return (this.#view ??= this.#viewed()).getFloat32(this.#skip(4));
      case 0xcf:
        return safeOrBig((this.#view ??= this.#viewed()).getBigUint64(this.#skip(8)));
      case 0xd0:
        return (this.#view ??= this.#viewed()).getInt8(this.#skip(1));
      case 0xd1:
        return (this.#view ??= this.#viewed()).getInt16(this.#skip(2));
      case 0xd2:
        return (this.#view ??= this.#viewed()).getInt32(this.#skip(4));
      case 0xd3:
        return safeOrBig((this.#view ??= this.#viewed()).getBigInt64(this.#skip(8)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << head - 0xd4);
      case 0xda:
      case 0xdb:
        return this.#string(this.#uint(head - 0xd9));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#uint(head - 0xdb));
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(head - 0xdd));
      default:
        throw new DecodeError(`the byte 0xc1 at ${this.#at - 1} begins nothing`);
    }
  }

  /** Reads the payload of an extension that must be an array; `what` names the extension. */
  list(what: string): unknown[] {
    const value = this.read();
    if (Array.isArray(value)) return value;
    throw new DecodeError(`${what} is no array`);
  }

  /**
   * The next `count` bytes, as elements of a typed array: a view if there are many, else a copy.
   * For a view, unaligned bytes are moved over the bytes before them, which were read already.
   */
  elements(count: number, array: TypedArrayConstructor): TypedArray {
    const size = array.BYTES_PER_ELEMENT;
    if (count < 0 || count % size !== 0) {
      throw new DecodeError(`${count} bytes are no elements of ${size} bytes each`);
    }
    const bytes = this.#bin(count);
    const { buffer, byteOffset } = bytes;
    const start = byteOffset - byteOffset % size;
    if (start !== byteOffset) {
      // The new place is in the message: a code and the name of a type stand before the elements.
      new Uint8Array(buffer).copyWithin(start, byteOffset, byteOffset + count);
    }
    return new array(buffer, start, count / size);
  }

  /** The next `count` bytes, as a view. */
  take(count: number): Uint8Array {
    const at = this.#skip(count);
    return this.#bytes.subarray(at, at + count);
  }

  #array(length: number): unknown[] {
    this.#enter(length);
    // The array grows in steps, as elements come. (`push` takes twice as long.)
    let room = Math.min(length, FIRST_ELEMENTS);
    const array: unknown[] = new Array(room);
    for (let i = 0; i < length; i++) {
      if (i === room) array.length = room = Math.min(length, 8 * room);
      // Numbers are faster without a call.
      const at = this.#at;
      const head = at + 8 < this.#end ? this.#bytes[at]! : 0xc1;
      if (head === 0xcb) {
        array[i] = (this.#view ??= this.#viewed()).getFloat64(at + 1);
        this.#at = at + 9;
      } else if (head === 0xcd) {
        array[i] = (this.#view ??= this.#viewed()).getUint16(at + 1);
        this.#at = at + 3;
      } else if (head === 0xce) {
        array[i] = (this.#view ??= this.#viewed()).getUint32(at + 1);
        this.#at = at + 5;
      } else if (head < 0x80) {
        array[i] = head;
        this.#at = at + 1;
      } else array[i] = this.read();
    }
    this.#depth--;
    return array;
  }

  #map(length: number): Record<string, unknown> {
    this.#enter(2 * length);
    const object: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const key = this.#key();
      object[key] = this.read();
    }
    this.#depth--;
    return object;
  }

  #key(): string {
    const head = this.#uint(0);
    let length: number;
    if (head >= 0xa0 && head < 0xc0) length = head & 0x1f;
    else if (head >= 0xd9 && head <= 0xdb) length = this.#uint(head - 0xd9);
    else throw new DecodeError(`a key at ${this.#at - 1} of a map is no string`);
    const at = this.#at;
    if (length <= KeyCache.MAX_BYTES && at + length <= this.#end) {
      const known = this.#keys.find(this.#bytes, at, length);
      if (known !== undefined) {
        this.#at = at + length;
        return known;
      }
    }
    const key = this.#string(length);
    // Assigning it would set the prototype of the object.
    if (key === "__proto__") throw new DecodeError("a map has the key __proto__");
    this.#keys.keep(this.#bytes, at, length, key);
    return key;
  }

  #string(length: number): string {
    const at = this.#skip(length);
    try {
      return readUtf8(this.#bytes, at, at + length);
    } catch (cause) {
      throw new DecodeError(`the string at ${at} is not well-formed UTF-8`, { cause });
    }
  }

  #bin(length: number): Uint8Array {
    const view = this.take(length);
    const large = length >= VIEW_BYTES && 2 * length >= view.buffer.byteLength;
    return large ? view : new Uint8Array(view);
  }

  #extension(length: number): unknown {
    const code = this.#uint(0);
    const read = this.#extensions.get(code);
    if (read === undefined) {
      throw new DecodeError(`there is no extension ${code << 24 >> 24}, at ${this.#at - 1}`);
    }
    this.#enter(0);
    if (length > this.#end - this.#at) throw this.#cutShort();
    const outer = this.#end;
    this.#end = this.#at + length;
    const value = read(this, length);
    if (this.#at !== this.#end) {
      throw new DecodeError(`${this.#end - this.#at} bytes are left in extension ${code}`);
    }
    this.#end = outer;
    this.#depth--;
    return value;
  }

  /** Goes one level down into a container that claims `count` elements. */
  #enter(count: number): void {
    if (++this.#depth > MAX_DEPTH) {
      throw new DecodeError(`it is nested deeper than ${MAX_DEPTH} levels`);
    }
    this.#claims -= count;
    if (count > this.#end - this.#at || this.#claims < 0) throw this.#cutShort();
  }

  /** Reads an unsigned integer of 8, 16 or 32 bits: 0, 1 or 2. */
  #uint(size: number): number {
    if (size === 0) return this.#bytes[this.#skip(1)]!;
    const view = this.#view ??= this.#viewed();
    return size === 1 ? view.getUint16(this.#skip(2)) : view.getUint32(this.#skip(4));
  }

  /** Skips `count` bytes, which must be there. Returns where they begin. */
  #skip(count: number): number {
    const at = this.#at;
    if (count > this.#end - at) throw this.#cutShort();
    this.#at = at + count;
    return at;
  }

  #viewed(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    return new DataView(buffer, byteOffset, byteLength);
  }

  #cutShort(): DecodeError {
    return new DecodeError(`it is cut short: more is claimed at ${this.#at} than there is`);
  }
}
