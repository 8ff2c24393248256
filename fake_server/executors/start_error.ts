/**
 * What a python process that does not come up is to whoever starts one.
 *
 * @module
 */

/**
 * Thrown when a python process does not come up, or there is no place for its files.
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
