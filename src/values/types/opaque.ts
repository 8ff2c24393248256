/**
 * Python values without a counterpart in JavaScript: extension 5, a map of `type` and `repr`.
 *
 * @module
 */
import { Fault } from "../codec/fault.ts";
import { DecodeError } from "../decode_error.ts";
import type { Entry, ValueReader } from "../entry.ts";

/**
 * A Python value that JavaScript has no counterpart for. It cannot be sent back.
 *
 * @example A value that only Python has
 * ```ts
 * import { connect, Opaque } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const value = await remote.eval("import re; re.compile('x')");
 * if (value instanceof Opaque) console.log(value.type, value.repr); // re.Pattern re.compile('x')
 * ```
 */
export class Opaque {
  /** The name of its class, with the module unless that is builtins: `re.Pattern`. */
  readonly type: string;
  /** The result of Python's `repr()`. */
  readonly repr: string;

  /** Makes one; the library does. */
  constructor(type: string, repr: string) {
    this.type = type;
    this.repr = repr;
  }

  /** The `repr`. */
  toString(): string {
    return this.repr;
  }
}

/** Opaque, and extension 5. */
export const OPAQUE: Entry = {
  sends: {
    prototypes: [Opaque.prototype],
    write(value: object): never {
      const { type } = value as Opaque;
      throw new Fault(`an opaque ${type} cannot be sent back, only its repr is here`, "Opaque");
    },
  },
  reads: {
    code: 5,
    read(reader: ValueReader): Opaque {
      const value = reader.read();
      const { type, repr } = (value ?? {}) as Record<string, unknown>;
      if (typeof type !== "string" || typeof repr !== "string") {
        throw new DecodeError("an opaque value is no map of type and repr");
      }
      return new Opaque(type, repr);
    },
  },
};
