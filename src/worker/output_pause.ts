/**
 * The pause in which the outputstream is not read, because its readers are behind.
 *
 * @module
 */

/** A pause, over and over. */
export class OutputPause {
  #resume: (() => void) | undefined;
  #since: number | undefined;

  /** Pauses until {@linkcode OutputPause.end}. */
  async begin(): Promise<void> {
    this.#since = performance.now();
    await new Promise<void>((resolve) => this.#resume = resolve);
    this.#since = undefined;
  }

  /** Ends the pause, if there is one. */
  end(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  /** For how many whole seconds it has lasted; 0 if there is none. */
  get seconds(): number {
    return this.#since === undefined ? 0 : Math.round((performance.now() - this.#since) / 1_000);
  }
}
