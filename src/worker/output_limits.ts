/**
 * The limits of the output and the log that the session's thread keeps.
 *
 * @module
 */

/**
 * Output that may be on its way to a reader on the main thread: postMessage has no back-pressure. A
 * larger piece goes alone, and the next one once its reader has begun with it. A reader takes what
 * is there without a pause, which blocks the main thread for 1 ms per 64 KiB of lines.
 */
export const OUTPUT_CREDIT_BYTES: number = 16 * 1024;

/** Output that may wait for that credit; past it the outputstream is not read. Both are 2 MiB. */
export const OUTPUT_WAITING_BYTES: number = 2 * 1024 * 1024 - OUTPUT_CREDIT_BYTES;

/** Unread output is freed this long after its eval has settled. */
export const UNREAD_OUTPUT_LIFE_MS = 60_000;

/** Log records that are kept while nobody reads them: the newest ones. */
export const UNREAD_LOG_RECORDS = 1_000;

/** The bytes of those records, as they came: a single one may have 64 KiB. */
export const UNREAD_LOG_BYTES: number = 1024 * 1024;
