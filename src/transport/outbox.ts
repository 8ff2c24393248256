/**
 * Writes to a stream: coalesces what is ready into one write, and knows how much still waits.
 *
 * @module
 */
import { copyFew, writeHeader } from "../wire/frame.ts";
import { HEADER_BYTES, MAX_TRANSFER_BYTES } from "../wire/limits.ts";
import type { Transport } from "./transport.ts";

/** A message of up to this size is copied, to leave together with others ... */
export const MAX_COPIED_BYTES: number = 32 * 1024;

/** ... up to so much in one write. A larger message is written as it is, uncopied. */
const GATHER_BYTES = 64 * 1024;

/** So much of a large message leaves with the header in front of it: each write wakes the peer. */
const JOINED_BYTES = 96 * 1024;

/** What a buffer for small messages has at first. One that has grown is kept only while it is used. */
const FIRST_BYTES = 2 * 1024;

/** Where an Outbox gets used buffers, and where it puts them back. */
export interface UsedBuffers {
  /** A view of `size` bytes, whose content is not defined. */
  borrow(size: number): Uint8Array;
  /** Takes such a buffer back. */
  give(buffer: ArrayBufferLike): void;
}

/** What an Outbox may be told beside its transport. */
export interface OutboxOptions {
  /** With these, a large message begins in the write of the small ones in front of it. */
  buffers?: UsedBuffers;
  /** So much of a large message is written at a time. */
  writeBytes?: number;
}

/** What one write takes: a large message, or a buffer with small ones. */
interface Piece {
  buffer: Uint8Array;
  length: number;
  /** How much of it has left with the piece in front of it. */
  begun: number;
  /** Small messages are in it; as long as it is the last, there may be more. */
  isGathered: boolean;
  done: (() => void) | undefined;
}

/**
 * The sending side of one stream. `send` never waits: bytes are written at once if nothing is under
 * way, else together with all that has come by the time the write before is done. Nothing is
 * delayed for the sake of gathering.
 */
export class Outbox {
  readonly #transport: Pick<Transport, "write">;
  readonly #onError: (error: unknown) => void;
  readonly #buffers: UsedBuffers | undefined;
  readonly #writeBytes: number;
  readonly #queue: Piece[] = [];
  /** A buffer that was written, for the next small messages. */
  #spare: Uint8Array | undefined;
  #waiting = 0;
  #writing = false;
  #broken = false;
  #idle: PromiseWithResolvers<void> | undefined;
  #below: { bytes: number; resolvers: PromiseWithResolvers<void> }[] = [];

  /** Makes one; `onError` is called once, with the first error of a write. */
  constructor(
    transport: Pick<Transport, "write">,
    onError: (error: unknown) => void,
    { buffers, writeBytes = MAX_TRANSFER_BYTES }: OutboxOptions = {},
  ) {
    this.#transport = transport;
    this.#onError = onError;
    this.#buffers = buffers;
    this.#writeBytes = writeBytes;
  }

