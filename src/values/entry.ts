/**
 * The form of one entry of the table of types, and what an entry needs to write and to read values:
 * the Encoder and the Decoder have it. The entries import these interfaces only, and so no file that
 * imports the entries.
 *
 * @module
 */
import type { Step } from "./codec/fault.ts";
import type { TypedArray, TypedArrayConstructor } from "./tables/dtype.ts";

/** How one kind of objects is sent and how one extension is read; either half may be missing. */
export interface Entry {
  /** The objects it sends: those with exactly one of these prototypes. */
  readonly sends?: {
    readonly prototypes: readonly object[];
    /** Writes one value, whole. Throws a `Fault` for one that cannot be sent. */
    readonly write: (value: object, writer: ValueWriter) => void;
  };
  /** The extension it reads. */
  readonly reads?: {
    /** The extension's code on the wire. */
    readonly code: number;
    /** Reads the whole payload of `length` bytes. Throws a DecodeError for one that is wrong. */
    readonly read: (reader: ValueReader, length: number) => unknown;
  };
}

/** What writes the parts of a value. */
export interface ValueWriter {
  /** Writes a float, even if it is integral. */
  float(value: number): void;

  /** Writes bytes. */
  bin(bytes: Uint8Array): void;

  /** Writes a map of `keys`, each with what `get` has for it. `step` counts both, as in pairs. */
  map(keys: readonly string[], get: (key: string) => unknown, container: object, step: Step): void;

  /** Writes an extension whose payload is one array. `step` names the way to an element in errors. */
  extensionArray(code: number, list: readonly unknown[], container: object, step: Step): void;

  /** Writes an extension whose payload is one value. */
  extensionValue(code: number, value: unknown): void;

  /** Writes an extension whose payload is bytes, `pieces` one after the other. */
  extension(code: number, ...pieces: Uint8Array[]): void;
}

/** What reads the parts of a payload, one after another. */
export interface ValueReader {
  /** Reads any value. */
  read(): unknown;

  /** Reads an array; `what` names the extension whose payload it has to be. */
  list(what: string): unknown[];

  /** The next `count` bytes, as a view. */
  take(count: number): Uint8Array;

  /**
   * The next `count` bytes, as elements of a typed array. They are a view if there are many, else a
   * copy.
   */
  elements(count: number, array: TypedArrayConstructor): TypedArray;
}
