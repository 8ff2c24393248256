/**
 * A clock that stands still until it is told to go on: takes the place of the timers and of
 * `performance.now()` while a schedule runs.
 *
 * @module
 */

interface Timer {
  id: number;
  at: number;
  every: number | undefined;
  run: () => void;
  realm: string;
}

/** The fake clock. */
export class FakeTime implements Disposable {
  /** Milliseconds. */
  now = 1_000;
  /** Whose code runs: what it starts now ends with it. */
  realm = "main";
  readonly #timers = new Map<number, Timer>();
  #lastId = 0;
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
  };
  readonly #realNow = performance.now;
  readonly #realTimeout = AbortSignal.timeout;

  /** Puts itself into the place of the real one. */
  constructor() {
    const start = (run: () => void, ms: number, every: boolean): number => {
      const id = ++this.#lastId;
      const wait = Math.max(ms, 0);
      this.#timers.set(id, {
        id,
        at: this.now + wait,
        every: every ? Math.max(wait, 1) : undefined,
        run,
        realm: this.realm,
      });
      return id;
    };
    const stop = (id: number | undefined): void => void this.#timers.delete(id!);
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms = 0) => start(run, ms, false),
      setInterval: (run: () => void, ms = 0) => start(run, ms, true),
      clearTimeout: stop,
      clearInterval: stop,
    });
    // As much of it as alarm.ts uses.
    AbortSignal.timeout = (ms: number): AbortSignal => {
      let id: number | undefined;
      return {
        addEventListener: (_type: string, run: () => void) => id = start(run, ms, false),
        removeEventListener: () => stop(id),
      } as unknown as AbortSignal;
    };
    performance.now = () => this.now;
  }

  /** Puts the real one back. */
  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
    performance.now = this.#realNow;
    AbortSignal.timeout = this.#realTimeout;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next timer is due. */
  get next(): number | undefined {
    return this.#earliest()?.at;
  }

  /** Runs the next timer, at its time. */
  fire(): void {
    const timer = this.#earliest()!;
    this.now = Math.max(this.now, timer.at);
    if (timer.every === undefined) this.#timers.delete(timer.id);
    else timer.at += timer.every;
    this.realm = timer.realm;
    timer.run();
  }

  /** Drops the timers of a thread that is gone. */
  drop(realm: string): void {
    for (const timer of this.#timers.values()) {
      if (timer.realm === realm) this.#timers.delete(timer.id);
    }
  }

  #earliest(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (first === undefined || timer.at < first.at) first = timer;
    }
    return first;
  }
}
