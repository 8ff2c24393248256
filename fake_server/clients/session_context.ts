/**
 * What a session needs of the server around it.
 *
 * @module
 */
import type { KeptBuffers } from "../common/kept_buffers.ts";
import type { ServerLimits } from "../common/limits.ts";
import type { Observer } from "../common/observer.ts";
import type { OwnProcess, Pool } from "../scheduling/pool.ts";

/** What a session needs of the server around it. */
export interface SessionContext {
  readonly pool: Pick<Pool, "scheduler" | "pid" | "python">;
  /** Given if the session has a Python process of its own. */
  readonly own?: OwnProcess | undefined;
  readonly observer: Observer;
  readonly clock: () => number;
  readonly limits: ServerLimits;
  /** Used buffers, for large bodies. */
  readonly buffers: KeptBuffers;
  /** The session of this number is over. */
  closed(session: { readonly number: number }): void;
}
