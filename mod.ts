/**
 * Run Python code on a remote server, from Deno or Bun: values, exceptions and live output come
 * back.
 *
 * ```ts
 * import { connect } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const future = remote.eval<number>("print('working'); total = sum(xs); total", {
 *   locs: { xs: [1, 2, 3] },
 * });
 * for await (const { line } of future.output()) console.log(line); // working
 * console.log(await future); // 6
 * ```
 *
 * A session ({@linkcode PyProxySession}) is a thread of its own with two TCP streams. Its
 * {@linkcode RemoteProcess} runs code and gives a {@linkcode Future} for each eval. Several sessions
 * run in parallel: {@linkcode PyProxyPool}.
 *
 * What an eval takes and gives:
 *
 * | Python                    | JavaScript                                                            |
 * | ------------------------- | --------------------------------------------------------------------- |
 * | None, bool, str           | null (undefined sends None), boolean, string                          |
 * | int                       | number when safe, else bigint                                         |
 * | float                     | number; 1.0 comes as 1 and goes back as int, `float(1)` sends a float |
 * | bytes                     | Uint8Array                                                            |
 * | list, tuple               | Array                                                                 |
 * | dict                      | object when all keys are strings, else Map                            |
 * | set, frozenset            | Set                                                                   |
 * | aware datetime            | Temporal.ZonedDateTime; Date and Temporal.Instant send one in UTC     |
 * | anything else             | {@linkcode Opaque}, which cannot be sent back                         |
 *
 * @module
 */
export { connect, PyProxySession } from "./src/session.ts";
export { type CloseOptions, RemoteProcess } from "./src/remote_process.ts";
export { Future, type Outcome, type WaitOptions } from "./src/future.ts";
export type { OutputChunk, OutputLine, OutputOptions } from "./src/output.ts";
export { type PoolOptions, PyProxyPool } from "./src/pool.ts";
export type { EvalOptions, OpenOptions, SessionLimits, TlsOptions } from "./src/options.ts";
export type { SessionEnd } from "./src/thread.ts";
export type { LogRecord } from "./src/wire/messages.ts";
export { PythonError, type PythonFrame, type PythonSyntaxPosition } from "./src/python_error.ts";
export {
  AuthenticationError,
  CancelledError,
  type CancelledHow,
  ConnectionError,
  EncodeError,
  EvalTimeoutError,
  FutureTimeoutError,
  NamespaceGoneError,
  ProtocolError,
  PyProxyError,
  QueueFullError,
  RemoteProcessDiedError,
  SessionClosedError,
  SessionCrashedError,
  SessionError,
} from "./src/errors.ts";
export { Float, float } from "./src/values/float.ts";
export { Opaque, type Received, type Sendable } from "./src/values/types.ts";
