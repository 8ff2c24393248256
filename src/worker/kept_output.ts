/**
 * Output that is kept in memory until somebody reads it: pieces of one descriptor are joined in
 * blocks, and the blocks of what is dropped are used again. A flood that nobody reads so makes no
 * garbage, of which V8 lets 64 MiB gather before it looks.
 *
 * @module
 */

/** What keeping a chunk costs beside its bytes, so that many small ones are not for free. */
const CHUNK_COST_BYTES = 64;

/** The least and the most bytes of a block; between them an eighth of what one eval may keep. */
const LEAST_BLOCK_BYTES = 4 * 1024;
const LARGEST_BLOCK_BYTES = 64 * 1024;

/** Blocks kept to be used again: as many as one piece of output may drop and take. */
const SPARE_BLOCKS = 4;

/** Neighbouring bytes of one descriptor. */
interface Chunk {
  fd: 1 | 2;
  buffer: Uint8Array<ArrayBuffer>;
  length: number;
}

/** The blocks of one session. */
export class Blocks {
  readonly size: number;
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  /** Makes them for evals that keep at most so many bytes each. */
  constructor(perEval: number) {
    this.size = Math.min(LARGEST_BLOCK_BYTES, Math.max(LEAST_BLOCK_BYTES, perEval >> 3));
  }

  /** A whole block. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#spare.pop() ?? new Uint8Array(this.size);
  }

  /** Takes back what nobody uses any more. */
  giveBack(buffer: Uint8Array<ArrayBuffer>): void {
    if (buffer.length === this.size && this.#spare.length < SPARE_BLOCKS) this.#spare.push(buffer);
  }
}

/** What is kept of one eval's output, oldest first. */
export class KeptOutput {
  readonly #blocks: Blocks;
  #chunks: Chunk[] = [];
  #cost = 0;

  /** Makes an empty one. */
  constructor(blocks: Blocks) {
    this.#blocks = blocks;
  }

  /** The memory it takes. */
  get cost(): number {
    return this.#cost;
  }

  /** Whether nothing is kept. */
  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** Copies `bytes` to the end. */
  add(fd: 1 | 2, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const chunk = this.#room(fd, bytes.length - at);
      const part = bytes.subarray(at, at + chunk.buffer.length - chunk.length);
      chunk.buffer.set(part, chunk.length);
      chunk.length += part.length;
      at += part.length;
    }
  }

  /** Lets go of the oldest chunk; says how many bytes it had. */
  dropOldest(): number {
    const { buffer, length } = this.#chunks.shift()!;
    this.#cost -= buffer.length + CHUNK_COST_BYTES;
    this.#blocks.giveBack(buffer);
    return length;
  }

  /** Everything, each piece with a buffer of its own. It stays here. */
  pieces(): { fd: 1 | 2; bytes: Uint8Array<ArrayBuffer> }[] {
    return this.#chunks.map(({ fd, buffer, length }) => ({ fd, bytes: buffer.slice(0, length) }));
  }

  /** Lets go of everything. */
  clear(): void {
    while (!this.isEmpty) this.dropOldest();
  }

  /** The chunk that the next bytes go to, with room for at least one and `wanted` if that can be. */
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
    // What has filled a block will most likely fill another: growing each anew would be garbage.
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
