/**
 * Small results on their way to the main thread. Those of one turn are sent together, as frames.
 *
 * @module
 */
import { copyFew, readU32, writeHeader } from "../wire/frame.ts";
import { HEADER_BYTES } from "../wire/limits.ts";
import { MessageType } from "../wire/messages.ts";

/** A buffer that has grown larger than this is not kept. */
const KEPT_BYTES = 64 * 1024;

/** The results of one turn. */
export class ResultBatch {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  #length = 0;

  /** Adds a result, whose body is copied. */
  add(id: number, status: number, body: Uint8Array): void {
    const { length } = body;
    const at = this.#length;
    const end = at + HEADER_BYTES + length;
    if (end > this.#bytes.length) this.#grow(end);
    writeHeader(this.#bytes, at, MessageType.RESULT, status, length, id);
    copyFew(body, this.#bytes, at + HEADER_BYTES);
    this.#length = end;
  }

  /** What was added since the last call, in a buffer of its own; undefined if nothing was. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#length === 0) return undefined;
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = new Uint8Array(KEPT_BYTES);
    return taken;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Gives the results of a batch to `take`, one by one, until it returns false. */
export function takeResults(
  batch: Uint8Array,
  take: (id: number, status: number, bytes: Uint8Array, start: number, end: number) => boolean,
): void {
  let at = 0;
  while (at < batch.length) {
    const body = at + HEADER_BYTES;
    const end = body + readU32(batch, at + 4);
    if (!take(readU32(batch, at + 8), batch[at + 3]!, batch, body, end)) return;
    at = end;
  }
}
