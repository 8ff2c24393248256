/**
 * Asks a session's thread again and again whether it is there.
 *
 * @module
 */

/** A thread is given up after this many questions without an answer: 20 s by default. */
export const HEARTBEAT_MISSES = 4;

/** What a heartbeat does. */
export interface Beats {
  /** Asks the thread. */
  ask(): void;
  /** It has not answered for so many seconds. */
  silent(seconds: number): void;
}

/** The heartbeat of one session. */
export class Heartbeat {
  readonly #intervalMs: number;
  readonly #beats: Beats;
  readonly #timer: ReturnType<typeof setInterval>;
  #missed = 0;

  /** Beats from now on. */
  constructor(intervalMs: number, beats: Beats) {
    this.#intervalMs = intervalMs;
    this.#beats = beats;
    this.#timer = setInterval(() => this.#beat(), intervalMs);
  }

  /** The thread has said something. */
  heard(): void {
    this.#missed = 0;
  }

  /** Beats no more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    if (this.#missed >= HEARTBEAT_MISSES) {
      this.#beats.silent(HEARTBEAT_MISSES * this.#intervalMs / 1000);
      return;
    }
    this.#missed++;
    this.#beats.ask();
  }
}
