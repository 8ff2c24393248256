/**
 * Ctrl-C: the first interrupts the remote code, a second one, before that has ended, ends the
 * program.
 *
 * @module
 */
import process from "node:process";
import type { Future } from "../api/future.ts";
import type { RemoteProcess } from "../session/remote_process.ts";

/** What a shell says of a program that SIGINT has ended. */
export const INTERRUPTED_EXIT = 130;

/** The interrupts of one remote process. */
export class Interrupts implements Disposable {
  readonly #remote: RemoteProcess;
  readonly #onSignal = (): void => this.interrupt();
  #future: Future<unknown> | undefined;
  #count = 0;

  /** Listens from now on. */
  constructor(remote: RemoteProcess) {
    this.#remote = remote;
    process.on("SIGINT", this.#onSignal);
  }

  /** Whether an eval runs that can be interrupted. */
  get busy(): boolean {
    return this.#future !== undefined;
  }

  /** What is interrupted while `body` runs. */
  async during<T>(future: Future<unknown>, body: () => Promise<T>): Promise<T> {
    this.#future = future;
    this.#count = 0;
    try {
      return await body();
    } finally {
      this.#future = undefined;
    }
  }

  /** Ctrl-C was pressed. */
  interrupt(): void {
    this.#count++;
    if (this.#future === undefined || this.#count > 1) this.#end();
    else this.#interrupt(this.#future);
  }

  /** Listens no more. */
  [Symbol.dispose](): void {
    process.off("SIGINT", this.#onSignal);
  }

  async #interrupt(future: Future<unknown>): Promise<void> {
    try {
      // Behind an eval of another session there is nothing to interrupt yet.
      if (!await this.#remote.interrupt()) future.cancel();
    } catch {
      // A session that is over, or a server without interrupts: cancel() does what is left to do.
      future.cancel();
    }
  }

  /** The session's end stops what runs; a server that does not answer must not hold us. */
  async #end(): Promise<void> {
    await this.#remote.close();
    process.exit(INTERRUPTED_EXIT);
  }
}
