/**
 * Decides when the pipes of a busy Python process are left unread (LINK.md, "Rest"). While they are,
 * a job that has left nothing in them has written nothing, so no record is needed to separate its
 * output from that of the next job.
 *
 * @module
 */

/** Makes the loops that read the pipes wait. */
export class Rest {
  readonly #loops: number;
  readonly #note: (rests: number) => void;
  /** How often a rest has begun or ended: odd while all loops wait. */
  #rests = 0;
  #waiting = 0;
  #over: PromiseWithResolvers<void> | undefined;
  #isClosed = false;

  /** For so many loops. `note` gives the Python process a number that is odd during a rest. */
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

  /** Resolves when a loop may read; undefined if it may read now. */
  get over(): Promise<void> | undefined {
    if (this.#over === undefined) return undefined;
    this.#waiting++;
    if (this.#waiting === this.#loops) this.#count();
    return this.#over.promise;
  }

  /** Begins a rest: a loop that has finished a read begins no other. */
  begin(): void {
    if (!this.#isClosed) this.#over ??= Promise.withResolvers<void>();
  }

  /** Lets the loops read on. */
  end(): void {
    if (this.#over === undefined) return;
    // The number has to be even before anything is read.
    if (this.isFull) this.#count();
    this.#waiting = 0;
    this.#over.resolve();
    this.#over = undefined;
  }

  /** Ends it; no other begins. */
  close(): void {
    this.end();
    this.#isClosed = true;
  }

  #count(): void {
    this.#rests = (this.#rests + 1) >>> 0;
    this.#note(this.#rests);
  }
}
