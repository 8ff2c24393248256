/**
 * What may be sent and what may come.
 *
 * @module
 */
import type { Float } from "./float.ts";
import type { Opaque } from "./opaque.ts";
import type { PythonScalar } from "./scalar.ts";
import type { Tuple } from "./tuple.ts";

export { Opaque } from "./opaque.ts";
export { PythonScalar, type PythonScalarType } from "./scalar.ts";

/**
 * What can be sent to Python: the right column of the table in this module's documentation, and what
 * only goes. Everything in it is copied.
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
  | Uint8Array
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
  | readonly Sendable[]
  | ReadonlyMap<Sendable, Sendable>
  | ReadonlySet<Sendable>
  | { readonly [key: string]: Sendable };

/**
 * What can come from Python, for `eval<Received>()` and a program that looks at what it gets: the
 * right column of the table in this module's documentation.
 */
export type Received =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Temporal.ZonedDateTime
  | Temporal.PlainDateTime
  | Temporal.PlainDate
  | Temporal.PlainTime
  | Temporal.Duration
  | PythonScalar
  | Opaque
  | Received[]
  | Map<Received, Received>
  | Set<Received>
  | { [key: string]: Received };
