/**
 * Seeded random arrays of every dtype, for the tests of both sides.
 *
 * @module
 */
import { NDArray, type TypedArray } from "../../../mod.ts";
import { dtypeOf } from "../../../src/values/tables/dtype.ts";
import { seeded } from "./values_random.ts";

/** Every dtype that travels as bytes, units and lengths by example. */
export const DTYPES: readonly string[] = [
  ..."bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split(" "),
  ..."complex64 complex128 datetime64[ns] datetime64[25s] datetime64[D] timedelta64[us]".split(" "),
  ..."timedelta64 U1 U5 S1 S3".split(" "),
];

/** Makes arrays whose items are random bits, as far as every bit pattern is an item. */
export class RandomArrays {
  readonly #random: () => number;

  /** Makes the same arrays for the same seed. */
  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  /** An array of the dtype: 0 to 5 dimensions, or many, and rarely more than some hundred items. */
  array(dtype: string): NDArray {
    const dimensions = this.below(12) === 0 ? 32 : this.below(6);
    const shape = Array.from(
      { length: dimensions },
      () => dimensions === 32 ? 1 : this.below(15) === 0 ? 0 : 1 + this.below(4),
    );
    const { array, count } = dtypeOf(dtype)!;
    const length = shape.reduce((product, each) => product * each, count);
    const bytes = new Uint8Array(length * array.BYTES_PER_ELEMENT);
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.below(256);
    const data = new array(bytes.buffer, 0, length);
    if (dtype === "bool") data.forEach((_, i) => data[i] = this.below(2));
    if (dtype.startsWith("U")) data.forEach((_, i) => data[i] = this.below(0xd800));
    return new NDArray(data as TypedArray, { dtype, shape, order: this.below(2) ? "C" : "F" });
  }

  /** An integer from 0 to below the limit. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
