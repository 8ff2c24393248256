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
const FEW_EVALS = 32;

/**
 * Once there are more, only so many calls do until there are few again: 200 rows that are sent in
 * one go all have theirs, and a session that is always busy loses nothing to stacks. In Deno 2.9 an
 * Error takes 2 us to make, however little of the stack it keeps, which is half of all that a call
 * and its result cost on this thread.
 */
const STACKS_OF_MANY = 200;

/**
 * Which calls of one session record their stack. An eval without one fails with an error without.
 */
export class CallerStacks {
  #left = STACKS_OF_MANY;

  /** Whether the next call records its stack, while `pending` evals have no outcome. */
  take(pending: number): boolean {
    if (pending < FEW_EVALS) this.#left = STACKS_OF_MANY;
    else if (this.#left === 0) return false;
    else this.#left--;
    return true;
  }
}
