/**
 * Where in the user's program something was called. The stack of an error that came over the bridge
 * would show a message handler of this library instead.
 *
 * @module
 */

/** Files whose functions may stand between the user's call and the line that makes `caller`. */
const OWN_FILES = ["session", "pool"];

/**
 * The lines of the caller's stack, without those of this library; none if there is no `caller`.
 *
 * @param caller An Error made in the function that was called, before its first await.
 */
export function callerStack(caller: Error | undefined): string {
  const lines = (caller?.stack ?? "").split("\n").filter((line) => /^\s+at |@/.test(line));
  const folder = /[^\s(]*[\\/]/.exec(lines.shift()?.replace(/^\s*at (.*\()?/, "") ?? "")?.[0];
  if (folder !== undefined) {
    const isOwn = (line: string) => OWN_FILES.some((name) => line.includes(`${folder}${name}.`));
    lines.splice(0, lines.findLastIndex(isOwn) + 1);
  }
  // Bun ignores frames without a name.
  return lines.map((line) => line.replace(/at (async )?([^()]+)$/, "at $1<anonymous> ($2)"))
    .join("\n");
}

/** With fewer evals under way than this, every call records its stack. */
const FEW_EVALS = 4;

/**
 * With more, only so many calls do in each {@linkcode WINDOW_MS}: 200 rows that are sent in one go
 * all have theirs, and a session that is always busy loses nothing to stacks. In Deno 2.9 an Error
 * takes 1 to 3 us to make, however little of the stack it keeps, which is half of all that a call
 * and its result cost on this thread.
 */
const STACKS_OF_MANY = 200;

/** How long until as many calls may record theirs again. */
const WINDOW_MS = 1_000;

/** The clock is read once in so many calls that record none: that takes time as well. */
const LOOK_AFTER = 64;

/**
 * Which calls of one session record their stack. An eval without one fails with an error without.
 */
export class CallerStacks {
  readonly #clock: () => number;
  #left = STACKS_OF_MANY;
  #since = -Infinity;
  /** How many calls have recorded none. */
  #without = 0;

  /** Makes one; the clock gives milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** Whether the next call records its stack, while `pending` evals have no outcome. */
  take(pending: number): boolean {
    if (pending < FEW_EVALS) return true;
    if (this.#left === 0 && ++this.#without % LOOK_AFTER === 0) this.#refill();
    if (this.#left === 0) return false;
    this.#left--;
    return true;
  }

  #refill(): void {
    const now = this.#clock();
    if (now - this.#since < WINDOW_MS) return;
    this.#since = now;
    this.#left = STACKS_OF_MANY;
  }
}
