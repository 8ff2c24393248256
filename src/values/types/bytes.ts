/**
 * The forms of bytes in JavaScript besides Uint8Array.
 *
 * @module
 */
import { Fault } from "../codec/fault.ts";
import type { Entry, ValueWriter } from "../entry.ts";

/** ArrayBuffer and views of bytes. The Encoder writes Uint8Arrays itself. */
export const BYTES: Entry = {
  sends: {
    prototypes: [ArrayBuffer.prototype, DataView.prototype, Uint8ClampedArray.prototype],
    write(value: object, writer: ValueWriter): void {
      if (value instanceof ArrayBuffer) {
        refuseDetached(value);
        writer.bin(new Uint8Array(value));
      } else writer.bin(bytesOf(value as ArrayBufferView));
    },
  },
};

/** The bytes of a view, without a copy. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  if (view.buffer.byteLength === 0) refuseDetached(view.buffer);
  try {
    // A view outside of a buffer that has shrunk looks empty until it is used.
    if (!(view instanceof DataView) && view.byteLength === 0) (view as Uint8Array).values();
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Fault("its buffer has been made smaller than it", view.constructor.name);
  }
}

/** Refuses transferred buffers: they look empty, and sending them would hide a mistake. */
export function refuseDetached(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && buffer.detached) {
    throw new Fault("its bytes were transferred away", "ArrayBuffer");
  }
}
