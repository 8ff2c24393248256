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
 * The code runs as the user that the server runs as; there is no sandbox. Start a server with
 * `deno run -A jsr:@pyproxy/client/cli serve`. The client needs permission for the network alone, for
 * the server's two addresses: `--allow-net=localhost:9000,localhost:9001`.
 *
 * What an eval takes and gives:
 *
 * | Python | JavaScript |
 * | ------ | ---------- |
 * | None, bool, str | null (undefined sends None), boolean, string |
 * | int, any size | number when safe, else bigint; a bigint goes back as int |
 * | float | number, with NaN, infinities and -0; 1.0 comes as 1, {@linkcode float}(1) sends a float |
 * | bytes, bytearray, memoryview | Uint8Array |
 * | list, tuple, range, deque, dict views | Array; {@linkcode tuple}(1, 2) sends a tuple |
 * | dict, sqlite3.Row, SimpleNamespace | object when all keys are strings, else Map; a Map sends a dict |
 * | set, frozenset | Set |
 * | aware datetime | Temporal.ZonedDateTime; Date and Temporal.Instant send one in UTC |
 * | naive datetime, date, naive time | Temporal.PlainDateTime, Temporal.PlainDate, Temporal.PlainTime |
 * | timedelta | Temporal.Duration of days and less, with one sign |
 * | Decimal, Fraction, UUID, Path, complex | {@linkcode PythonScalar} with `type`, `text` and `toNumber()` |
 * | Enum, dataclass, namedtuple | the value; object of the fields; Array |
 * | anything else | {@linkcode Opaque} with `type` and `repr`, which cannot be sent back |
 *
 * Arrays of numpy are {@linkcode NDArray}, tables of pandas {@linkcode DataFrame} and
 * {@linkcode Series}, both ways; an array.array comes as a typed array, and a typed array goes as a
 * numpy array, or an array.array where numpy is not installed.
 *
 * @module
 */
import "./src/common/runtime.ts";
export { connect, PyProxySession } from "./src/session/session.ts";
export { type CloseOptions, RemoteProcess } from "./src/session/remote_process.ts";
export { Future, type Outcome, type WaitOptions } from "./src/api/future.ts";
export type { OutputChunk, OutputLine, OutputOptions } from "./src/api/output.ts";
export { type PoolOptions, PyProxyPool } from "./src/session/pool.ts";
export type { EvalOptions, OpenOptions, SessionLimits, TlsOptions } from "./src/api/options.ts";
export type { SessionEvent } from "./src/api/events.ts";
export type { Progress } from "./src/protocol/progress.ts";
export type { RemoteStatus } from "./src/api/status.ts";
export type { SessionEnd } from "./src/api/session_end.ts";
export type { LogRecord } from "./src/wire/messages.ts";
export {
  PythonError,
  type PythonFrame,
  type PythonSyntaxPosition,
} from "./src/api/python_error.ts";
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
} from "./src/api/errors.ts";
export { Float, float } from "./src/values/types/float.ts";
export { Tuple, tuple } from "./src/values/types/tuple.ts";
export { NDArray, type NDArrayOptions, type NestedItems } from "./src/values/tables/ndarray.ts";
export { Series, type SeriesOptions, type SeriesValues } from "./src/values/tables/series.ts";
export { DataFrame, type DataFrameOptions } from "./src/values/tables/data_frame.ts";
export type { Item, TypedArray } from "./src/values/tables/dtype.ts";
export {
  Opaque,
  PythonScalar,
  type PythonScalarType,
  type Received,
  type Sendable,
} from "./src/values/types.ts";
