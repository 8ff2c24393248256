/**
 * The evals of one session that are not over, in the order of their ids.
 *
 * @module
 */
import { MAX_EVALS_IN_FLIGHT } from "../../src/wire/limits.ts";
import { Fault } from "../common/fault.ts";
import type { Eval } from "./eval.ts";

/** An eval is in here until its result has been sent and its output has ended. */
export class EvalTable {
  readonly #evals: Eval[] = [];
  #lastRequest = 0;
  #inFlight = 0;
  #heldBytes = 0;

  /** How many have no result. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** What the bodies of those take. */
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
  admit(request: number): void {
    if (request <= this.#lastRequest) {
      throw new Fault("PROTOCOL", `EVAL has the id ${request}, after ${this.#lastRequest}`);
    }
    if (this.#inFlight >= MAX_EVALS_IN_FLIGHT) {
      throw new Fault("LIMIT", `more than ${MAX_EVALS_IN_FLIGHT} evals are in flight`);
    }
    this.#lastRequest = request;
  }

  /** Takes in an eval that was admitted. */
  add(task: Eval): void {
    this.#evals.push(task);
    this.#inFlight++;
    this.#heldBytes += task.bytes;
  }

  /** The eval with this id, found by halving. */
  find(request: number): Eval | undefined {
    const evals = this.#evals;
    let low = 0;
    let high = evals.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (evals[middle]!.evalId.id < request) low = middle + 1;
      else high = middle;
    }
    return evals[low]?.evalId.id === request ? evals[low] : undefined;
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
   * Lets go of the complete evals before the first that is not. Gives the last of their ids whose
   * RESULT did not say that it was SILENT.
   */
  complete(): number | undefined {
    let last: number | undefined;
    while (this.#evals[0]?.settled && this.#evals[0].outputEnded) {
      const done = this.#evals.shift()!;
      if (!done.saidSilent) last = done.evalId.id;
    }
    return last;
  }

  /** Lets go of all: nobody waits for them any more. */
  clear(): void {
    this.#evals.length = 0;
  }
}
