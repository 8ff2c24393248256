/**
 * The evals of one session that have no outcome yet. Each is settled once: whoever comes first takes
 * it out of the table.
 *
 * @module
 */
import type { SessionError } from "./errors.ts";
import type { Outcome, Settle } from "./future.ts";
import type { Asked } from "./outcome.ts";

interface Entry extends Asked {
  settle: Settle;
  /** Lets go of its signal. */
  release: (() => void) | undefined;
}

/** The table. */
export class PendingEvals {
  readonly #entries = new Map<number, Entry>();
  /** Of those that have been running for a while. */
  readonly #runningSince = new Map<number, number>();

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** Adds one. `cancel` is called if its signal aborts before it is settled. */
  add(
    id: number,
    settle: Settle,
    asked: Asked,
    signal: AbortSignal | undefined,
    cancel: () => void,
  ): void {
    const entry: Entry = { ...asked, settle, release: undefined };
    this.#entries.set(id, entry);
    if (signal === undefined) return;
    const onAbort = () => {
      entry.abortReason = signal.reason;
      cancel();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    entry.release = () => signal.removeEventListener("abort", onAbort);
  }

  /** The code of one runs, since then. */
  runs(id: number, since: number): void {
    if (this.#entries.has(id)) this.#runningSince.set(id, since);
  }

  /** Since when the code of one runs, if that is known; asked no more once it is settled. */
  runningSince(id: number): number | undefined {
    return this.#runningSince.get(id);
  }

  /** What is known of one; undefined if it is settled. */
  get(id: number): Asked | undefined {
    return this.#entries.get(id);
  }

  /** Settles one; does nothing if it is settled already. */
  settle(id: number, outcome: Outcome<unknown>): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    entry.release?.();
    entry.settle(outcome);
    if (this.#runningSince.size > 0) this.#runningSince.delete(id);
  }

  /** Settles all with one error. */
  settleAll(error: SessionError): void {
    for (const id of [...this.#entries.keys()]) this.settle(id, { ok: false, error });
  }
}
