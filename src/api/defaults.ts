/**
 * The defaults of options that are numbers.
 *
 * @module
 */

/** `connectTimeout`: for the start of the thread, the dial and the hello together. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** `queuedEvals` and `queuedBytes`: past either of them, `eval` throws a QueueFullError. */
export const MAX_QUEUED_EVALS = 100_000;
export const MAX_QUEUED_BYTES: number = 256 * 1024 * 1024;

/** `unreadOutputPerEval` and `unreadOutputPerSession`: past them the oldest output is dropped. */
export const UNREAD_OUTPUT_PER_EVAL_BYTES: number = 8 * 1024 * 1024;
export const UNREAD_OUTPUT_PER_SESSION_BYTES: number = 16 * 1024 * 1024;

/** `heartbeatInterval`: how often the main thread asks the session's thread. */
export const HEARTBEAT_INTERVAL_MS = 5_000;
