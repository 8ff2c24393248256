/**
 * Failed logins are told so after a while, which slows down who tries again and again. They hold
 * no place among the handshakes meanwhile, so that nobody else waits for it.
 *
 * @module
 */
import type { Connection, Receiver } from "./connection.ts";
import type { Fault } from "./fault.ts";
import { MAX_DELAYED_REFUSALS, REFUSAL_DELAY_MS } from "./limits.ts";

/** Connections that wait for their refusal. */
export class Refusals {
  /** The oldest first. */
  readonly #waiting = new Map<Connection, () => void>();

  /** Refuses a connection after the delay; at once if too many others wait already: the oldest. */
  add(connection: Connection, { code, message }: Fault): void {
    connection.receiver = DEAF;
    const refuse = () => {
      clearTimeout(timer);
      this.#waiting.delete(connection);
      connection.fail(code, message);
    };
    const timer = setTimeout(refuse, REFUSAL_DELAY_MS);
    this.#waiting.set(connection, refuse);
    // It may be closed before, by either side.
    connection.gone.then(refuse);
    if (this.#waiting.size > MAX_DELAYED_REFUSALS) {
      const [oldest] = this.#waiting.values();
      oldest!();
    }
  }
}

/** What a refused peer still says is of no interest. */
const DEAF: Receiver = { frame: () => {}, fault: () => {}, lost: () => {} };
