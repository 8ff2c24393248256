/**
 * The namespace that an EVAL names. Its control map may have 256 MiB, nearly all of it code, and is
 * Python's to read: here the other fields are stepped over, so that no client's map can hold up the
 * server or fill its memory.
 *
 * @module
 */
import { decode } from "@std/msgpack";
import { Fault } from "../common/fault.ts";
import { MAX_EVAL_CONTROL_VALUES } from "../common/limits.ts";

/**
 * Finds it. If it is named twice the last one counts, as in any reader that makes a map.
 *
 * @throws {Fault} PROTOCOL if there is none, or the control map is none.
 */
export function namespaceOf(control: Uint8Array): string {
  const steps = new Steps(control);
  let namespace: unknown;
  for (let fields = steps.fields(); fields > 0; fields--) {
    const key = steps.value();
    const value = steps.value();
    if (isNamespace(key)) namespace = read(value);
  }
  if (!steps.atEnd) throw broken("has bytes behind it");
  if (typeof namespace !== "string") throw broken("has no string 'namespace'");
  return namespace;
}

function broken(what: string): Fault {
  return new Fault("PROTOCOL", `the control map of EVAL ${what}`);
}

function read(value: Uint8Array): unknown {
  try {
    return decode(value);
  } catch (error) {
    throw broken(`is no MessagePack: ${error}`);
  }
}

/** A key may be written in four widths. */
function isNamespace(key: Uint8Array): boolean {
  return key.length <= 14 && (key[0]! >> 5 === 5 || (key[0]! >= 0xd9 && key[0]! <= 0xdb)) &&
    read(key) === "namespace";
}

/** How many bytes of length or of value follow each head from 0xc0 on; see MessagePack's table. */
const LENGTH_BYTES: Record<number, number> = {
  0xc4: 1,
  0xc5: 2,
  0xc6: 4,
  0xc7: 1,
  0xc8: 2,
  0xc9: 4,
  0xd9: 1,
  0xda: 2,
  0xdb: 4,
  0xdc: 2,
  0xdd: 4,
  0xde: 2,
  0xdf: 4,
};
const FIXED_BYTES: Record<number, number> = {
  0xc0: 0,
  0xc2: 0,
  0xc3: 0,
  0xca: 4,
  0xcb: 8,
  0xcc: 1,
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1,
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
  0xd4: 2,
  0xd5: 3,
  0xd6: 5,
  0xd7: 9,
  0xd8: 17,
};

/** Steps over values without making them. */
class Steps {
  readonly #bytes: Uint8Array;
  #at = 0;
  #values = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Steps into the map; gives the number of its fields. */
  fields(): number {
    const head = this.#uint(1);
    if (head >> 4 === 8) return head & 0x0f;
    if (head === 0xde || head === 0xdf) return this.#uint(LENGTH_BYTES[head]!);
    throw broken("is no map");
  }

  /** Steps over a value; gives its bytes. */
  value(): Uint8Array {
    const start = this.#at;
    for (let due = 1; due > 0; due--) {
      if (++this.#values > MAX_EVAL_CONTROL_VALUES) {
        throw broken(`has more than ${MAX_EVAL_CONTROL_VALUES} keys and values`);
      }
      due += this.#step(this.#uint(1));
    }
    return this.#bytes.subarray(start, this.#at);
  }

  /** Steps over what follows a head; gives how many values come next that belong to it. */
  #step(head: number): number {
    if (head < 0x80 || head >= 0xe0) return 0;
    if (head < 0x90) return 2 * (head & 0x0f);
    if (head < 0xa0) return head & 0x0f;
    if (head < 0xc0) return this.#skip(head & 0x1f);
    const fixed = FIXED_BYTES[head];
    if (fixed !== undefined) return this.#skip(fixed);
    const bytes = LENGTH_BYTES[head];
    if (bytes === undefined) throw broken(`is no MessagePack: a value begins with ${head}`);
    const length = this.#uint(bytes);
    if (head >= 0xde) return 2 * length;
    if (head >= 0xdc) return length;
    // The code of an extension is not counted in its length.
    return this.#skip(length + (head >= 0xc7 && head <= 0xc9 ? 1 : 0));
  }

  #uint(bytes: number): number {
    const at = this.#at;
    this.#skip(bytes);
    let value = 0;
    for (let i = at; i < this.#at; i++) value = value * 256 + this.#bytes[i]!;
    return value;
  }

  #skip(bytes: number): 0 {
    if (bytes > this.#bytes.length - this.#at) throw broken("is cut short");
    this.#at += bytes;
    return 0;
  }
}
