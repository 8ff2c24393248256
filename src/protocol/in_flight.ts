/**
 * The evals of a session on their way: those that wait for room at the server, those that the
 * server has, and those whose output has not ended. No IO.
 *
 * @module
 */
import { readU32 } from "../wire/frame.ts";
import { HEADER_BYTES } from "../wire/limits.ts";
import { IdTable } from "./id_table.ts";
import { RuleBroken } from "./rules.ts";

/** EVAL frames for the mainstream, one after another. */
export interface Departure {
  bytes: Uint8Array;
  /** The last of their ids. */
  last: number;
}

/** The evals of one session. Their ids ascend. */
export class InFlight {
  /** Evals that the server has not answered. */
  readonly #unanswered = new Set<number>();
  /** Evals that wait for room at the server, in order. */
  readonly #queued = new IdTable<Uint8Array>();
  /** The last eval that was given to the mainstream. */
  #lastSent = 0;
  /** Evals that were given to the mainstream and whose output has not ended. */
  readonly #unended = new Set<number>();

  /** Whether the output of this eval has ended. */
  hasEnded(id: number): boolean {
    return id <= this.#lastSent && !this.#unended.has(id);
  }

  /** Whether the server has this eval. */
  has(id: number): boolean {
    return this.#unanswered.has(id);
  }

  /** Whether there is no eval, and no output to come. */
  get isEmpty(): boolean {
    return this.#unanswered.size === 0 && this.#queued.size === 0 && this.hasAllOutput;
  }

  /** Whether all output has come. */
  get hasAllOutput(): boolean {
    return this.#unended.size === 0;
  }

  /** Takes whole EVAL frames; returns those that the server has room for. */
  add(bytes: Uint8Array, limit: number): Departure | undefined {
    const room = this.#queued.size > 0 ? 0 : limit - this.#unanswered.size;
    let at = 0;
    for (let count = 0; count < room && at < bytes.length; count++) {
      this.#leaves(readU32(bytes, at + 8));
      at += HEADER_BYTES + readU32(bytes, at + 4);
    }
    const left = at;
    while (at < bytes.length) {
      const end = at + HEADER_BYTES + readU32(bytes, at + 4);
      this.#queued.add(readU32(bytes, at + 8), bytes.subarray(at, end));
      at = end;
    }
    if (left === 0) return undefined;
    return { bytes: left === bytes.length ? bytes : bytes.subarray(0, left), last: this.#lastSent };
  }

  /** The next eval that waits, if the server has room for it. */
  next(limit: number): Departure | undefined {
    if (this.#queued.size === 0 || this.#unanswered.size >= limit) return undefined;
    const bytes = this.#queued.takeFirst()!;
    this.#leaves(readU32(bytes, 8));
    return { bytes, last: this.#lastSent };
  }

  /** Removes an eval that waits; false if it does not wait. */
  takeBack(id: number): boolean {
    return this.#queued.take(id) !== undefined;
  }

  /**
   * The server has answered an eval.
   *
   * @throws {RuleBroken} If the server does not have the eval.
   */
  answered(id: number): void {
    if (this.#unanswered.delete(id)) return;
    throw new RuleBroken(`a RESULT came for request ${id}, which is not in flight`);
  }

  /**
   * Checks that output is of an eval that was sent and whose output has not ended. Whatever keeps
   * output relies on it.
   *
   * @throws {RuleBroken} If it is not.
   */
  checkHasOutput(id: number): void {
    if (id > this.#lastSent) throw new RuleBroken(`output came of eval ${id}, which was not sent`);
    if (this.#unended.has(id)) return;
    throw new RuleBroken(`output came of eval ${id}, after the end of its output`);
  }

  /** This eval has no output. */
  endOutput(id: number): void {
    this.#unended.delete(id);
  }

  /** The output of all evals up to this one has ended. */
  endOutputsTo(last: number): void {
    for (const id of this.#unended) {
      if (id > last) return;
      this.#unended.delete(id);
    }
  }

  /** Drops the evals that wait. */
  drop(): void {
    this.#queued.clear();
  }

  #leaves(id: number): void {
    this.#lastSent = id;
    this.#unanswered.add(id);
    this.#unended.add(id);
  }
}
