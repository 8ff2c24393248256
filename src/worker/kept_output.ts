/**
 * Output that is kept in memory until it is read. Pieces of one descriptor are joined in blocks,
 * and the blocks of dropped output are used again. So a flood that nobody reads makes no garbage,
 * of which V8 gathers 64 MiB before it collects.
 *
 * @module
 */

/** What a chunk costs besides its bytes, so that many small ones count, too. */
const CHUNK_COST_BYTES = 64;

/**
 * The least and the most bytes of a block. Between them it is an eighth of what one eval may keep.
 */
const LEAST_BLOCK_BYTES = 4 * 1024;
const LARGEST_BLOCK_BYTES = 64 * 1024;

/** The number of spare blocks that are kept: one piece of output drops or takes at most as many. */
const SPARE_BLOCKS = 4;

/** Consecutive bytes of one descriptor. */
interface Chunk {
  fd: 1 | 2;
  buffer: Uint8Array<ArrayBuffer>;
  length: number;
}

/** The blocks of one session. */
export class Blocks {
  readonly size: number;
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  /** Makes blocks for evals that keep at most `perEval` bytes each. */
  constructor(perEval: number) {
    this.size = Math.min(LARGEST_BLOCK_BYTES, Math.max(LEAST_BLOCK_BYTES, perEval >> 3));
  }

  /** A whole block. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#spare.pop() ?? new Uint8Array(this.size);
  }

  /** Takes back a buffer that is not used any more. */
  giveBack(buffer: Uint8Array<ArrayBuffer>): void {
    if (buffer.length === this.size && this.#spare.length < SPARE_BLOCKS) this.#spare.push(buffer);
  }
}

/** The kept output of one eval, oldest first. */
export class KeptOutput {
  readonly #blocks: Blocks;
  #chunks: Chunk[] = [];
  #cost = 0;

  /** Makes one without output. */
  constructor(blocks: Blocks) {
    this.#blocks = blocks;
  }

  /** The memory that it takes. */
  get cost(): number {
    return this.#cost;
  }

  /** Whether nothing is kept. */
  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** Appends a copy of `bytes`. */
  add(fd: 1 | 2, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const chunk = this.#room(fd, bytes.length - at);
      const part = bytes.subarray(at, at + chunk.buffer.length - chunk.length);
      chunk.buffer.set(part, chunk.length);
      chunk.length += part.length;
      at += part.length;
    }
  }

  /** Drops the oldest chunk; returns how many bytes it had. */
  dropOldest(): number {
    const { buffer, length } = this.#chunks.shift()!;
    this.#cost -= buffer.length + CHUNK_COST_BYTES;
    this.#blocks.giveBack(buffer);
    return length;
  }

  /** Copies of all chunks, each in a buffer of its own. */
  pieces(): { fd: 1 | 2; bytes: Uint8Array<ArrayBuffer> }[] {
    return this.#chunks.map(({ fd, buffer, length }) => ({ fd, bytes: buffer.slice(0, length) }));
  }

  /** Drops everything. */
  clear(): void {
    while (!this.isEmpty) this.dropOldest();
  }

  /**
   * The chunk for the next bytes. It has room for one byte at least, and for `wanted` if possible.
   */
  #room(fd: 1 | 2, wanted: number): Chunk {
    const { size } = this.#blocks;
    const last = this.#chunks.at(-1);
    if (last?.fd === fd && last.length < size) {
      const needed = Math.min(size, last.length + wanted);
      if (needed > last.buffer.length) {
        const buffer = this.#buffer(Math.max(needed, Math.min(size, 2 * last.buffer.length)));
        buffer.set(last.buffer.subarray(0, last.length));
        this.#cost += buffer.length - last.buffer.length;
        last.buffer = buffer;
      }
      return last;
    }
    // An eval that has filled a block most likely fills another: growing each would make garbage.
    const buffer = last?.fd === fd ? this.#blocks.take() : this.#buffer(Math.min(size, wanted));
    const chunk = { fd, buffer, length: 0 };
    this.#chunks.push(chunk);
    this.#cost += buffer.length + CHUNK_COST_BYTES;
    return chunk;
  }

  #buffer(bytes: number): Uint8Array<ArrayBuffer> {
    return bytes === this.#blocks.size ? this.#blocks.take() : new Uint8Array(bytes);
  }
}
