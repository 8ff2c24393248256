/**
 * The reference server of the PyProxy protocol. You can embed it in tests, benchmarks and programs.
 * It runs under Deno, on Linux and macOS.
 *
 * Code from clients runs as the user of this program: anyone who can connect can do all that you
 * can. The server listens only on loopback addresses and unix sockets, unless it has a token.
 *
 * @example
 * ```ts
 * import { startServer } from "@pyproxy/client/fake_server";
 *
 * await using server = await startServer({ bindAddr: "127.0.0.1:0", outputAddr: "127.0.0.1:0" });
 * console.log(server.addr);
 * ```
 *
 * Permissions: `net` for both addresses; `read` and `write` for the directory of temporary files,
 * with a private directory for python files, unix sockets and pages; `env`, which python processes
 * inherit; `run` for the interpreter and to kill its process group, which Deno allows only with an
 * unrestricted `--allow-run`. A unix socket as address also needs `sys`, for the umask.
 *
 * @module
 */
import type { ServerOptions } from "./config.ts";
import { PyProxyServer } from "./server.ts";

export type { ServerOptions } from "./config.ts";
export type { ReloadOptions } from "./clients/credentials/credentials.ts";
export type { ServerLimits } from "./common/limits.ts";
export type { PythonInfo } from "./executors/executor.ts";
export type { LogFields, LogLevel, LogSink, ServerLogRecord } from "./common/log.ts";
export type { ProcessStats } from "./scheduling/pool.ts";
export type { CloseOptions, ServerStats } from "./server.ts";
export type { SlotState } from "./scheduling/slot.ts";
export type { TlsIdentity } from "./clients/connections/tls_socket.ts";
export { StartError } from "./executors/start_error.ts";
export { PyProxyServer } from "./server.ts";

/**
 * Starts a server. Resolves when it listens and its first python process is ready.
 *
 * @throws {TypeError} If an option is invalid, such as a public address without a token.
 * @throws {StartError} If the Python interpreter fails, or TMPDIR is not writable.
 * @throws {Error} If an address is in use, or the system is Windows.
 *
 * @example For a test
 * ```ts
 * import { connect } from "@pyproxy/client";
 * import { startServer } from "@pyproxy/client/fake_server";
 *
 * await using server = await startServer({ bindAddr: "127.0.0.1:0", outputAddr: "127.0.0.1:0" });
 * await using remote = await connect(server.addr);
 * console.log(await remote.eval("2 + 2")); // 4
 * ```
 */
export function startServer(options: ServerOptions = {}): Promise<PyProxyServer> {
  return PyProxyServer.start(options);
}
