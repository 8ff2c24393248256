/**
 * The interrupts of a session that the server has not answered, in order. Each is sent at once: if
 * it waited, it could hit an eval that was called later.
 *
 * @module
 */

/** Unanswered interrupts of one session: nobody presses a key so often. */
export const MAX_INTERRUPTS = 64;

interface Ask {
  promise: Promise<boolean>;
  resolve: (interrupted: boolean) => void;
  reject: (error: Error) => void;
}

/** The unanswered interrupts of one session. */
export class Interrupts {
  readonly #send: () => void;
  readonly #asked: Ask[] = [];

  /** Makes one; `send` sends an INTERRUPT. */
  constructor(send: () => void) {
    this.#send = send;
  }

  /** Sends an interrupt; resolves with whether an eval was running. */
  ask(): Promise<boolean> {
    // Another one would change nothing.
    if (this.#asked.length >= MAX_INTERRUPTS) return this.#asked.at(-1)!.promise;
    const ask = Promise.withResolvers<boolean>();
    // A caller that does not await the answer gets no unhandled rejection when the session ends.
    ask.promise.catch(() => undefined);
    this.#asked.push(ask);
    this.#send();
    return ask.promise;
  }

  /** Settles the oldest with its answer. */
  answered(interrupted: boolean): void {
    this.#asked.shift()?.resolve(interrupted);
  }

  /** Fails all of them: no answer will come. */
  end(error: Error): void {
    for (const { reject } of this.#asked.splice(0)) reject(error);
  }
}
