/**
 * The error for bytes that are not a value.
 *
 * @module
 */

/** Bytes break a rule of values on the wire. The library reports it as another error. */
export class DecodeError extends Error {
  /** "DecodeError". */
  override name = "DecodeError";

  /** Makes one with the message "Cannot read a value: " and the reason. */
  constructor(reason: string, options?: ErrorOptions) {
    super(`Cannot read a value: ${reason}`, options);
  }
}
