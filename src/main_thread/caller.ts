/**
 * Where in the user's program something was called: an error that came over the bridge was made in a
 * handler of messages, which helps nobody.
 *
 * @module
 */

/** Functions of these files may stand between the user's call and where `caller` is made. */
const OWN_FILES = ["session", "pool"];

/**
 * The lines of the caller's stack, without those of this library.
 *
 * @param caller An Error made in the function that was called, before its first await.
 */
export function callerStack(caller: Error): string {
  const lines = (caller.stack ?? "").split("\n").filter((line) => /^\s+at |@/.test(line));
  const folder = /[^\s(]*[\\/]/.exec(lines.shift()?.replace(/^\s*at (.*\()?/, "") ?? "")?.[0];
  if (folder !== undefined) {
    const isOwn = (line: string) => OWN_FILES.some((name) => line.includes(`${folder}${name}.`));
    lines.splice(0, lines.findLastIndex(isOwn) + 1);
  }
  // Bun takes frames without a name for none.
  return lines.map((line) => line.replace(/at (async )?([^()]+)$/, "at $1<anonymous> ($2)"))
    .join("\n");
}

/**
 * With so many evals under way, one with the same code as the one before shares that one's stack: in
 * Deno 2.9 to make an Error takes 1.6 us, however little of the stack is kept, as much as all else
 * of a call.
 */
const SHARED_FROM = 32;

/** Where the evals of one session were called. */
export class Callers {
  #code: string | undefined;
  #caller: Error | undefined;

  /**
   * The stack of an earlier call that does for one with this code, while `pending` evals have no
   * outcome; undefined if the call needs one of its own.
   */
  of(code: string, pending: number): Error | undefined {
    return pending >= SHARED_FROM && code === this.#code ? this.#caller : undefined;
  }

  /** An eval was called while `pending` others had no outcome, and has this stack. */
  called(code: string, caller: Error, pending: number): void {
    // It keeps alive what is on it, so it is not kept for nothing.
    const isKept = pending >= SHARED_FROM;
    this.#code = isKept ? code : undefined;
    this.#caller = isKept ? caller : undefined;
  }
}
