/**
 * Refuses failed logins after a delay, which slows down an attacker who tries many tokens. During
 * the delay they don't count as handshakes, so that other clients don't wait for them.
 *
 * @module
 */
import type { Fault } from "../../common/fault.ts";
import { MAX_REFUSALS, REFUSAL_DELAY_MS } from "../../common/limits.ts";
import type { Connection, Receiver } from "./connection.ts";

/** The refused connections that are still open. */
export class Refusals {
  /** For each connection, the function that answers it; oldest first. */
  readonly #refused = new Map<Connection, () => void>();

  /** Refuses a connection after the delay. If there are too many, the oldest is closed at once. */
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

/** Ignores what a refused peer still sends. */
export const DEAF: Receiver = { frame: () => {}, fault: () => {}, lost: () => {} };
