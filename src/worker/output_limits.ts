/**
 * How much output and log the session's thread keeps, and how long.
 *
 * @module
 */

/**
 * Output under way to a reader on the main thread; postMessage has no back-pressure of its own. A
 * larger piece goes alone, and the next one when its reader has begun with it: what is there is taken
 * without a pause, and holds up whatever else that thread has to do, 1 ms for 64 KiB of lines.
 */
export const OUTPUT_CREDIT_BYTES: number = 16 * 1024;

/** Output that waits for that credit; past it the outputstream is not read. Together they are 2 MiB. */
export const OUTPUT_WAITING_BYTES: number = 2 * 1024 * 1024 - OUTPUT_CREDIT_BYTES;

/** Unread output is freed this long after its eval has settled. */
export const UNREAD_OUTPUT_LIFE_MS = 60_000;

/** Server log records kept for a `logs()` that has not been called yet: the newest ones. */
export const UNREAD_LOG_RECORDS = 1_000;

/** And of those so much, as they came: a record may have 64 KiB. */
export const UNREAD_LOG_BYTES: number = 1024 * 1024;
