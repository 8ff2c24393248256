/**
 * The error for a value that cannot be sent.
 *
 * @module
 */
import { PyProxyError } from "../common/error_base.ts";

/**
 * A value cannot be sent to Python. Nothing of its message was sent.
 *
 * @example Find out which value it is
 * ```ts
 * import { connect, EncodeError } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * try {
 *   await remote.eval("rows", { locs: { rows: [{ f: 1 }, { f: () => 2 }] } });
 * } catch (error) {
 *   console.log(error instanceof EncodeError && error.path); // locs.rows[1].f
 * }
 * ```
 */
export class EncodeError extends PyProxyError {
  /** "EncodeError". */
  override name = "EncodeError";
  /** The path to the value, such as `locs.rows[3].f`. */
  readonly path: string;
  /** The type of the value, such as `function`, `symbol` or the name of its class. */
  readonly valueType: string;

  /** Makes one; the library does. */
  constructor(message: string, path: string, valueType = "") {
    super(message);
    this.path = path;
    this.valueType = valueType;
  }
}
