/**
 * The evals of one session that are not over, in the order of their ids.
 *
 * @module
 */
import { MAX_EVALS_IN_FLIGHT } from "../../src/wire/limits.ts";
import { Fault } from "../common/fault.ts";
import type { Eval } from "./eval.ts";

/** The evals that are not over: their result has not been sent, or their output has not ended. */
export class EvalTable {
  readonly #evals: Eval[] = [];
  #lastId = 0;
  #inFlight = 0;
  #heldBytes = 0;

  /** How many have no result yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many bytes the bodies of those have. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether nothing is left to send. */
  get isEmpty(): boolean {
    return this.#evals.length === 0;
  }

  /**
   * Checks that an eval may come in under this id.
   *
   * @throws {Fault} If the id is not above the last, or too many are in flight.
   */
  admit(id: number): void {
    if (id <= this.#lastId) {
      throw new Fault("PROTOCOL", `EVAL has the id ${id}, after ${this.#lastId}`);
    }
    if (this.#inFlight >= MAX_EVALS_IN_FLIGHT) {
      throw new Fault("LIMIT", `more than ${MAX_EVALS_IN_FLIGHT} evals are in flight`);
    }
    this.#lastId = id;
  }

  /** Takes in an eval that was admitted. */
  add(task: Eval): void {
    this.#evals.push(task);
    this.#inFlight++;
    this.#heldBytes += task.bytes;
  }

  /** The eval with this id; a binary search. */
  find(id: number): Eval | undefined {
    const evals = this.#evals;
    let low = 0;
    let high = evals.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (evals[middle]!.evalId.id < id) low = middle + 1;
      else high = middle;
    }
    return evals[low]?.evalId.id === id ? evals[low] : undefined;
  }

  /** Marks an eval as settled; false if it was already. */
  settle(task: Eval): boolean {
    if (task.settled) return false;
    task.settled = true;
    this.#inFlight--;
    this.#heldBytes -= task.bytes;
    return true;
  }

  /**
   * Removes the complete evals in front of the first that is not. Returns the last id among them
   * whose RESULT did not say SILENT.
   */
  complete(): number | undefined {
    let last: number | undefined;
    while (this.#evals[0]?.settled && this.#evals[0].outputEnded) {
      const done = this.#evals.shift()!;
      if (!done.saidSilent) last = done.evalId.id;
    }
    return last;
  }

  /** Removes all: the session is over. */
  clear(): void {
    this.#evals.length = 0;
  }
}
