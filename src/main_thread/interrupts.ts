/**
 * The interrupts that a session has asked for and that are not answered, in order. Each is sent at
 * once: one that waited would hit an eval that was called after it.
 *
 * @module
 */

/** Interrupts of one session on their way at once: nobody presses a key so often. */
export const MAX_INTERRUPTS = 64;

interface Ask {
  promise: Promise<boolean>;
  resolve: (interrupted: boolean) => void;
  reject: (error: Error) => void;
}

/** Those of one session. */
export class Interrupts {
  readonly #send: () => void;
  readonly #asked: Ask[] = [];

  /** Makes one; `send` sends an INTERRUPT. */
  constructor(send: () => void) {
    this.#send = send;
  }

  /** Asks for one; resolves with whether there was something to interrupt. */
  ask(): Promise<boolean> {
    // One more adds nothing to so many.
    if (this.#asked.length >= MAX_INTERRUPTS) return this.#asked.at(-1)!.promise;
    const ask = Promise.withResolvers<boolean>();
    // Whoever does not care whether it has worked need not care that the session has ended.
    ask.promise.catch(() => undefined);
    this.#asked.push(ask);
    this.#send();
    return ask.promise;
  }

  /** The answer to the first. */
  answered(interrupted: boolean): void {
    this.#asked.shift()?.resolve(interrupted);
  }

  /** No answer will come. */
  end(error: Error): void {
    for (const { reject } of this.#asked.splice(0)) reject(error);
  }
}
