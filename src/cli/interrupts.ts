/**
 * Ctrl-C: the first one interrupts the remote code. A second one before the code has ended ends the
 * program.
 *
 * @module
 */
import process from "node:process";
import type { Future } from "../api/future.ts";
import type { RemoteProcess } from "../session/remote_process.ts";

/** The exit code that a shell reports for a program that SIGINT ended. */
export const INTERRUPTED_EXIT = 130;

/** The interrupts of one remote process. */
export class Interrupts implements Disposable {
  readonly #remote: RemoteProcess;
  readonly #onSignal = (): void => this.interrupt();
  #future: Future<unknown> | undefined;
  #count = 0;

  /** Starts to listen for SIGINT. */
  constructor(remote: RemoteProcess) {
    this.#remote = remote;
    process.on("SIGINT", this.#onSignal);
  }

  /** Whether there is an eval to interrupt. */
  get busy(): boolean {
    return this.#future !== undefined;
  }

  /** Makes Ctrl-C interrupt `future` while `body` runs. */
  async during<T>(future: Future<unknown>, body: () => Promise<T>): Promise<T> {
    this.#future = future;
    this.#count = 0;
    try {
      return await body();
    } finally {
      this.#future = undefined;
    }
  }

  /** Handles Ctrl-C. */
  interrupt(): void {
    this.#count++;
    if (this.#future === undefined || this.#count > 1) this.#end();
    else this.#interrupt(this.#future);
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    process.off("SIGINT", this.#onSignal);
  }

  async #interrupt(future: Future<unknown>): Promise<void> {
    try {
      // While an eval of another session runs, there is nothing to interrupt yet.
      if (!await this.#remote.interrupt()) future.cancel();
    } catch {
      // The session is over, or the server has no interrupts: only cancel() is left.
      future.cancel();
    }
  }

  /**
   * Ends the session, which stops the eval. A server that does not answer must not block the end.
   */
  async #end(): Promise<void> {
    await this.#remote.close();
    process.exit(INTERRUPTED_EXIT);
  }
}
