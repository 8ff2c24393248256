/**
 * The error of a Python process that does not start.
 *
 * @module
 */

/**
 * Thrown when a Python process does not start, or there is no place for its files.
 *
 * @example An interpreter that is not there
 * ```ts
 * import { StartError, startServer } from "@pyproxy/client/fake_server";
 *
 * try {
 *   await startServer({ bindAddr: "127.0.0.1:0", outputAddr: "127.0.0.1:0", python: "no-python" });
 * } catch (error) {
 *   console.log(error instanceof StartError); // true
 * }
 * ```
 */
export class StartError extends Error {
  /** Always "StartError". */
  override name = "StartError";
}
