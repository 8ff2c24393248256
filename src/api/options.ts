/**
 * What users pass in; check_options.ts checks it.
 *
 * @module
 */
import type { Progress } from "../protocol/progress.ts";

/** The address that `open` and `connect` dial when none is given. */
export const DEFAULT_ADDRESS = "localhost:9000";

/**
 * Bounds of one session on the client's side.
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
  /** Evals that may wait to be sent; one more is a QueueFullError. Default 100,000. */
  queuedEvals?: number;
  /** Bytes of arguments that may wait to be sent. Default 256 MiB. */
  queuedBytes?: number;
  /** Bytes of one eval's output kept while nobody reads it. Default 8 MiB. */
  unreadOutputPerEval?: number;
  /** Bytes of output kept in all while nobody reads it. Default 16 MiB. */
  unreadOutputPerSession?: number;
  /**
   * Milliseconds between two heartbeats to the session's thread; the thread is given up after four
   * unanswered ones. Default 5,000.
   */
  heartbeatInterval?: number;
}

/**
 * How a TLS server is to be checked.
 *
 * @example An authority of your own
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
   * Certificates of authorities to trust, each in PEM: beside the runtime's own in Deno, in their
   * place in Bun.
   */
  caCerts?: readonly string[] | undefined;
  /** The name that the server's certificate has to be for. Default: the host that is dialled. */
  serverName?: string | undefined;
}

/**
 * Options of {@linkcode PyProxySession.open} and {@linkcode connect}.
 *
 * @example A name for the log, and less patience
 * ```ts
 * import { connect, type OpenOptions } from "@pyproxy/client";
 *
 * const options: OpenOptions = { name: "nightly report", connectTimeout: 2000 };
 * await using remote = await connect("localhost:9000", options);
 * console.log(await remote.eval("2 + 2")); // 4
 * ```
 */
export interface OpenOptions {
  /** Gives up the opening once it aborts; the promise rejects with its reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for the thread's start, the dial and the hello together. Default 10,000. */
  connectTimeout?: number | undefined;
  /** A word for the session that the server's log shows. */
  name?: string | undefined;
  /**
   * `"own"` gives the session a Python process that nobody else uses and nobody has used: its
   * modules, environment and working directory are the session's, and it ends with the session.
   * Default `"shared"`: a process that runs the evals of several sessions in turn.
   */
  process?: "shared" | "own" | undefined;
  /**
   * The server's token. It never travels: both ends prove that they know it, and a server that
   * does not is an AuthenticationError.
   */
  token?: string | undefined;
  /**
   * Talk TLS. The server's certificate and name are checked before anything is sent; they always
   * are. Default: not.
   */
  tls?: boolean | TlsOptions | undefined;
  /** Bounds of the session on this side. */
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
  /** Run in the dictionary of this name, which lasts as long as the session's python process. */
  namespace?: string | undefined;
  /** Make a value that cannot be sent an error, where otherwise an opaque value would come. */
  strict?: boolean | undefined;
  /** Milliseconds from the call after which the eval is stopped: EvalTimeoutError. Default: none. */
  timeout?: number | undefined;
  /** Cancels the eval once it aborts. */
  signal?: AbortSignal | undefined;
  /**
   * Is told how far the eval's arguments have gone and its result has come: several times a second
   * while they move, and when the result is there.
   */
  onProgress?: ((progress: Progress) => void) | undefined;
}
