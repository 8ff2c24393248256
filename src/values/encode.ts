/**
 * Writes JavaScript values as MessagePack with the extension types of Python. PROTOCOL.md section 4
 * describes the format.
 *
 * @module
 */
import { MAX_DEPTH } from "../wire/limits.ts";
import { Fault, fieldStep, indexStep, noCounterpart, type Step, within } from "./codec/fault.ts";
import { Writer } from "./codec/writer.ts";
import type { ValueWriter } from "./entry.ts";
import { WRITERS } from "./table.ts";
import { writeBigInt } from "./types/big_int.ts";
import { writeObjectAsPairs } from "./types/dict.ts";

/**
 * Writes values, one after another, into a buffer that is kept from message to message.
 *
 * After an error, `truncate()` removes what was written in part, and the Encoder can go on.
 */
export class Encoder extends Writer implements ValueWriter {
  #depth = 0;

  /**
   * Appends one value. `path` names it in errors; `depth` is the number of containers that the
   * caller has opened around it.
   *
   * @throws {EncodeError} If the value, or one in it, cannot be sent. Part of it may be written.
   */
  value(value: unknown, path: string, depth = 0): void {
    this.setBusy(true);
    this.#depth = depth;
    try {
      this.write(value);
    } catch (error) {
      throw error instanceof Fault ? error.toError(path) : error;
    } finally {
      this.setBusy(false);
    }
  }

  // The methods from here on write parts of a value; the entries of the table use them.

  /** Writes any value. */
  write(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.string(value);
      case "number":
        return this.number(value);
      case "object":
        return value === null ? this.byte(0xc0) : this.#object(value);
      case "boolean":
        return this.byte(value ? 0xc3 : 0xc2);
      case "undefined":
        return this.byte(0xc0);
      case "bigint":
        return this.#bigint(value);
      default:
        throw noCounterpart(value);
    }
  }

  /** Writes an array. In errors `step` names the step from `container` to an element. */
  array(list: readonly unknown[], container: object, step: Step): void {
    this.#enter();
    const length = list.length;
    this.arrayHeader(length);
    let i = 0;
    try {
      for (; i < length; i++) {
        const item = list[i];
        if (typeof item === "number") this.number(item);
        else this.write(item);
      }
    } catch (error) {
      throw within(error, container, step, i);
    }
    this.#depth--;
  }

  /** Writes a map of `keys` and their values by `get`. `step` counts keys and values. */
  map(keys: readonly string[], get: (key: string) => unknown, container: object, step: Step): void {
    this.#enter();
    this.mapHeader(keys.length);
    let i = 0;
    try {
      for (const key of keys) {
        this.string(key);
        i++;
        this.write(get(key));
        i++;
      }
    } catch (error) {
      throw within(error, container, step, i);
    }
    this.#depth--;
  }

  /** Writes an extension whose payload is one array. */
  extensionArray(code: number, list: readonly unknown[], container: object, step: Step): void {
    this.#enter();
    const at = this.openExtension();
    this.array(list, container, step);
    this.closeExtension(at, code);
    this.#depth--;
  }

  /** Writes an extension whose payload is one value. */
  extensionValue(code: number, value: unknown): void {
    this.#enter();
    const at = this.openExtension();
    this.write(value);
    this.closeExtension(at, code);
    this.#depth--;
  }

  /** Writes an extension whose payload is bytes, `pieces` one after the other. */
  extension(code: number, ...pieces: Uint8Array[]): void {
    this.#enter();
    this.extensionHeader(code, pieces.reduce((sum, piece) => sum + piece.length, 0));
    for (const piece of pieces) this.append(piece);
    this.#depth--;
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(53, value) === value) this.number(Number(value));
    else if (BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value) {
      this.integer64(value);
    } else writeBigInt(value, this);
  }

  #object(value: object): void {
    if (Array.isArray(value)) return this.array(value, value, indexStep);
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return this.#plain(value as Record<string, unknown>);
    }
    // With instanceof, so that Node's Buffer is bytes, too.
    if (value instanceof Uint8Array) return this.bin(value);
    const write = WRITERS.get(prototype);
    if (write === undefined) throw noCounterpart(value);
    write(value, this);
  }

  #plain(value: Record<string, unknown>): void {
    const symbols = Object.getOwnPropertySymbols(value);
    if (symbols.length > 0) refuseSymbols(value, symbols);
    const keys = Object.keys(value);
    const length = keys.length;
    const start = this.length;
    this.#enter();
    this.mapHeader(length);
    let count = 0;
    let key = "";
    try {
      // The same keys as above: engines read properties fastest in this form of loop.
      for (key in value) {
        if (++count > length || key === "__proto__") {
          count = -1;
          break;
        }
        this.string(key);
        this.write(value[key]);
      }
    } catch (error) {
      throw error instanceof Fault ? error.within(value, fieldStep(key)) : error;
    }
    this.#depth--;
    if (count !== length) this.#again(value, keys, start);
  }

  /**
   * Writes a plain object again if its number of keys was wrong: a key is `__proto__`, or a getter
   * has removed a key, or Object.prototype has an enumerable one.
   */
  #again(value: Record<string, unknown>, keys: string[], start: number): void {
    this.rewind(start);
    if (keys.includes("__proto__")) writeObjectAsPairs(value, this);
    else this.map(keys, (key) => value[key], value, (index) => fieldStep(keys[index >> 1]!));
  }

  /** Goes one level down. `#depth--` goes up; after an error the depth does not matter. */
  #enter(): void {
    if (++this.#depth > MAX_DEPTH) {
      throw new Fault(`it is nested deeper than ${MAX_DEPTH} levels`, "object", true);
    }
  }
}

/** Refuses enumerable symbols. Those that are not enumerable are ignored, as strings are. */
function refuseSymbols(value: object, symbols: symbol[]): void {
  for (const symbol of symbols) {
    if (Object.prototype.propertyIsEnumerable.call(value, symbol)) {
      throw new Fault("a symbol is no key of a dict", "symbol").within(
        value,
        `[${String(symbol)}]`,
      );
    }
  }
}
