/**
 * What is true of a schedule's evals, noted where it happens: what the user has asked for, and what
 * the python processes have done. The product's word is held against it.
 *
 * @module
 */

/** Something happened that must never happen. */
export class Violation extends Error {
  override name = "Violation";
}

/** One eval. */
export interface EvalModel {
  /** Names the eval, is its value, and begins its output. */
  readonly marker: number;
  readonly session: string;
  /** What its code does; see python.ts. */
  readonly plan: readonly string[];
  readonly namespace: string | undefined;
  readonly timeout: number | undefined;
  /** The user has cancelled it, or aborted its signal. */
  cancelled: boolean;
  /** The user has interrupted its session since it was called. */
  interruptible: boolean;
  /** How often its code has begun. */
  starts: number;
  /** How often it was handed to a process. */
  handOvers: number;
  /** Its code runs right now. */
  running: boolean;
  /** Bytes it has written into the pipes, by descriptor. */
  readonly written: Record<1 | 2, number>;
  /** The RESULT that python has written whole: as the client should tell it. */
  answer: string | undefined;
  /** Its process has died between its start and the end of its RESULT. */
  lost: boolean;
  /** The server has found its namespace gone. */
  namespaceGone: boolean;
}

/** What is true of all. */
export class Model {
  readonly evals: Map<number, EvalModel> = new Map();
  /** The process in which a session's namespace lives, by session and name. */
  readonly namespaces: Map<string, number> = new Map();
  /** How often what has happened, for the report. */
  readonly counts: Record<string, number> = {};

  /** Counts something that has happened. */
  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** The eval whose code this is. */
  ofCode(code: string): EvalModel {
    const model = this.evals.get(Number.parseInt(code));
    if (model === undefined) throw new Violation(`no eval has the code ${code}`);
    return model;
  }
}

/** What must be so. */
export function must(condition: boolean, what: () => string): void {
  if (!condition) throw new Violation(what());
}

/** What evals write goes round in this. */
const PATTERN = Uint8Array.from({ length: 128 * 1024 }, (_, at) => at % 127);

/** The bytes that an eval writes from its number `start` on, at most 64 KiB. */
export function outputBytes(marker: number, start: number, length: number): Uint8Array {
  const at = (marker * 31 + start) % 127;
  return PATTERN.slice(at, at + length);
}
