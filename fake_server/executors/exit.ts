/**
 * How a python process has ended.
 *
 * @module
 */

/** How a python process ended; `replaced` by another program (os.exec), which was ended then. */
export type Exit = { exit_code: number } | { signal: string; replaced?: true };
