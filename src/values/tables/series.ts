/**
 * Series of pandas: extension 13, a map of name, dtype, values and index.
 *
 * @module
 */
import { checkKeys, shown } from "../../common/given.ts";
import { DecodeError } from "../decode_error.ts";
import type { Entry, ValueReader, ValueWriter } from "../entry.ts";
import { dtypeOf, type Item, nameOf, type TypedArray } from "./dtype.ts";

const CODE = 13;

/**
 * The values of a column: a typed array, or an Array of any values that can be sent.
 *
 * @example A typed array or an Array
 * ```ts
 * import { Series, type SeriesValues } from "@pyproxy/client";
 *
 * const length = (values: SeriesValues) => new Series(values).length;
 * console.log(length(["a", null]) + length(new Int8Array(2))); // 4
 * ```
 */
export type SeriesValues = TypedArray | readonly unknown[];

/**
 * The options of a {@linkcode Series}.
 *
 * @example A name
 * ```ts
 * import { Series, type SeriesOptions } from "@pyproxy/client";
 *
 * const options: SeriesOptions = { name: "price" };
 * console.log(new Series(new Float64Array([1.5]), options).name); // price
 * ```
 */
export interface SeriesOptions {
  /** The name, usually a string. */
  name?: unknown;
  /** pandas' name for the type of the values. Default: pandas chooses one. */
  dtype?: string | null;
  /** The index: a Series for each level. Default: 0, 1, 2 ... */
  index?: readonly Series[] | null;
}

/**
 * A Series of pandas, by itself, as a column of a {@linkcode DataFrame}, or as a level of an index.
 *
 * ```ts
 * import { Series } from "@pyproxy/client";
 *
 * const prices = new Series(new Float64Array([1.5, 2]), { name: "price" });
 * console.log(prices.dtype, prices.values); // float64 Float64Array(2) [ 1.5, 2 ]
 * ```
 *
 * Values of numpy's dtypes are in typed arrays, as in an {@linkcode NDArray}: `bool` in a
 * Uint8Array, `datetime64[ns]` and `datetime64[us, Europe/Berlin]` in a BigInt64Array of the unit
 * that the dtype names, since 1970 in UTC. Values of other dtypes (`object`, `string`, `category`,
 * `Int64`, ...) are in an Array, with null for missing ones.
 *
 * @typeParam Values The class of `values`.
 */
export class Series<Values extends SeriesValues = SeriesValues> {
  /** The values. */
  readonly values: Values;
  /** The name, or null. */
  readonly name: unknown;
  /** pandas' name for the type of the values; null if pandas chooses one. */
  readonly dtype: string | null;
  /** The index: a Series for each level; null for 0, 1, 2 ... */
  readonly index: readonly Series[] | null;

  /**
   * Makes one of `values`, which are not copied.
   *
   * @throws {TypeError} If dtype, values and index do not match, or an option is unknown.
   */
  constructor(values: Values, options?: SeriesOptions) {
    const native = nameOf(values);
    if (native === undefined && !Array.isArray(values)) {
      throw new TypeError(
        `Cannot make a Series: its values must be a typed array or an Array, got ${shown(values)}`,
      );
    }
    const { name = null, dtype = native ?? null, index = null } = checkKeys(
      "make a Series",
      options,
      ["name", "dtype", "index"],
    );
    this.values = values;
    this.name = name;
    this.dtype = dtype;
    this.index = index;
    if (dtype !== null && typeof dtype !== "string") {
      throw new TypeError(`Cannot make a Series: its dtype must be a string, got ${typeof dtype}`);
    }
    const layout = native === undefined || dtype === null ? undefined : storageOf(dtype);
    if (layout !== undefined) {
      if (!(values instanceof layout.array) || values.length % layout.count !== 0) {
        throw new TypeError(
          `Cannot make a Series: values of dtype ${dtype} must be in a ${layout.array.name}, got ` +
            `${values.constructor.name} of length ${values.length}`,
        );
      }
    }
    checkIndex(index, this.length, "Series");
  }

  /** The number of values. */
  get length(): number {
    return this.values.length / (layoutOf(this)?.count ?? 1);
  }

  /** The values in an Array: numbers, bigints, booleans, or what the Array held. */
  toArray(): unknown[] {
    const { values } = this;
    const layout = layoutOf(this);
    if (Array.isArray(values)) return values.slice();
    if (layout === undefined) return Array.from(values as Iterable<unknown>);
    const { count, item } = layout;
    return Array.from(
      { length: this.length },
      (_, i): Item => item(values as TypedArray, i * count),
    );
  }
}

/** Series, and extension 13. */
export const SERIES: Entry = {
  sends: {
    prototypes: [Series.prototype],
    write(value: object, writer: ValueWriter): void {
      writer.extensionValue(CODE, fieldsOf(value as Series, true));
    },
  },
  reads: { code: CODE, read: (reader: ValueReader) => readSeries(reader.read()) },
};

/** A Series as it is on the wire. It has an `index` unless it is a column or a level. */
export function fieldsOf(series: Series, hasIndex = false): Record<string, unknown> {
  const { name, dtype, values, index } = series;
  const fields = { name, dtype, values };
  return hasIndex
    ? { ...fields, index: index === null ? null : index.map((level) => fieldsOf(level)) }
    : fields;
}

/** Reads a Series from what is on the wire. */
export function readSeries(value: unknown): Series {
  const { name, dtype, values, index } = Object(value) as Record<string, unknown>;
  if (!Array.isArray(values) && nameOf(values) === undefined) {
    throw new DecodeError("a Series has no values");
  }
  try {
    return new Series(values as SeriesValues, {
      name,
      dtype: dtype as string | null,
      index: readIndex(index),
    });
  } catch (cause) {
    if (cause instanceof TypeError) {
      throw new DecodeError("the parts of a Series do not match", { cause });
    }
    throw cause;
  }
}

/** Reads the levels of an index from what is on the wire. */
export function readIndex(index: unknown): Series[] | null {
  if (index === null || index === undefined) return null;
  if (!Array.isArray(index)) throw new DecodeError("an index is not an array of levels");
  return index.map(readSeries);
}

/** Refuses an index that does not have `length` rows. */
export function checkIndex(index: readonly Series[] | null, length: number, what: string): void {
  if (index === null) return;
  if (!Array.isArray(index) || index.length === 0 || !index.every((one) => one instanceof Series)) {
    throw new TypeError(`Cannot make a ${what}: its index must be an Array of Series, one a level`);
  }
  const wrong = index.find((level) => level.length !== length);
  if (wrong === undefined) return;
  throw new TypeError(
    `Cannot make a ${what}: its index has ${wrong.length} values, it has ${length}`,
  );
}

const ZONED_NAME = /^(datetime64\[[a-z]+), .+\]$/;

/** How values of a dtype lie in a typed array; undefined if they are in an Array. */
function storageOf(dtype: string): ReturnType<typeof dtypeOf> {
  return dtypeOf(dtype.replace(ZONED_NAME, "$1]"));
}

function layoutOf({ values, dtype }: Series): ReturnType<typeof dtypeOf> {
  return dtype === null || Array.isArray(values) ? undefined : storageOf(dtype);
}
