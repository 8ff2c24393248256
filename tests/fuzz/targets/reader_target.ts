/**
 * The frame reader by itself.
 *
 * @module
 */
import { FrameError } from "../../../src/wire/frame.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { MAX_FRAME_BODY_BYTES } from "../../../src/wire/limits.ts";

/** What comes of bytes in pieces: a line for each frame, and for what ends it. */
export function readFrames(pieces: readonly Uint8Array[]): string[] {
  const reader = new FrameReader(MAX_FRAME_BODY_BYTES);
  const told: string[] = [];
  let fed = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const space = reader.space();
      const part = piece.subarray(at, at + space.length);
      space.set(part);
      at += part.length;
      fed += part.length;
      const held = space.buffer.byteLength;
      if (space.length === 0 || held > Math.max(64 * 1024, 16 * fed)) {
        throw new Error(`${held} bytes of buffer are held after ${fed} have come`);
      }
      try {
        for (const { type, flags, length, id, body } of reader.filled(part.length)) {
          told.push(`${type} ${flags} ${length} ${id} ${body.toHex()}`);
        }
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        told.push(`${error.code}: ${error.message.replace(/, got ".*/s, "")}`);
        return told;
      }
    }
  }
  told.push(`${reader.pending} bytes are left`);
  return told;
}
