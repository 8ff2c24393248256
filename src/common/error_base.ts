/**
 * The base class of this package's errors, in a file that every folder may import.
 *
 * @module
 */

/**
 * The base class of all errors of this package.
 *
 * @example Every error but the TypeErrors of wrong arguments
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
