/**
 * How a python process has ended.
 *
 * @module
 */

/**
 * How a python process ended. `replaced` means that code replaced it by another program (os.exec),
 * which was then killed.
 */
export type Exit = { exit_code: number } | { signal: string; replaced?: true };

/** Describes how a process ended. */
export function exitText(exit: Exit): string {
  if ("signal" in exit && exit.replaced) return "another program in its place (os.exec)";
  return "signal" in exit ? `signal ${exit.signal}` : `exit code ${exit.exit_code}`;
}
