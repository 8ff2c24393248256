/**
 * Bytes in all the forms JavaScript has for them, beside Uint8Array.
 *
 * @module
 */
import type { Encoder } from "./encode.ts";
import type { Entry } from "./entry.ts";
import { Fault } from "./fault.ts";

/** ArrayBuffer and the views of bytes; Uint8Array itself is the Encoder's own. */
export const BYTES: Entry = {
  sends: {
    prototypes: [ArrayBuffer.prototype, DataView.prototype, Uint8ClampedArray.prototype],
    write(value: object, encoder: Encoder): void {
      if (value instanceof ArrayBuffer) {
        refuseDetached(value);
        encoder.bin(new Uint8Array(value));
      } else {
        const view = value as DataView | Uint8ClampedArray;
        refuseDetached(view.buffer);
        encoder.bin(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
      }
    },
  },
};

/** Bytes that were transferred away look like none at all: sending those would hide a mistake. */
export function refuseDetached(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && buffer.detached) {
    throw new Fault("its bytes were transferred away", "ArrayBuffer");
  }
}
