/**
 * The error for bytes that are no value.
 *
 * @module
 */

/** The bytes break a rule of the wire's values. It never leaves the library as it is. */
export class DecodeError extends Error {
  /** "DecodeError". */
  override name = "DecodeError";

  /** Makes one of "Cannot read a value: " and the reason. */
  constructor(reason: string, options?: ErrorOptions) {
    super(`Cannot read a value: ${reason}`, options);
  }
}
