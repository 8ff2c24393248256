/**
 * Tables of pandas: extension 14, a map of rows, columns and index.
 *
 * @module
 */
import { checkKeys, isPlainObject, shown } from "../../common/given.ts";
import { DecodeError } from "../decode_error.ts";
import type { Entry, ValueReader, ValueWriter } from "../entry.ts";
import {
  checkIndex,
  fieldsOf,
  readIndex,
  readSeries,
  Series,
  type SeriesValues,
} from "./series.ts";

const CODE = 14;

/**
 * The options of a {@linkcode DataFrame}.
 *
 * @example With an index
 * ```ts
 * import { DataFrame, type DataFrameOptions, Series } from "@pyproxy/client";
 *
 * const options: DataFrameOptions = { index: [new Series(["pear", "fig"])] };
 * console.log(new DataFrame({ price: new Float64Array([1.5, 2]) }, options).length); // 2
 * ```
 */
export interface DataFrameOptions {
  /** The index: a Series for each level. Default: 0, 1, 2 ... */
  index?: readonly Series[] | null;
}

/**
 * A table of pandas: columns in order, and an index.
 *
 * ```ts
 * import { DataFrame } from "@pyproxy/client";
 *
 * const frame = new DataFrame({
 *   name: ["pear", "fig"],
 *   price: new Float64Array([1.5, 2]),
 * });
 * console.log(frame.names, frame.length); // [ "name", "price" ] 2
 * console.log(frame.get("price")?.values); // Float64Array(2) [ 1.5, 2 ]
 * ```
 */
export class DataFrame {
  /** The columns in order. Names may repeat, and may be any value. */
  readonly columns: readonly Series[];
  /** The index: a Series for each level; null for 0, 1, 2 ... */
  readonly index: readonly Series[] | null;
  /** The number of rows. */
  readonly length: number;

  /**
   * Makes one of columns by name, in an object or a Map, or of an Array of named Series. Nothing is
   * copied. (An object has keys like "2026" first; a Map keeps their order.)
   *
   * @throws {TypeError} If the columns and the index differ in length, or an option is unknown.
   */
  constructor(
    columns:
      | Readonly<Record<string, SeriesValues | Series>>
      | ReadonlyMap<unknown, SeriesValues | Series>
      | readonly Series[],
    options?: DataFrameOptions,
  ) {
    const { index = null } = checkKeys("make a DataFrame", options, ["index"]);
    this.columns = Array.isArray(columns)
      ? columns as readonly Series[]
      : Array.from(entriesOf(columns), ([name, values]) =>
        values instanceof Series
          ? new Series(values.values, { name, dtype: values.dtype })
          : new Series(values, { name }));
    const stray = this.columns.findIndex((column) => !(column instanceof Series));
    if (stray >= 0) {
      throw new TypeError(
        `Cannot make a DataFrame: its columns must be Series, got ${
          shown(this.columns[stray])
        } as number ${stray}`,
      );
    }
    this.index = index;
    this.length = index?.[0]?.length ?? this.columns[0]?.length ?? 0;
    checkIndex(index, this.length, "DataFrame");
    const wrong = this.columns.find((column) => column.length !== this.length);
    if (wrong !== undefined) {
      throw new TypeError(
        `Cannot make a DataFrame: its column ${String(wrong.name)} has ${wrong.length} rows, ` +
          `others have ${this.length}`,
      );
    }
  }

  /** The names of the columns, in order. */
  get names(): unknown[] {
    return this.columns.map((column) => column.name);
  }

  /** The first column of that name. */
  get(name: unknown): Series | undefined {
    return this.columns.find((column) => Object.is(column.name, name));
  }
}

/** DataFrame, and extension 14. */
export const DATA_FRAME: Entry = {
  sends: {
    prototypes: [DataFrame.prototype],
    write(value: object, writer: ValueWriter): void {
      const { columns, index } = value as DataFrame;
      writer.extensionValue(CODE, {
        columns: columns.map((column) => fieldsOf(column)),
        index: index === null ? null : index.map((level) => fieldsOf(level)),
      });
    },
  },
  reads: { code: CODE, read },
};

/** The names and values of columns in an object or a Map. */
function entriesOf(columns: unknown): Iterable<[unknown, SeriesValues | Series]> {
  if (columns instanceof Map) return columns;
  if (isPlainObject(columns)) return Object.entries(columns as Record<string, SeriesValues>);
  throw new TypeError(
    `Cannot make a DataFrame: its columns must be an object, a Map, or an Array of Series, got ${
      shown(columns)
    }`,
  );
}

function read(reader: ValueReader): DataFrame {
  const { columns, index } = Object(reader.read()) as Record<string, unknown>;
  if (!Array.isArray(columns)) throw new DecodeError("a DataFrame has no columns");
  const series = columns.map(readSeries);
  const levels = readIndex(index);
  try {
    return new DataFrame(series, { index: levels });
  } catch (cause) {
    if (cause instanceof TypeError) {
      throw new DecodeError("the parts of a DataFrame do not match", { cause });
    }
    throw cause;
  }
}
