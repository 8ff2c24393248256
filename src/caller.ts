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
