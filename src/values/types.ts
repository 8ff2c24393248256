/**
 * The types of values that can be sent, and of those that can come.
 *
 * @module
 */
import type { DataFrame } from "./tables/data_frame.ts";
import type { TypedArray } from "./tables/dtype.ts";
import type { NDArray } from "./tables/ndarray.ts";
import type { Series } from "./tables/series.ts";
import type { Float } from "./types/float.ts";
import type { Opaque } from "./types/opaque.ts";
import type { PythonScalar } from "./types/scalar.ts";
import type { Tuple } from "./types/tuple.ts";

export { Opaque } from "./types/opaque.ts";
export { PythonScalar, type PythonScalarType } from "./types/scalar.ts";

/**
 * A value that can be sent to Python: the right column of the table in this module's documentation,
 * and types that come back as another. Everything is copied.
 *
 * @example The type of an argument
 * ```ts
 * import { connect, type Sendable } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const length = (value: Sendable) => remote.eval<number>("len(value)", { locs: { value } });
 * console.log(await length([1, 2, 3])); // 3
 * ```
 */
export type Sendable =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Float
  | Tuple
  | PythonScalar
  | TypedArray
  | Uint8ClampedArray
  | DataView
  | ArrayBuffer
  | Date
  | Temporal.Instant
  | Temporal.ZonedDateTime
  | Temporal.PlainDateTime
  | Temporal.PlainDate
  | Temporal.PlainTime
  | Temporal.Duration
  | NDArray
  | Series
  | DataFrame
  | readonly Sendable[]
  | ReadonlyMap<Sendable, Sendable>
  | ReadonlySet<Sendable>
  | { readonly [key: string]: Sendable };

/**
 * A value that can come from Python, for `eval<Received>()` and programs that check what they get:
 * the right column of the table in this module's documentation.
 *
 * @example The result of unknown code
 * ```ts
 * import { connect, type Received } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const value = await remote.eval<Received>("{'a': (1, 2)}");
 * console.log(value); // { a: [ 1, 2 ] }
 * ```
 */
export type Received =
  | null
  | boolean
  | number
  | bigint
  | string
  | TypedArray
  | Temporal.ZonedDateTime
  | Temporal.PlainDateTime
  | Temporal.PlainDate
  | Temporal.PlainTime
  | Temporal.Duration
  | PythonScalar
  | NDArray
  | Series
  | DataFrame
  | Opaque
  | Received[]
  | Map<Received, Received>
  | Set<Received>
  | { [key: string]: Received };
