/**
 * The numbers that options have where none is given.
 *
 * @module
 */

/** Default of `connectTimeout`: dial, thread start and hello together. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** Evals that wait in the client: past either of the two, `eval` throws QueueFullError. */
export const MAX_QUEUED_EVALS = 100_000;
export const MAX_QUEUED_BYTES: number = 256 * 1024 * 1024;

/** Output that nobody reads: kept per eval and per session, then the oldest is dropped and counted. */
export const UNREAD_OUTPUT_PER_EVAL_BYTES: number = 8 * 1024 * 1024;
export const UNREAD_OUTPUT_PER_SESSION_BYTES: number = 16 * 1024 * 1024;

/** The main thread asks its session's thread this often over the bridge: see heartbeat.ts. */
export const HEARTBEAT_INTERVAL_MS = 5_000;
