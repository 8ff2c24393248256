/**
 * The timers of evals that have a `timeout`.
 *
 * @module
 */

/** One timer for each eval that has a timeout and no result. */
export class EvalTimers {
  readonly #expired: (id: number) => void;
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** Calls `expired` with the id of each eval whose time is up. */
  constructor(expired: (id: number) => void) {
    this.#expired = expired;
  }

  /** Starts the timers of evals, each in milliseconds. */
  start(timeouts: readonly [id: number, ms: number][]): void {
    for (const [id, ms] of timeouts) {
      const timer = setTimeout(() => {
        this.#timers.delete(id);
        this.#expired(id);
      }, ms);
      this.#timers.set(id, timer);
    }
  }

  /** Stops the timer of an eval, if it has one. */
  stop(id: number): void {
    if (this.#timers.size === 0) return;
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  /** Stops all timers. */
  stopAll(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
