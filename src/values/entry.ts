/**
 * The form of one entry of the table of types.
 *
 * @module
 */
import type { Decoder } from "./codec/decoder.ts";
import type { Encoder } from "./encode.ts";

/** How one kind of objects is sent and how one extension is read; either half may be missing. */
export interface Entry {
  /** The objects it sends: those with exactly one of these prototypes. */
  readonly sends?: {
    readonly prototypes: readonly object[];
    /** Writes one value, whole. Throws a `Fault` for one that cannot be sent. */
    readonly write: (value: object, encoder: Encoder) => void;
  };
  /** The extension it reads. */
  readonly reads?: {
    /** The extension's code on the wire. */
    readonly code: number;
    /** Reads the whole payload of `length` bytes. Throws a DecodeError for one that is wrong. */
    readonly read: (decoder: Decoder, length: number) => unknown;
  };
}
