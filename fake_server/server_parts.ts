/**
 * The parts of a server.
 *
 * @module
 */
import type { Credentials } from "./clients/credentials/credentials.ts";
import type { Sessions } from "./clients/sessions.ts";
import type { KeptBuffers } from "./common/kept_buffers.ts";
import type { ServerLimits } from "./common/limits.ts";
import type { Log } from "./common/log.ts";
import type { Observer } from "./common/observer.ts";
import type { ServerConfig } from "./config.ts";
import type { Executor } from "./executors/executor.ts";
import type { Pool } from "./scheduling/pool.ts";

/** The parts that `PyProxyServer.start` makes for a server. */
export interface MadeParts {
  config: ServerConfig;
  limits: ServerLimits;
  log: Log;
  observer: Observer;
  credentials: Credentials;
  sessions: Sessions;
  pool: Pool;
  buffers: KeptBuffers;
}

/** Parts that a caller can replace or add. */
export interface ServerParts {
  /** Runs the jobs. Default: Python processes of this machine. */
  executor?: Executor;
  /** Receives the server's events, as the log does. */
  observer?: Observer;
}
