/**
 * Writes to a stream: joins small messages in one write, and counts the bytes that wait.
 *
 * @module
 */
import { MAX_TRANSFER_BYTES } from "../wire/buffers.ts";
import { copyFew, writeHeader } from "../wire/frame.ts";
import { HEADER_BYTES } from "../wire/limits.ts";
import type { Transport } from "./transport.ts";

/** A message of up to this size is copied, to be written together with others ... */
export const MAX_COPIED_BYTES: number = 32 * 1024;

/** ... up to this many bytes. A larger message is written by itself, without a copy. */
const GATHER_BYTES = 64 * 1024;

/** This much of a large message is written with its header, since each write wakes the peer. */
const JOINED_BYTES = 96 * 1024;

/** The first size of a buffer for small messages. A larger one is kept only while it is needed. */
const FIRST_BYTES = 2 * 1024;

/** Lends used buffers to an Outbox. */
export interface UsedBuffers {
  /** Returns a view of `size` bytes with undefined content. */
  borrow(size: number): Uint8Array;
  /** Takes such a buffer back. */
  give(buffer: ArrayBufferLike): void;
}

/** What an Outbox may be told beside its transport. */
export interface OutboxOptions {
  /** If given, a large message begins in the write of the small ones before it. */
  buffers?: UsedBuffers;
  /** The most bytes of one write of a large message. */
  writeBytes?: number;
}

/** The bytes of one write: a large message, or a buffer with small ones. */
interface Piece {
  buffer: Uint8Array;
  length: number;
  /** How much of it was written with the piece before it. */
  begun: number;
  /** Whether it has small messages. The last piece takes more of them. */
  isGathered: boolean;
  done: (() => void) | undefined;
}

/**
 * The sending side of one stream. `send` never waits. If no write is under way, the bytes are
 * written at once; else they are written after it, together with all that was sent meanwhile.
 * Nothing is delayed to gather more.
 */
export class Outbox {
  readonly #transport: Pick<Transport, "write">;
  readonly #onError: (error: unknown) => void;
  readonly #buffers: UsedBuffers | undefined;
  readonly #writeBytes: number;
  readonly #queue: Piece[] = [];
  /** A buffer whose bytes were written, for the next small messages. */
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
   * error they are dropped. `done` is called once they are written. It is not called if they are
   * copied, or if a write fails.
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

  /** Queues a frame; its body is treated as by `send`. */
  sendFrame(type: number, flags: number, id: number, body: Uint8Array, done?: () => void): void {
    this.gatherFrame(type, flags, id, body, done);
    this.flush();
  }

  /** Queues a frame that is written with the next one that is sent, or by `flush()`. */
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

  /** Writes the frames that wait for it. */
  flush(): void {
    if (!this.#writing && this.#queue.length > 0) this.#pump();
  }

  /** Resolves once everything is written, or the stream is broken. */
  idle(): Promise<void> {
    this.flush();
    if (!this.#writing) return Promise.resolve();
    this.#idle ??= Promise.withResolvers<void>();
    return this.#idle.promise;
  }

  /**
   * Resolves once at most `bytes` wait, or the stream is broken: the back-pressure for a producer.
   */
  below(bytes: number): Promise<void> {
    if (this.#waiting <= bytes || this.#broken) return Promise.resolve();
    this.flush();
    const resolvers = Promise.withResolvers<void>();
    this.#below.push({ bytes, resolvers });
    return resolvers.promise;
  }

  /** The piece for a small message of `length` bytes. */
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
    // One turn later, so that everything that is sent in this turn is written together.
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

  /** Keeps a buffer whose bytes were written; a large one only if more bytes wait already. */
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
