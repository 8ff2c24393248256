/**
 * How a python process has ended.
 *
 * @module
 */

/** How a python process ended; `replaced` by another program (os.exec), which was ended then. */
export type Exit = { exit_code: number } | { signal: string; replaced?: true };

/** How a process ended, in words. */
export function exitText(exit: Exit): string {
  if ("signal" in exit && exit.replaced) return "another program in its place (os.exec)";
  return "signal" in exit ? `signal ${exit.signal}` : `exit code ${exit.exit_code}`;
}
