/**
 * The evals of one session that have no outcome yet. The first outcome takes an eval out of the
 * table, so each is settled once.
 *
 * @module
 */
import type { SessionError } from "../api/errors.ts";
import { type Future, type Outcome, settle } from "../api/future.ts";
import { IdTable } from "../protocol/id_table.ts";
import type { EvalFacts } from "./outcome.ts";

/** An eval without an outcome. */
export interface OpenEval extends EvalFacts {
  readonly future: Future<unknown>;
  /** Stops listening to its signal. */
  release: (() => void) | undefined;
}

/** The table of one session. */
export class EvalTable {
  readonly #evals = new IdTable<OpenEval>();
  /** When the code began, of evals that have been running for a while. */
  readonly #runningSince = new Map<number, number>();

  /** The number of evals. */
  get size(): number {
    return this.#evals.size;
  }

  /** Adds an eval. */
  add(id: number, open: OpenEval): void {
    this.#evals.add(id, open);
  }

  /** Calls `cancel` if a signal aborts before the eval is settled. */
  cancelOnAbort(id: number, signal: AbortSignal, cancel: (id: number) => void): void {
    const open = this.#evals.get(id)!;
    const onAbort = () => {
      open.abortReason = signal.reason;
      cancel(id);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    open.release = () => signal.removeEventListener("abort", onAbort);
  }

  /** The code of an eval has been running since then. */
  runs(id: number, since: number): void {
    if (this.#evals.get(id) !== undefined) this.#runningSince.set(id, since);
  }

  /** Since when the code of an eval runs, if that is known and the eval is not settled. */
  runningSince(id: number): number | undefined {
    return this.#runningSince.get(id);
  }

  /** What is known of an eval; undefined if it is settled. */
  get(id: number): EvalFacts | undefined {
    return this.#evals.get(id);
  }

  /** Settles an eval; does nothing if it is settled already. */
  settle(id: number, outcome: Outcome<unknown>): void {
    const open = this.#evals.take(id);
    if (open === undefined) return;
    open.release?.();
    settle(open.future, outcome);
    if (this.#runningSince.size > 0) this.#runningSince.delete(id);
  }

  /** Settles all evals with one error. */
  settleAll(error: SessionError): void {
    for (const id of this.#evals.ids()) this.settle(id, { ok: false, error });
  }
}
