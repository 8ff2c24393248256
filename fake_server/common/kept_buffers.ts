/**
 * Large buffers that have been used, kept a while to be used again: the kernel gives fresh memory a
 * page at a time, which takes longer than all that is done with it here.
 *
 * @module
 */
import type { Buffers } from "../../src/wire/frame_reader.ts";
import {
  FREED_AT_ONCE_BYTES,
  KEPT_BUFFER_MS,
  MAX_KEPT_BYTES,
  MIN_KEPT_BUFFER_BYTES,
} from "./limits.ts";

/** The kept buffers of a server, for all its sessions and python processes. */
export class KeptBuffers implements Buffers {
  readonly #clock: () => number;
  /** The one that came last is the last. */
  #kept: { buffer: ArrayBuffer; since: number }[] = [];
  #bytes = 0;

  /** Makes one; it is empty. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** What they take together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Hands out the smallest that has room for `size` bytes, and not for far more: it may be held long. */
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

  /** Takes a buffer that nobody else uses from now on. The oldest have to go where it is too much. */
  give(buffer: ArrayBufferLike): void {
    const size = buffer.byteLength;
    if (size < MIN_KEPT_BUFFER_BYTES || size > MAX_KEPT_BYTES) return;
    if (!(buffer instanceof ArrayBuffer)) return;
    while (this.#bytes + size > MAX_KEPT_BYTES) this.#letGo();
    this.#kept.push({ buffer, since: this.#clock() });
    this.#bytes += size;
  }

  /** Lets go of those that were not needed for a while; to be called several times a second. */
  tick(now: number): void {
    // Everybody waits while memory is freed: not all of it at once.
    const least = this.#bytes - FREED_AT_ONCE_BYTES;
    while (this.#bytes > least && this.#kept.length > 0) {
      if (now - this.#kept[0]!.since < KEPT_BUFFER_MS) return;
      this.#letGo();
    }
  }

  #letGo(): void {
    const { buffer } = this.#kept.shift()!;
    this.#bytes -= buffer.byteLength;
    // Frees it now; the collector might leave it for minutes.
    buffer.transfer(0);
  }
}
