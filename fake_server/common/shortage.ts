/**
 * Recognizes and reports a lack of descriptors.
 *
 * @module
 */
import { SHORTAGE_WARNING_MS } from "./limits.ts";
import type { Log } from "./log.ts";

/** The message to clients. */
export const NO_DESCRIPTORS =
  "the server has no descriptors left: close sessions, or let it have more (ulimit -n)";

/** Whether an error means that the server, or its machine, has no descriptors left. */
export function lacksDescriptors(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: string };
  return code === "EMFILE" || code === "ENFILE" || lacksDescriptors(error.cause);
}

/** Writes the warnings to the log. */
export class Shortage {
  readonly #log: Log;
  readonly #clock: () => number;
  readonly #limit: number;
  #next = -Infinity;

  /** `limit` is how many descriptors the server may have; 0 means no limit. */
  constructor(log: Log, clock: () => number, limit: number) {
    this.#log = log;
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Logs that no descriptors are left. Not every time, since that may last and fill a disk. */
  tell(): void {
    const now = this.#clock();
    if (now < this.#next) return;
    this.#next = now + SHORTAGE_WARNING_MS;
    this.#log.warn(
      "no descriptors left: new sessions are refused; raise the limit with ulimit -n, or " +
        "LimitNOFILE of a systemd unit",
      { limit: this.#limit },
    );
  }
}
