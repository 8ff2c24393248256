/**
 * Used large buffers, kept for a while to be used again: the kernel maps new memory page by page,
 * which takes longer than our work on it.
 *
 * @module
 */
import type { UsedBuffers } from "../../src/transport/outbox.ts";
import type { Buffers } from "../../src/wire/frame_reader.ts";
import {
  FREED_AT_ONCE_BYTES,
  KEPT_BUFFER_MS,
  MAX_KEPT_BYTES,
  MIN_KEPT_BUFFER_BYTES,
} from "./limits.ts";

/** The kept buffers of a server, shared by all sessions and python processes. */
export class KeptBuffers implements Buffers, UsedBuffers {
  readonly #clock: () => number;
  /** In the order in which they came. */
  #kept: { buffer: ArrayBuffer; since: number }[] = [];
  #bytes = 0;

  /** Starts without buffers. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The size of all kept buffers together. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Returns the smallest buffer for `size` bytes, but no far larger one: it may be kept for long.
   */
  take(size: number): ArrayBuffer | undefined {
    let best = -1;
    let bestSize = 2 * size + 1;
    for (let i = 0; i < this.#kept.length; i++) {
      const { byteLength } = this.#kept[i]!.buffer;
      if (byteLength >= size && byteLength < bestSize) {
        best = i;
        bestSize = byteLength;
      }
    }
    if (best === -1) return undefined;
    this.#bytes -= bestSize;
    return this.#kept.splice(best, 1)[0]!.buffer;
  }

  /** Returns a view of `size` bytes, of a kept buffer or a new one; their content is not defined. */
  borrow(size: number): Uint8Array<ArrayBuffer> {
    const rounded = Math.ceil(size / MIN_KEPT_BUFFER_BYTES) * MIN_KEPT_BUFFER_BYTES;
    return new Uint8Array(this.take(size) ?? new ArrayBuffer(rounded), 0, size);
  }

  /** Returns a copy of bytes, in a buffer of its own that can be given back. */
  copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    if (bytes.length < MIN_KEPT_BUFFER_BYTES) return bytes.slice();
    const copy = this.borrow(bytes.length);
    copy.set(bytes);
    return copy;
  }

  /** Keeps a buffer that nothing else uses. Drops the oldest ones if they are too many bytes. */
  give(buffer: ArrayBufferLike): void {
    const size = buffer.byteLength;
    if (size < MIN_KEPT_BUFFER_BYTES || size > MAX_KEPT_BYTES) return;
    if (!(buffer instanceof ArrayBuffer)) return;
    while (this.#bytes + size > MAX_KEPT_BYTES) this.#letGo();
    this.#kept.push({ buffer, since: this.#clock() });
    this.#bytes += size;
  }

  /** Drops buffers that were not needed for a while. Called several times a second. */
  tick(now: number): void {
    // The whole server waits while memory is freed, so not all at once.
    const least = this.#bytes - FREED_AT_ONCE_BYTES;
    while (this.#bytes > least && this.#kept.length > 0) {
      if (now - this.#kept[0]!.since < KEPT_BUFFER_MS) return;
      this.#letGo();
    }
  }

  #letGo(): void {
    const { buffer } = this.#kept.shift()!;
    this.#bytes -= buffer.byteLength;
    // Frees the memory now; the collector might keep it for minutes.
    buffer.transfer(0);
  }
}
