/**
 * Asks a session's thread at intervals whether it still answers.
 *
 * @module
 */

/** A thread is given up after this many questions without an answer: 20 s by default. */
export const HEARTBEAT_MISSES = 4;

/** What a heartbeat calls. */
export interface Beats {
  /** Asks the thread. */
  ask(): void;
  /** The thread has not answered for so many seconds. */
  silent(seconds: number): void;
}

/** The heartbeat of one session. */
export class Heartbeat {
  readonly #intervalMs: number;
  readonly #beats: Beats;
  readonly #timer: ReturnType<typeof setInterval>;
  #missed = 0;

  /** Starts the heartbeat. */
  constructor(intervalMs: number, beats: Beats) {
    this.#intervalMs = intervalMs;
    this.#beats = beats;
    this.#timer = setInterval(() => this.#beat(), intervalMs);
  }

  /** The thread has sent a message. */
  heard(): void {
    this.#missed = 0;
  }

  /** Stops the heartbeat. */
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
