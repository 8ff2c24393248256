/**
 * A lack of descriptors: how it is known, and how it is told.
 *
 * @module
 */
import { SHORTAGE_WARNING_MS } from "./limits.ts";
import type { Log } from "./log.ts";

/** What clients are told. */
export const NO_DESCRIPTORS =
  "the server has no descriptors left: close sessions, or let it have more (ulimit -n)";

/** Whether something failed because the server, or its machine, has no descriptors left. */
export function lacksDescriptors(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: string };
  return code === "EMFILE" || code === "ENFILE" || lacksDescriptors(error.cause);
}

/** Tells the log. */
export class Shortage {
  readonly #log: Log;
  readonly #clock: () => number;
  readonly #limit: number;
  #next = -Infinity;

  /** Of a server that may have `limit` descriptors; 0 if there is no limit. */
  constructor(log: Log, clock: () => number, limit: number) {
    this.#log = log;
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Descriptors are lacking: a lack may last, and is no reason to fill a disk. */
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
