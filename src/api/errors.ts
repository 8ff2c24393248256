/**
 * The errors that callers catch: one class for each case that callers handle in its own way.
 *
 * @module
 */
import { PyProxyError } from "../common/error_base.ts";

export { PyProxyError } from "../common/error_base.ts";
export { EncodeError } from "../values/encode_error.ts";
export {
  AuthenticationError,
  ConnectionError,
  NamespaceGoneError,
  ProtocolError,
  QueueFullError,
  RemoteProcessDiedError,
  SessionClosedError,
  SessionCrashedError,
  SessionError,
} from "./session_errors.ts";

/**
 * The timeout of `wait({ timeout })` has passed. The eval goes on.
 *
 * @example The eval goes on
 * ```ts
 * import { connect, FutureTimeoutError } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const future = remote.eval("import time; time.sleep(0.5); 'done'");
 * try {
 *   await future.wait({ timeout: 10 });
 * } catch (error) {
 *   console.log(error instanceof FutureTimeoutError); // true
 * }
 * console.log(await future); // done
 * ```
 */
export class FutureTimeoutError extends PyProxyError {
  /** "FutureTimeoutError". */
  override name = "FutureTimeoutError";
}

/**
 * How an eval was stopped: before it ran, by KeyboardInterrupt, or by killing its Python process.
 *
 * @example An eval that never ran
 * ```ts
 * import { CancelledError, type CancelledHow, connect } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const future = remote.eval("1", { signal: AbortSignal.abort() });
 * const outcome = await future.waitNoExcept();
 * if (!outcome.ok && outcome.error instanceof CancelledError) {
 *   const how: CancelledHow = outcome.error.how;
 *   console.log(how); // queued
 * }
 * ```
 */
export type CancelledHow = "queued" | "interrupted" | "killed";

/**
 * The eval was stopped by `cancel()` or by its `signal`.
 *
 * @example Stop an endless loop
 * ```ts
 * import { CancelledError, connect } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const future = remote.eval("while True: pass");
 * future.cancel();
 * try {
 *   await future;
 * } catch (error) {
 *   console.log(error instanceof CancelledError); // true
 * }
 * ```
 */
export class CancelledError extends PyProxyError {
  /** "CancelledError". */
  override name = "CancelledError";
  /** How it was stopped. */
  readonly how: CancelledHow;

  /** Makes one; the library does. */
  constructor(message: string, how: CancelledHow, options?: ErrorOptions) {
    super(message, options);
    this.how = how;
  }
}

/**
 * The eval was stopped because it took longer than its `timeout`.
 *
 * @example Limit the time of an eval
 * ```ts
 * import { connect, EvalTimeoutError } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * try {
 *   await remote.eval("while True: pass", { timeout: 200 });
 * } catch (error) {
 *   console.log(error instanceof EvalTimeoutError); // true
 * }
 * ```
 */
export class EvalTimeoutError extends CancelledError {
  /** "EvalTimeoutError". */
  override name = "EvalTimeoutError";
}
