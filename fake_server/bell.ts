/**
 * The bell of a python process (LINK.md, "Bell"): results of quick jobs that follow each other are
 * read together, so that neither side is woken for each.
 *
 * @module
 */
import { BELL_MS } from "./limits.ts";

/** The server's end of a bell. */
export class Bell {
  /** Resolves when the bell rings, or when it has been waited for long enough; else undefined. */
  rung: Promise<void> | undefined;
  #stop: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Listens to it. */
  constructor(connection: Deno.UnixConn) {
    this.#listen(connection);
  }

  /** Nothing of the process is read until it rings, or {@linkcode BELL_MS} have gone by. */
  wait(): void {
    if (this.rung !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.rung = promise;
    this.#stop = resolve;
    this.#timer = setTimeout(() => this.close(), BELL_MS);
  }

  /** Lets those go on that wait. */
  close(): void {
    clearTimeout(this.#timer);
    this.#stop?.();
    this.rung = this.#stop = undefined;
  }

  async #listen(connection: Deno.UnixConn): Promise<void> {
    const bytes = new Uint8Array(64);
    try {
      while (await connection.read(bytes) !== null) this.close();
    } catch {
      // However the connection has ended: without a bell results are looked for after BELL_MS, and the
      // link tells what has become of the process.
    }
  }
}
