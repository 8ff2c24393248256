/**
 * Floats that would otherwise be sent as integers.
 *
 * @module
 */
import type { Entry, ValueWriter } from "../entry.ts";

/**
 * A number that is sent as a Python float; {@linkcode float} makes it.
 *
 * @example The number
 * ```ts
 * import { float } from "@pyproxy/client";
 *
 * console.log(float(1).value); // 1
 * ```
 */
export class Float {
  /** The number. */
  readonly value: number;

  /** Makes one; {@linkcode float} does. */
  constructor(value: number) {
    this.value = value;
  }
}

/**
 * Sends a number as a Python float, even if it is an integer: 1.0 and 1 are the same in JavaScript,
 * but not in Python.
 *
 * @throws {TypeError} If `value` is no number.
 *
 * @example
 * ```ts
 * import { connect, float } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * console.log(await remote.eval("type(x).__name__", { locs: { x: float(1) } })); // float
 * ```
 */
export function float(value: number): Float {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot make a float: a number is needed, got ${typeof value}`);
  }
  return new Float(value);
}

/** The objects of {@linkcode float}. Floats come as plain numbers. */
export const FLOAT: Entry = {
  sends: {
    prototypes: [Float.prototype],
    write: (value: object, writer: ValueWriter): void => writer.float((value as Float).value),
  },
};
