/**
 * When the pipes of a busy python process are left unread (LINK.md, "Rest"): as long as they are, an
 * eval that has left nothing in them has written nothing, and no records are needed to tell its
 * output from the next one's.
 *
 * @module
 */

/** Keeps the loops that read pipes from reading. */
export class Rest {
  readonly #loops: number;
  readonly #note: (rests: number) => void;
  /** How often it has begun or ended: odd while all loops wait. */
  #rests = 0;
  #waiting = 0;
  #over: PromiseWithResolvers<void> | undefined;
  #isClosed = false;

  /** Makes one for so many loops. `note` tells the python process, with a number odd at rest. */
  constructor(loops: number, note: (rests: number) => void) {
    this.#loops = loops;
    this.#note = note;
  }

  /** Whether it has begun. */
  get isOn(): boolean {
    return this.#over !== undefined;
  }

  /** Whether every loop waits. */
  get isFull(): boolean {
    return this.#over !== undefined && this.#waiting === this.#loops;
  }

  /** Resolves when a loop may read; undefined if it may right now. */
  get over(): Promise<void> | undefined {
    if (this.#over === undefined) return undefined;
    this.#waiting++;
    if (this.#waiting === this.#loops) this.#count();
    return this.#over.promise;
  }

  /** From here on a loop that is done with a read begins no other. */
  begin(): void {
    if (!this.#isClosed) this.#over ??= Promise.withResolvers<void>();
  }

  /** Lets the loops read on. */
  end(): void {
    if (this.#over === undefined) return;
    // Before anything is read.
    if (this.isFull) this.#count();
    this.#waiting = 0;
    this.#over.resolve();
    this.#over = undefined;
  }

  /** Ends it for good. */
  close(): void {
    this.end();
    this.#isClosed = true;
  }

  #count(): void {
    this.#rests = (this.#rests + 1) >>> 0;
    this.#note(this.#rests);
  }
}
