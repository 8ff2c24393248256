/**
 * Writes to a stream: coalesces what is ready into one write, and knows how much still waits.
 *
 * @module
 */
import type { Transport } from "./transport.ts";

/** Small messages are gathered up to this size; a larger one is written as it is, uncopied. */
const GATHER_BYTES = 64 * 1024;

/**
 * The sending side of one stream. `send` never waits: bytes are written at once if nothing is under
 * way, else together with all that has come by the time the write before is done. Nothing is
 * delayed for the sake of gathering.
 */
export class Outbox {
  readonly #transport: Pick<Transport, "write">;
  readonly #onError: (error: unknown) => void;
  #queue: Uint8Array[] = [];
  /** What is to be called when one of them is written. */
  readonly #done = new Map<Uint8Array, () => void>();
  #waiting = 0;
  #writing = false;
  #broken = false;
  #idle: PromiseWithResolvers<void> | undefined;
  #below: { bytes: number; resolvers: PromiseWithResolvers<void> }[] = [];

  /** Makes one; `onError` is called once, with the first error of a write. */
  constructor(transport: Pick<Transport, "write">, onError: (error: unknown) => void) {
    this.#transport = transport;
    this.#onError = onError;
  }

  /** Bytes given to `send` and not yet taken by the runtime. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Queues `bytes`, which must not change from now on. After an error they are let go. `done` is
   * called once they are written; if they are few, or it comes to an error, it never is.
   */
  send(bytes: Uint8Array, done?: () => void): void {
    if (this.#broken || bytes.length === 0) return;
    this.#queue.push(bytes);
    if (done !== undefined && bytes.length > GATHER_BYTES) this.#done.set(bytes, done);
    this.#waiting += bytes.length;
    if (!this.#writing) this.#pump();
  }

  /** Resolves once all that was sent is written, or never will be. */
  idle(): Promise<void> {
    if (!this.#writing) return Promise.resolve();
    this.#idle ??= Promise.withResolvers<void>();
    return this.#idle.promise;
  }

  /** Resolves once at most `bytes` wait, or the stream is broken: a producer's back-pressure. */
  below(bytes: number): Promise<void> {
    if (this.#waiting <= bytes || this.#broken) return Promise.resolve();
    const resolvers = Promise.withResolvers<void>();
    this.#below.push({ bytes, resolvers });
    return resolvers.promise;
  }

  async #pump(): Promise<void> {
    this.#writing = true;
    // One turn later, so that everything sent in this turn leaves in one write.
    await undefined;
    try {
      while (this.#queue.length > 0) {
        const bytes = this.#take();
        await this.#transport.write(bytes);
        this.#waiting -= bytes.length;
        this.#wake();
        const done = this.#done.get(bytes);
        if (done !== undefined) {
          this.#done.delete(bytes);
          done();
        }
      }
    } catch (error) {
      this.#broken = true;
      this.#queue = [];
      this.#done.clear();
      this.#waiting = 0;
      this.#onError(error);
    } finally {
      this.#writing = false;
      this.#wake();
      this.#idle?.resolve();
      this.#idle = undefined;
    }
  }

  /** The next bytes to write: one large message, or as many small ones as fit together. */
  #take(): Uint8Array {
    const queue = this.#queue;
    let count = 0;
    let total = 0;
    while (count < queue.length && total + queue[count]!.length <= GATHER_BYTES) {
      total += queue[count++]!.length;
    }
    if (count <= 1) return queue.shift()!;
    const gathered = new Uint8Array(total);
    let at = 0;
    for (let i = 0; i < count; i++) {
      gathered.set(queue[i]!, at);
      at += queue[i]!.length;
    }
    queue.splice(0, count);
    return gathered;
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
