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

/** What a server is made of. */
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

/** What a server may be given in the place of its own. */
export interface ServerParts {
  /** What runs its jobs; else Python processes of this machine. */
  executor?: Executor;
  /** Is told what happens, as the log is. */
  observer?: Observer;
}
