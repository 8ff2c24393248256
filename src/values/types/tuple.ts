/**
 * Tuples: extension 6, an array of the items. Tuples of Python come as plain arrays.
 *
 * @module
 */
import { indexStep } from "../codec/fault.ts";
import type { Entry, ValueWriter } from "../entry.ts";

/**
 * Values that are sent as a Python tuple; {@linkcode tuple} makes it.
 *
 * @example The values
 * ```ts
 * import { tuple } from "@pyproxy/client";
 *
 * console.log(tuple(1, "a").items); // [ 1, "a" ]
 * ```
 */
export class Tuple {
  /** The values. */
  readonly items: readonly unknown[];

  /** Makes one; {@linkcode tuple} does. */
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/**
 * Sends values as a Python tuple; an Array is sent as a list. Tuples come as Arrays.
 *
 * @example
 * ```ts
 * import { connect, tuple } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * console.log(await remote.eval("type(x).__name__", { locs: { x: tuple(1, "a") } })); // tuple
 * ```
 */
export function tuple(...items: readonly unknown[]): Tuple {
  return new Tuple(items);
}

/** The objects of {@linkcode tuple}. */
export const TUPLE: Entry = {
  sends: {
    prototypes: [Tuple.prototype],
    write(value: object, writer: ValueWriter): void {
      const { items } = value as Tuple;
      writer.extensionArray(6, items, value, (index) => `.items${indexStep(index)}`);
    },
  },
};
