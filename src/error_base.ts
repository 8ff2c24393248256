/**
 * The root of this package's errors, in a file of its own so that every part may extend it.
 *
 * @module
 */

/** What every error of this package is an instance of. */
export class PyProxyError extends Error {
  /** The name of the class, which survives minification. */
  override name: string = "PyProxyError";

  /** Makes one; the library does. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
