/**
 * The error for a value that cannot be sent.
 *
 * @module
 */
import { PyProxyError } from "../error_base.ts";

/** A value cannot be sent to Python. Nothing of the message it was in has been sent. */
export class EncodeError extends PyProxyError {
  /** "EncodeError". */
  override name = "EncodeError";
  /** Where the value is, such as `locs.rows[3].f`. */
  readonly path: string;
  /** What the value is, such as `function`, `symbol` or the name of its class. */
  readonly valueType: string;

  /** Makes one; the library does. */
  constructor(message: string, path: string, valueType = "") {
    super(message);
    this.path = path;
    this.valueType = valueType;
  }
}
