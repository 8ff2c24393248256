/**
 * The options of the public functions; check_options.ts checks them.
 *
 * @module
 */
import type { Progress } from "../protocol/progress.ts";

/** The address that `open` and `connect` dial if none is given. */
export const DEFAULT_ADDRESS = "localhost:9000";

/**
 * Limits of one session on the client's side.
 *
 * @example A session that keeps little
 * ```ts
 * import { connect, type SessionLimits } from "@pyproxy/client";
 *
 * const limits: SessionLimits = { unreadOutputPerEval: 64 * 1024, queuedEvals: 1000 };
 * await using remote = await connect("localhost:9000", { limits });
 * console.log(await remote.eval("2 + 2")); // 4
 * ```
 */
export interface SessionLimits {
  /** The most evals that may wait to be sent; one more is a QueueFullError. Default 100,000. */
  queuedEvals?: number;
  /** The most bytes of evals that may wait to be sent. Default 256 MiB. */
  queuedBytes?: number;
  /** The bytes of one eval's output that are kept while nobody reads it. Default 8 MiB. */
  unreadOutputPerEval?: number;
  /** The bytes of all output that are kept while nobody reads it. Default 16 MiB. */
  unreadOutputPerSession?: number;
  /**
   * Milliseconds between two heartbeats to the session's thread. After four unanswered ones the
   * thread counts as dead. Default 5,000.
   */
  heartbeatInterval?: number;
}

/**
 * How to check a TLS server.
 *
 * @example A certificate authority of your own
 * ```ts
 * import { connect, type TlsOptions } from "@pyproxy/client";
 *
 * async function secure(addr: string, pem: string): Promise<unknown> {
 *   const tls: TlsOptions = { caCerts: [pem], serverName: "python.example" };
 *   await using remote = await connect(addr, { tls });
 *   return await remote.eval("2 + 2");
 * }
 * console.log(typeof secure); // function
 * ```
 */
export interface TlsOptions {
  /**
   * Certificates of authorities to trust, each in PEM. In Deno they are trusted besides the
   * runtime's own, in Bun instead of them.
   */
  caCerts?: readonly string[] | undefined;
  /** The name that the server's certificate must have. Default: the host that is dialled. */
  serverName?: string | undefined;
}

/**
 * Options of {@linkcode PyProxySession.open} and {@linkcode connect}.
 *
 * @example A name for the log, and a shorter timeout
 * ```ts
 * import { connect, type OpenOptions } from "@pyproxy/client";
 *
 * const options: OpenOptions = { name: "nightly report", connectTimeout: 2000 };
 * await using remote = await connect("localhost:9000", options);
 * console.log(await remote.eval("2 + 2")); // 4
 * ```
 */
export interface OpenOptions {
  /** Ends the opening when it aborts; the promise rejects with its reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for the thread's start, the dial and the hello together. Default 10,000. */
  connectTimeout?: number | undefined;
  /** A name for the session, which the server's log shows. */
  name?: string | undefined;
  /**
   * `"own"` gives the session a fresh Python process that no other session uses: modules,
   * environment and working directory are the session's, and the process ends with it. Default
   * `"shared"`: a process that runs the evals of several sessions in turn.
   */
  process?: "shared" | "own" | undefined;
  /**
   * The server's token. It is never sent: both ends prove that they know it. If the server cannot,
   * the opening fails with an AuthenticationError.
   */
  token?: string | undefined;
  /**
   * Use TLS. The server's certificate and name are always checked before anything is sent. Default:
   * no TLS.
   */
  tls?: boolean | TlsOptions | undefined;
  /** Limits of the session on the client's side. */
  limits?: SessionLimits | undefined;
}

/**
 * Options of {@linkcode RemoteProcess.eval}.
 *
 * @example Variables, and a limit
 * ```ts
 * import { connect, type EvalOptions } from "@pyproxy/client";
 *
 * const options: EvalOptions = { locs: { xs: [1, 2, 3] }, timeout: 5000 };
 * await using remote = await connect("localhost:9000");
 * console.log(await remote.eval("sum(xs)", options)); // 6
 * ```
 */
export interface EvalOptions {
  /** Local variables of the code: a plain object, null or undefined. */
  locs?: Readonly<Record<string, unknown>> | null | undefined;
  /** Global variables of the code: a plain object, null or undefined. */
  globs?: Readonly<Record<string, unknown>> | null | undefined;
  /** Run in the dictionary of this name, which lasts as long as the session's Python process. */
  namespace?: string | undefined;
  /** Fail if the result has a value that cannot be sent, instead of giving an opaque value. */
  strict?: boolean | undefined;
  /** Milliseconds after which the eval is stopped with an EvalTimeoutError. Default: no limit. */
  timeout?: number | undefined;
  /** Cancels the eval when it aborts. */
  signal?: AbortSignal | undefined;
  /**
   * Is called with the progress of the eval's arguments and of its result: several times a second
   * while they move, and once the result is there.
   */
  onProgress?: ((progress: Progress) => void) | undefined;
}
