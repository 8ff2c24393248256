/**
 * Control bodies: one MessagePack map of plain values (PROTOCOL.md, section 2). We use
 * `@std/msgpack`, an implementation that is independent of the client's codec.
 *
 * @module
 */
import { decode, encode, type ValueType } from "@std/msgpack";
import { readU32, writeU32 } from "../../src/wire/frame.ts";
import { MAX_CONTROL_BODY_BYTES } from "../../src/wire/limits.ts";
import { Fault } from "./fault.ts";

/** The one byte of a map without fields. */
const EMPTY_MAP = 0x80;

/** The types a field may have. */
interface FieldTypes {
  string: string;
  boolean: boolean;
  number: number;
}

/** A received control map. Only the fields that the caller asks for are checked. */
export class Control {
  readonly #what: string;
  readonly #map: Record<string, unknown>;

  /**
   * Reads a body; `what` names the message in errors.
   *
   * @throws {Fault} PROTOCOL if it is not one map, or longer than `maxBytes`.
   */
  constructor(what: string, body: Uint8Array, maxBytes: number = MAX_CONTROL_BODY_BYTES) {
    this.#what = what;
    if (body.length > maxBytes) {
      throw new Fault(
        "PROTOCOL",
        `the control map of ${what} has ${body.length} bytes, more than the ${maxBytes} allowed`,
      );
    }
    let value: unknown;
    try {
      value = body.length === 0 ? {} : decode(body);
    } catch (error) {
      throw new Fault("PROTOCOL", `the control map of ${what} is no MessagePack: ${error}`);
    }
    if (
      typeof value !== "object" || value === null || Array.isArray(value) ||
      value instanceof Uint8Array
    ) {
      throw new Fault("PROTOCOL", `the control of ${what} must be a map`);
    }
    this.#map = value as Record<string, unknown>;
  }

  /**
   * A field that may be missing.
   *
   * @throws {Fault} PROTOCOL if it has another type.
   */
  optional<T extends keyof FieldTypes>(name: string, type: T): FieldTypes[T] | undefined {
    if (!Object.hasOwn(this.#map, name)) return undefined;
    const value = this.#map[name];
    const actual: string = typeof value;
    if (actual === type) return value as FieldTypes[T];
    throw new Fault("PROTOCOL", `'${name}' of ${this.#what} must be a ${type}`);
  }

  /**
   * A field that must be there.
   *
   * @throws {Fault} PROTOCOL if it is not, or has another type.
   */
  required<T extends keyof FieldTypes>(name: string, type: T): FieldTypes[T] {
    const value = this.optional(name, type);
    if (value === undefined) throw new Fault("PROTOCOL", `${this.#what} lacks '${name}'`);
    return value;
  }

  /** All fields whose value is a string, a number or a boolean. */
  plain(): Record<string, string | number | boolean> {
    const fields: [string, string | number | boolean][] = [];
    for (const [name, value] of Object.entries(this.#map)) {
      if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
        fields.push([name, value]);
      }
    }
    return Object.fromEntries(fields);
  }
}

/** Encodes a control body. Fields that are undefined are left out. */
export function controlBody(map: object): Uint8Array<ArrayBuffer> {
  const given = Object.entries(map).filter(([, value]) => value !== undefined);
  return encode(Object.fromEntries(given) as Record<string, ValueType>);
}

/** The body of a RESULT that has no values. */
export function resultBody(control: object): Uint8Array<ArrayBuffer> {
  const map = controlBody(control);
  const body = new Uint8Array(4 + map.length);
  writeU32(body, 0, map.length);
  body.set(map, 4);
  return body;
}

/** The control map's bytes of an EVAL or RESULT body; throws as {@linkcode checkControlPart}. */
export function controlPart(what: string, body: Uint8Array): Uint8Array {
  checkControlPart(what, body);
  return body.subarray(4, 4 + readU32(body, 0));
}

/** Whether the control map of such a body, which has one, is empty: that of most evals is. */
export function isControlEmpty(body: Uint8Array): boolean {
  const length = readU32(body, 0);
  return length === 0 || (length === 1 && body[4] === EMPTY_MAP);
}

/**
 * Looks whether an EVAL or RESULT body has a control map.
 *
 * @throws {Fault} PROTOCOL if the body is shorter than it says.
 */
export function checkControlPart(what: string, body: Uint8Array): void {
  const { length } = body;
  if (length < 4) {
    throw new Fault("PROTOCOL", `the body of ${what} must have a control map, got ${length} bytes`);
  }
  const claimed = readU32(body, 0);
  if (claimed > length - 4) {
    throw new Fault(
      "PROTOCOL",
      `the body of ${what} has ${length} bytes and claims a control map of ${claimed}`,
    );
  }
}
