/**
 * What may be sent and what may come.
 *
 * @module
 */
import type { Float } from "./float.ts";
import type { Opaque } from "./opaque.ts";

export { Opaque } from "./opaque.ts";

/** What can be sent to Python. Everything in it is copied. */
export type Sendable =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Float
  | Uint8Array
  | Uint8ClampedArray
  | DataView
  | ArrayBuffer
  | Date
  | Temporal.Instant
  | Temporal.ZonedDateTime
  | readonly Sendable[]
  | ReadonlyMap<Sendable, Sendable>
  | ReadonlySet<Sendable>
  | { readonly [key: string]: Sendable };

/** What can come from Python. */
export type Received =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Temporal.ZonedDateTime
  | Opaque
  | Received[]
  | Map<Received, Received>
  | Set<Received>
  | { [key: string]: Received };
