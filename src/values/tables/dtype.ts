/**
 * The dtypes of numpy that are sent as bytes, by numpy's names.
 *
 * @module
 */
import { safeOrBig } from "../codec/safe_integer.ts";

/**
 * A typed array, which holds the elements of an NDArray.
 *
 * @example Any typed array
 * ```ts
 * import { NDArray, type TypedArray } from "@pyproxy/client";
 *
 * const dtype = (data: TypedArray) => new NDArray(data).dtype;
 * console.log(dtype(new Float32Array(3))); // float32
 * ```
 */
export type TypedArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float16Array
  | Float32Array
  | Float64Array;

/** The class of a typed array. */
export type TypedArrayConstructor = {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
  readonly prototype: TypedArray;
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
};

/**
 * An item of an array or a column in JavaScript.
 *
 * @example An item of an array
 * ```ts
 * import { type Item, NDArray } from "@pyproxy/client";
 *
 * const item: Item = new NDArray(new Float64Array([1.5, 2])).at(-1);
 * console.log(item); // 2
 * ```
 */
export type Item = number | bigint | boolean | string | Uint8Array | [re: number, im: number];

/** How the items of one dtype lie in a typed array. */
export interface Dtype {
  /** The class of the typed array. */
  readonly array: TypedArrayConstructor;
  /** The number of elements of one item. */
  readonly count: number;
  /** Reads the item that begins at an element. */
  readonly item: (data: TypedArray, at: number) => Item;
}

/** The dtypes that follow from the class of a typed array, in the order of the search. */
const NUMBERS: Readonly<Record<string, TypedArrayConstructor>> = {
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float16: Float16Array,
  float32: Float32Array,
  float64: Float64Array,
};

const plain: Dtype["item"] = (data, at) => data[at]!;
const integer: Dtype["item"] = (data, at) => safeOrBig((data as BigInt64Array)[at]!);
const pair: Dtype["item"] = (data, at) => [data[at] as number, data[at + 1] as number];

const DTYPES: ReadonlyMap<string, Dtype> = new Map([
  ...Object.entries(NUMBERS).map(([name, array]): [string, Dtype] => [
    name,
    { array, count: 1, item: name.endsWith("int64") ? integer : plain },
  ]),
  ["bool", { array: Uint8Array, count: 1, item: (data, at) => data[at] !== 0 }],
  ["complex64", { array: Float32Array, count: 2, item: pair }],
  ["complex128", { array: Float64Array, count: 2, item: pair }],
]);

const MOMENT: Dtype = { array: BigInt64Array, count: 1, item: plain };
const MOMENT_NAME =
  /^(?:datetime64|timedelta64)(?:\[[0-9]{0,9}(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?$/;
const TEXT_NAME = /^([US])([1-9][0-9]{0,8})$/;

/** numpy's name for the elements of a typed array: `float64`. Undefined for anything else. */
export function nameOf(data: unknown): string | undefined {
  if (!ArrayBuffer.isView(data)) return undefined;
  const prototype = Object.getPrototypeOf(data);
  return Object.keys(NUMBERS).find((name) => NUMBERS[name]!.prototype === prototype) ??
    (data instanceof Uint8Array ? "uint8" : undefined); // Node's Buffer
}

/** The typed array of a dtype, if its items are plain numbers. */
export function numbersOf(name: string): TypedArrayConstructor | undefined {
  return Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
}

/** How items of a dtype lie in memory; undefined if they are not sent as bytes. */
export function dtypeOf(name: string): Dtype | undefined {
  const known = DTYPES.get(name);
  if (known !== undefined) return known;
  if (MOMENT_NAME.test(name)) return MOMENT;
  const [, kind, length] = TEXT_NAME.exec(name) ?? [];
  if (kind === undefined) return undefined;
  const count = Number(length);
  return kind === "S"
    ? { array: Uint8Array, count, item: (data, at) => fixedBytes(data as Uint8Array, at, count) }
    : { array: Uint32Array, count, item: (data, at) => fixedText(data as Uint32Array, at, count) };
}

/** An item of `S`: bytes without the padding zeros. */
function fixedBytes(data: Uint8Array, at: number, count: number): Uint8Array {
  return data.slice(at, usedEnd(data, at, count));
}

/** An item of `U`: code points without the padding zeros. */
function fixedText(data: Uint32Array, at: number, count: number): string {
  let text = "";
  for (const end = usedEnd(data, at, count); at < end; at++) {
    text += String.fromCodePoint(data[at]!);
  }
  return text;
}

function usedEnd(data: Uint8Array | Uint32Array, at: number, count: number): number {
  let end = at + count;
  while (end > at && data[end - 1] === 0) end--;
  return end;
}
