/**
 * The form of one entry of the table of types, and the interfaces that an entry writes and reads
 * values with. The Encoder and the Decoder implement them. Entries import only the interfaces, so
 * that they do not import a file that imports the table.
 *
 * @module
 */
import type { Step } from "./codec/fault.ts";
import type { TypedArray, TypedArrayConstructor } from "./tables/dtype.ts";

/** How one kind of object is sent, and how one extension is read. Either may be missing. */
export interface Entry {
  /** How to send objects whose prototype is one of these. */
  readonly sends?: {
    readonly prototypes: readonly object[];
    /** Writes one value. Throws a `Fault` if it cannot be sent. */
    readonly write: (value: object, writer: ValueWriter) => void;
  };
  /** How to read an extension. */
  readonly reads?: {
    /** The extension's code on the wire. */
    readonly code: number;
    /** Reads the whole payload of `length` bytes. Throws a DecodeError if it is malformed. */
    readonly read: (reader: ValueReader, length: number) => unknown;
  };
}

/** Writes the parts of a value. */
export interface ValueWriter {
  /** Writes a float, even if it is integral. */
  float(value: number): void;

  /** Writes bytes. */
  bin(bytes: Uint8Array): void;

  /** Writes a map of `keys` and their values by `get`. `step` counts keys and values. */
  map(keys: readonly string[], get: (key: string) => unknown, container: object, step: Step): void;

  /** Writes an extension whose payload is one array. In errors `step` names an element. */
  extensionArray(code: number, list: readonly unknown[], container: object, step: Step): void;

  /** Writes an extension whose payload is one value. */
  extensionValue(code: number, value: unknown): void;

  /** Writes an extension whose payload is bytes, `pieces` one after the other. */
  extension(code: number, ...pieces: Uint8Array[]): void;
}

/** Reads the parts of a payload, one after another. */
export interface ValueReader {
  /** Reads any value. */
  read(): unknown;

  /** Reads the payload of an extension that must be an array; `what` names the extension. */
  list(what: string): unknown[];

  /** The next `count` bytes, as a view. */
  take(count: number): Uint8Array;

  /**
   * The next `count` bytes, as elements of a typed array: a view if there are many, else a copy.
   */
  elements(count: number, array: TypedArrayConstructor): TypedArray;
}
