/**
 * Arrays of numpy: extension 12, a header of dtype, order and shape, then the bytes of the
 * elements.
 *
 * @module
 */
import { checkKeys, shown } from "../../common/given.ts";
import { Fault } from "../codec/fault.ts";
import { DecodeError } from "../decode_error.ts";
import type { Entry, ValueReader, ValueWriter } from "../entry.ts";
import { bytesOf } from "../types/bytes.ts";
import { type Dtype, dtypeOf, type Item, nameOf, type TypedArray } from "./dtype.ts";

const CODE = 12;

/** The limit of numpy 2. */
const MAX_DIMENSIONS = 64;

const MAX_CODE_POINT = 0x10ffff;
const ASCII = new TextDecoder("latin1");

/**
 * The items of an array, nested as deep as it has dimensions.
 *
 * @example A matrix as Arrays
 * ```ts
 * import { NDArray, type NestedItems } from "@pyproxy/client";
 *
 * const matrix = new NDArray(new Int32Array([1, 2, 3, 4]), { shape: [2, 2] });
 * const rows: NestedItems = matrix.toArray();
 * console.log(rows); // [ [ 1, 2 ], [ 3, 4 ] ]
 * ```
 */
export type NestedItems = Item | NestedItems[];

/**
 * The options of an {@linkcode NDArray}.
 *
 * @example Two rows of three
 * ```ts
 * import { NDArray, type NDArrayOptions } from "@pyproxy/client";
 *
 * const options: NDArrayOptions = { shape: [2, 3] };
 * console.log(new NDArray(new Uint8Array(6), options).size); // 6
 * ```
 */
export interface NDArrayOptions {
  /** The length of each dimension. Default: one dimension. */
  shape?: readonly number[];
  /** numpy's name for the type of the items. Default: that of the typed array. */
  dtype?: string;
  /** Which index moves fastest through the data: the last (`C`, the default) or the first. */
  order?: "C" | "F";
}

/**
 * An array of numpy: numpy arrays come as this, and this is sent as a numpy array.
 *
 * ```ts
 * import { NDArray } from "@pyproxy/client";
 *
 * const matrix = new NDArray(new Float64Array([1, 2, 3, 4, 5, 6]), { shape: [2, 3] });
 * console.log(matrix.dtype, matrix.at(1, 0)); // float64 4
 * console.log(matrix.toArray()); // [ [ 1, 2, 3 ], [ 4, 5, 6 ] ]
 * ```
 *
 * | dtype                                  | data                                           | an item          |
 * | -------------------------------------- | ---------------------------------------------- | ---------------- |
 * | int8 to int32, uint8 to uint32         | Int8Array to Uint32Array                       | number           |
 * | int64, uint64                          | BigInt64Array, BigUint64Array                  | number or bigint |
 * | float16, float32, float64              | Float16Array to Float64Array                   | number           |
 * | bool                                   | Uint8Array                                     | boolean          |
 * | complex64, complex128                  | Float32Array, Float64Array: re, im, re, im ... | `[re, im]`       |
 * | datetime64[ns], timedelta64[s] ...     | BigInt64Array: units since 1970, or so many    | bigint           |
 * | U5, S5: strings and bytes of length 5  | Uint32Array: code points; Uint8Array           | string; bytes    |
 *
 * @typeParam Data The class of `data`.
 */
export class NDArray<Data extends TypedArray = TypedArray> {
  /** The items, one after another, in `order`. */
  readonly data: Data;
  /** numpy's name for the type of the items. */
  readonly dtype: string;
  /** The length of each dimension; empty for an array of one item without dimensions. */
  readonly shape: readonly number[];
  /** Which index moves fastest through the data: the last (`C`) or the first (`F`). */
  readonly order: "C" | "F";

  /**
   * Makes one of `data`, which is not copied.
   *
   * @throws {TypeError} If dtype, shape and data do not match, or an option is unknown.
   */
  constructor(data: Data, options?: NDArrayOptions) {
    const given = checkKeys("make an NDArray", options, ["shape", "dtype", "order"]);
    const isTyped = ArrayBuffer.isView(data) && !(data instanceof DataView);
    const dtype = isTyped ? given.dtype ?? nameOf(data) : undefined;
    if (dtype === undefined) {
      throw new TypeError(
        `Cannot make an NDArray: its data must be a typed array, got ${shown(data)}`,
      );
    }
    const layout = dtypeOf(dtype);
    if (layout === undefined) {
      throw new TypeError(
        `Cannot make an NDArray: "${dtype}" is no dtype that travels as bytes`,
      );
    }
    const { shape = [data.length / layout.count], order = "C" } = given;
    checkShape(shape);
    if (order !== "C" && order !== "F") {
      throw new TypeError(`Cannot make an NDArray: its order must be "C" or "F", got "${order}"`);
    }
    this.data = data;
    this.dtype = dtype;
    this.shape = Object.freeze([...shape]);
    this.order = order;
    const problem = misfit(this, layout);
    if (problem !== undefined) throw new TypeError(`Cannot make an NDArray: ${problem}`);
    if (dtype.startsWith("U")) checkText(data as Uint32Array);
  }

