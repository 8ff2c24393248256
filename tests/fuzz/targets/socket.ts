/**
 * A client's socket in memory, as the server reads it: in the pieces in which it was written.
 *
 * @module
 */

/** One connection; the server has it as a `Socket`, the test as what is at the other end. */
export class MemorySocket {
  readonly peer = "127.0.0.1:1";
  closed = false;
  /** The client reads nothing more, and buffers are full. */
  isStalled = false;
  readonly #incoming: Uint8Array[] = [];
  readonly #outgoing: Uint8Array[] = [];
  #ended = false;
  #cut: ((error: Error) => void) | undefined;
  #wake: (() => void) | undefined;

  /** The client writes, each piece a read of the server's. */
  push(pieces: readonly Uint8Array[]): void {
    if (this.closed) return;
    this.#incoming.push(...pieces);
    this.#wake?.();
  }

  /** The client closes. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Bytes that the server has not read. */
  get unread(): number {
    return this.#incoming.reduce((sum, { length }) => sum + length, 0);
  }

  /** What the server has written since the last call. */
  take(): Uint8Array[] {
    return this.#outgoing.splice(0);
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#incoming.length === 0) {
      if (this.closed) throw new Deno.errors.BadResource("the socket is closed");
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const piece = this.#incoming[0]!;
    const count = Math.min(piece.length, into.length);
    into.set(piece.subarray(0, count));
    if (count === piece.length) this.#incoming.shift();
    else this.#incoming[0] = piece.subarray(count);
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.closed) return Promise.reject(new Deno.errors.BadResource("the socket is closed"));
    if (this.isStalled) return new Promise<number>((_, reject) => this.#cut = reject);
    this.#outgoing.push(bytes.slice());
    return Promise.resolve(bytes.length);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
    this.#incoming.length = 0;
    this.#wake?.();
    this.#cut?.(new Deno.errors.BadResource("the socket is closed"));
  }
}
