/**
 * Failed logins are told so after a while, which slows down who tries again and again. They hold
 * no place among the handshakes meanwhile, so that nobody else waits for it.
 *
 * @module
 */
import type { Fault } from "../../common/fault.ts";
import { MAX_REFUSALS, REFUSAL_DELAY_MS } from "../../common/limits.ts";
import type { Connection, Receiver } from "./connection.ts";

/** Connections that are refused and not yet gone. */
export class Refusals {
  /** What tells each of them, the oldest first. */
  readonly #refused = new Map<Connection, () => void>();

  /** Refuses a connection after the delay. If there are too many, the oldest goes at once. */
  add(connection: Connection, { code, message }: Fault): void {
    connection.receiver = DEAF;
    const tell = () => {
      clearTimeout(timer);
      connection.fail(code, message);
    };
    const timer = setTimeout(tell, REFUSAL_DELAY_MS);
    this.#refused.set(connection, tell);
    connection.gone.then(() => {
      clearTimeout(timer);
      this.#refused.delete(connection);
    });
    if (this.#refused.size > MAX_REFUSALS) this.#dropOldest();
  }

  #dropOldest(): void {
    const [connection, tell] = this.#refused.entries().next().value!;
    this.#refused.delete(connection);
    tell();
    connection.written().then(() => connection.close());
  }
}

/** What a refused peer still says is of no interest. */
export const DEAF: Receiver = { frame: () => {}, fault: () => {}, lost: () => {} };
