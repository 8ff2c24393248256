/**
 * The root of this package's errors, in a file of its own so that every part may extend it.
 *
 * @module
 */

/**
 * What every error of this package is an instance of.
 *
 * @example All that this package throws on purpose, wrong arguments aside
 * ```ts
 * import { connect, PyProxyError } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const outcome = await remote.eval("1 / 0").waitNoExcept();
 * console.log(!outcome.ok && outcome.error instanceof PyProxyError); // true
 * ```
 */
export class PyProxyError extends Error {
  /** The name of the class, which survives minification. */
  override name: string = "PyProxyError";

  /** Makes one; the library does. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
