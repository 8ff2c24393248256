/**
 * One Python process in reserve: a start takes 10 to 150 ms, which the next eval of a session whose
 * process has died would have to wait for.
 *
 * @module
 */
import type { Execution } from "../executors/executor.ts";
import { StartError } from "../executors/start_error.ts";

/** Starts Python processes, one of them ahead of need. */
export class Spare {
  readonly #start: () => Promise<Execution>;
  /** The one in reserve; it may still be starting. */
  #ready: Promise<Execution> | undefined;
  /** How many are starting for a take(). They come before the one in reserve. */
  #starting = 0;
  #closing = false;

  /** Makes one; nothing is started before the first `take()`. */
  constructor(start: () => Promise<Execution>) {
    this.#start = start;
  }

  /**
   * Gives a process, and starts another behind it if it has come up.
   *
   * @throws {StartError} If it does not come up.
   */
  async take(): Promise<Execution> {
    const taken = this.#ready ?? this.#start();
    this.#ready = undefined;
    this.#starting++;
    let process: Execution;
    try {
      process = await taken;
    } finally {
      this.#starting--;
    }
    this.#warm();
    return process;
  }

  /** Ends the process in reserve. Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#closing = true;
    try {
      const ready = await this.#ready;
      ready?.kill();
      await ready?.exited;
    } catch (error) {
      // It did not come up, so nothing of it is left.
      if (!(error instanceof StartError)) throw error;
    }
  }

  #warm(): void {
    if (this.#closing || this.#starting > 0 || this.#ready !== undefined) return;
    const ready = this.#start();
    this.#ready = ready;
    const gone = (): void => {
      // The next take() starts one, and gets the error if there is one.
      if (this.#ready === ready) this.#ready = undefined;
    };
    ready.then((process) => process.exited).then(gone, gone);
  }
}