  /** Bytes given to `send` and not yet taken by the runtime. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Queues `bytes`. More than 32 KiB are not copied, so they must not change from now on. After an
   * error they are let go. `done` is called once they are written; if they are few, or it comes to
   * an error, it never is.
   */
  send(bytes: Uint8Array, done?: () => void): void {
    const { length } = bytes;
    if (this.#broken || length === 0) return;
    if (length <= MAX_COPIED_BYTES) {
      const piece = this.#room(length);
      copyFew(bytes, piece.buffer, piece.length);
      piece.length += length;
    } else this.#queue.push({ buffer: bytes, length, begun: 0, isGathered: false, done });
    this.#waiting += length;
    this.flush();
  }

  /** Queues a frame. As `send`, of its body. */
  sendFrame(type: number, flags: number, id: number, body: Uint8Array, done?: () => void): void {
    this.gatherFrame(type, flags, id, body, done);
    this.flush();
  }

  /** Queues a frame that leaves with the next one that is sent, or at `flush()`. */
  gatherFrame(type: number, flags: number, id: number, body: Uint8Array, done?: () => void): void {
    if (this.#broken) return;
    const { length } = body;
    const isSmall = length <= MAX_COPIED_BYTES;
    const piece = this.#room(HEADER_BYTES + (isSmall ? length : 0));
    writeHeader(piece.buffer, piece.length, type, flags, length, id);
    piece.length += HEADER_BYTES;
    if (isSmall) {
      copyFew(body, piece.buffer, piece.length);
      piece.length += length;
    } else this.#queue.push({ buffer: body, length, begun: 0, isGathered: false, done });
    this.#waiting += HEADER_BYTES + length;
  }

  /** Writes what was gathered. */
  flush(): void {
    if (!this.#writing && this.#queue.length > 0) this.#pump();
  }

  /** Resolves once all that was sent is written, or never will be. */
  idle(): Promise<void> {
    this.flush();
    if (!this.#writing) return Promise.resolve();
    this.#idle ??= Promise.withResolvers<void>();
    return this.#idle.promise;
  }

  /** Resolves once at most `bytes` wait, or the stream is broken: a producer's back-pressure. */
  below(bytes: number): Promise<void> {
    if (this.#waiting <= bytes || this.#broken) return Promise.resolve();
    this.flush();
    const resolvers = Promise.withResolvers<void>();
    this.#below.push({ bytes, resolvers });
    return resolvers.promise;
  }

  /** The piece that takes a small message of so many bytes. */
  #room(length: number): Piece {
    const last = this.#queue.at(-1);
    if (last?.isGathered) {
      const needed = last.length + length;
      if (needed <= last.buffer.length) return last;
      if (needed <= GATHER_BYTES) {
        const larger = new Uint8Array(Math.min(GATHER_BYTES, Math.max(needed, 2 * last.length)));
        larger.set(last.buffer.subarray(0, last.length));
        last.buffer = larger;
        return last;
      }
    }
    let buffer = this.#spare;
    this.#spare = undefined;
    if (buffer === undefined || buffer.length < length) {
      buffer = new Uint8Array(Math.max(length, FIRST_BYTES));
    }
    const piece: Piece = { buffer, length: 0, begun: 0, isGathered: true, done: undefined };
    this.#queue.push(piece);
    return piece;
  }

  async #pump(): Promise<void> {
    this.#writing = true;
    // One turn later, so that everything sent in this turn leaves in one write.
    await undefined;
    try {
      for (let piece = this.#queue.shift(); piece !== undefined; piece = this.#queue.shift()) {
        const next = this.#queue[0];
        if (piece.isGathered && next?.isGathered === false && this.#buffers !== undefined) {
          await this.#writeJoined(piece, next, this.#buffers);
        } else await this.#write(piece);
        if (piece.isGathered) this.#keep(piece.buffer);
        piece.done?.();
      }
    } catch (error) {
      this.#broken = true;
      this.#queue.length = 0;
      this.#spare = undefined;
      this.#waiting = 0;
      this.#onError(error);
    } finally {
      this.#writing = false;
      this.#wake();
      this.#idle?.resolve();
      this.#idle = undefined;
    }
  }

  /** Writes small messages together with the beginning of the large one behind them. */
  async #writeJoined(small: Piece, large: Piece, buffers: UsedBuffers): Promise<void> {
    large.begun = Math.min(large.length, JOINED_BYTES);
    const length = small.length + large.begun;
    const joined = buffers.borrow(length);
    joined.set(small.buffer.subarray(0, small.length));
    joined.set(large.buffer.subarray(0, large.begun), small.length);
    await this.#transport.write(joined);
    buffers.give(joined.buffer);
    this.#waiting -= length;
    this.#wake();
  }

  async #write({ buffer, length, begun }: Piece): Promise<void> {
    for (let at = begun; at < length; at += this.#writeBytes) {
      const end = Math.min(length, at + this.#writeBytes);
      const isAll = end - at === buffer.length;
      await this.#transport.write(isAll ? buffer : buffer.subarray(at, end));
      this.#waiting -= end - at;
      this.#wake();
    }
  }

  /** Keeps a buffer that is written; a large one only if more waits already. */
  #keep(buffer: Uint8Array): void {
    if (buffer.length <= FIRST_BYTES || this.#queue.length > 0) this.#spare = buffer;
  }

  #wake(): void {
    if (this.#below.length === 0) return;
    this.#below = this.#below.filter(({ bytes, resolvers }) => {
      if (this.#waiting > bytes && !this.#broken) return true;
      resolvers.resolve();
      return false;
    });
  }
}
