/**
 * The interrupts that a session has asked for. One is on its way at a time; those asked for
 * meanwhile are one more, sent after its answer: pressing a key twice is no queue.
 *
 * @module
 */

interface Ask {
  promise: Promise<boolean>;
  resolve: (interrupted: boolean) => void;
  reject: (error: Error) => void;
}

/** Those of one session. */
export class Interrupts {
  readonly #send: () => void;
  #sent: Ask | undefined;
  #next: Ask | undefined;

  /** Makes one; `send` sends an INTERRUPT. */
  constructor(send: () => void) {
    this.#send = send;
  }

  /** Asks for one; resolves with whether there was something to interrupt. */
  ask(): Promise<boolean> {
    if (this.#sent !== undefined) return (this.#next ??= newAsk()).promise;
    this.#sent = newAsk();
    this.#send();
    return this.#sent.promise;
  }

  /** The answer to the one that is on its way. */
  answered(interrupted: boolean): void {
    const sent = this.#sent;
    this.#sent = this.#next;
    this.#next = undefined;
    if (this.#sent !== undefined) this.#send();
    sent?.resolve(interrupted);
  }

  /** No answer will come. */
  end(error: Error): void {
    this.#sent?.reject(error);
    this.#next?.reject(error);
    this.#sent = this.#next = undefined;
  }
}

function newAsk(): Ask {
  const ask = Promise.withResolvers<boolean>();
  // Whoever does not care whether it has worked need not care either that the session has ended.
  ask.promise.catch(() => undefined);
  return ask;
}