  /** The number of items. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /**
   * The item at the given indices, one for each dimension; a negative one counts from the end.
   *
   * @throws {RangeError} If there is no such item.
   */
  at(...indices: number[]): Item {
    const { shape, order } = this;
    let at = 0;
    for (let turn = 0; turn < shape.length; turn++) {
      const axis = order === "C" ? turn : shape.length - 1 - turn;
      const length = shape[axis]!;
      const asked = indices[axis]!;
      const index = asked < 0 ? asked + length : asked;
      if (!Number.isInteger(index) || index < 0 || index >= length) {
        throw new RangeError(`Cannot get an item: [${indices}] is not in the shape [${shape}]`);
      }
      at = at * length + index;
    }
    if (indices.length !== shape.length) {
      throw new RangeError(`Cannot get an item: [${indices}] is not in the shape [${shape}]`);
    }
    const { count, item } = dtypeOf(this.dtype)!;
    return item(this.data, at * count);
  }

  /** All items as nested Arrays; the item itself if there is no dimension. */
  toArray(): NestedItems {
    const { data, shape, order } = this;
    const { count, item } = dtypeOf(this.dtype)!;
    const strides = new Array<number>(shape.length);
    let stride = count;
    for (let turn = 0; turn < shape.length; turn++) {
      const axis = order === "F" ? turn : shape.length - 1 - turn;
      strides[axis] = stride;
      stride *= shape[axis]!;
    }
    const nested = (axis: number, at: number): NestedItems => {
      if (axis === shape.length) return item(data, at);
      return Array.from(
        { length: shape[axis]! },
        (_, i) => nested(axis + 1, at + i * strides[axis]!),
      );
    };
    return nested(0, 0);
  }
}

/** NDArray, and extension 12. */
export const NDARRAY: Entry = {
  sends: { prototypes: [NDArray.prototype], write },
  reads: { code: CODE, read },
};

function write(value: object, writer: ValueWriter): void {
  const { dtype, shape, order, data } = value as NDArray;
  const bytes = bytesOf(data);
  // The buffer may have changed since.
  const problem = misfit(value as NDArray, dtypeOf(dtype)!);
  if (problem !== undefined) throw new Fault(problem, "NDArray");
  const head = new Uint8Array(3 + dtype.length + 8 * shape.length);
  const view = new DataView(head.buffer);
  head[0] = dtype.length;
  for (let i = 0; i < dtype.length; i++) head[1 + i] = dtype.charCodeAt(i);
  let at = 1 + dtype.length;
  head[at++] = order.charCodeAt(0);
  head[at++] = shape.length;
  for (const [i, length] of shape.entries()) view.setBigUint64(at + 8 * i, BigInt(length));
  writer.extension(CODE, head, bytes);
}

function read(reader: ValueReader, length: number): NDArray {
  const dtype = ASCII.decode(reader.take(reader.take(1)[0]!));
  const layout = dtypeOf(dtype);
  if (layout === undefined) throw new DecodeError(`there is no dtype "${dtype}"`);
  const order = String.fromCharCode(reader.take(1)[0]!) as "C" | "F";
  const dimensions = reader.take(1)[0]!;
  const lengths = reader.take(8 * dimensions);
  const view = new DataView(lengths.buffer, lengths.byteOffset, lengths.length);
  const shape = Array.from({ length: dimensions }, (_, i) => Number(view.getBigUint64(8 * i)));
  const data = reader.elements(length - 3 - dtype.length - 8 * dimensions, layout.array);
  try {
    return new NDArray(data, { dtype, shape, order });
  } catch (cause) {
    throw new DecodeError("the header and the data of an array do not match", { cause });
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Why data, dtype and shape do not match; undefined if they do. */
function misfit({ data, dtype, shape }: NDArray, { array, count }: Dtype): string | undefined {
  if (!(data instanceof array)) {
    return `data of dtype ${dtype} must be a ${array.name}, got ${classOf(data)}`;
  }
  const needed = sizeOf(shape) * count;
  if (data.length === needed) return undefined;
  return `data of dtype ${dtype} and shape [${shape}] must have ${needed} elements, got ${data.length}`;
}

function checkShape(shape: readonly number[]): void {
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw new TypeError(
      `Cannot make an NDArray: its shape must be integers from 0, got [${shape}]`,
    );
  }
  if (shape.length > MAX_DIMENSIONS) {
    throw new TypeError(
      `Cannot make an NDArray: it may have ${MAX_DIMENSIONS} dimensions, got ${shape.length}`,
    );
  }
}

function checkText(data: Uint32Array): void {
  const wrong = data.find((point) => point > MAX_CODE_POINT);
  if (wrong === undefined) return;
  throw new TypeError(`Cannot make an NDArray: ${wrong} is no code point of a string`);
}

function classOf(value: unknown): string {
  return Object(value).constructor?.name ?? typeof value;
}
