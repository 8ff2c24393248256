/**
 * The evals of one session that have no outcome yet. Each is settled once: whoever comes first takes
 * it out of the table.
 *
 * @module
 */
import type { SessionError } from "../api/errors.ts";
import { type Future, type Outcome, settle } from "../api/future.ts";
import { IdTable } from "../protocol/id_table.ts";
import type { Asked } from "./outcome.ts";

/** One of them. */
export interface PendingEval extends Asked {
  readonly future: Future<unknown>;
  /** Lets go of its signal. */
  release: (() => void) | undefined;
}

/** The table. */
export class PendingEvals {
  readonly #evals = new IdTable<PendingEval>();
  /** Of those that have been running for a while. */
  readonly #runningSince = new Map<number, number>();

  /** How many there are. */
  get size(): number {
    return this.#evals.size;
  }

  /** Adds one. */
  add(id: number, pending: PendingEval): void {
    this.#evals.add(id, pending);
  }

  /** Calls `cancel` if a signal aborts before the eval is settled. */
  heed(id: number, signal: AbortSignal, cancel: (id: number) => void): void {
    const pending = this.#evals.get(id)!;
    const onAbort = () => {
      pending.abortReason = signal.reason;
      cancel(id);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    pending.release = () => signal.removeEventListener("abort", onAbort);
  }

  /** The code of one runs, since then. */
  runs(id: number, since: number): void {
    if (this.#evals.get(id) !== undefined) this.#runningSince.set(id, since);
  }

  /** Since when the code of one runs, if that is known; asked no more once it is settled. */
  runningSince(id: number): number | undefined {
    return this.#runningSince.get(id);
  }

  /** What is known of one; undefined if it is settled. */
  get(id: number): Asked | undefined {
    return this.#evals.get(id);
  }

  /** Settles one; does nothing if it is settled already. */
  settle(id: number, outcome: Outcome<unknown>): void {
    const pending = this.#evals.take(id);
    if (pending === undefined) return;
    pending.release?.();
    settle(pending.future, outcome);
    if (this.#runningSince.size > 0) this.#runningSince.delete(id);
  }

  /** Settles all with one error. */
  settleAll(error: SessionError): void {
    for (const id of this.#evals.ids()) this.settle(id, { ok: false, error });
  }
}
