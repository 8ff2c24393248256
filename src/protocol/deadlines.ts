/**
 * How long the end of a session may take.
 *
 * @module
 */

/** `close()` waits this long for the goodbye to be written before the socket is cut. */
export const CLOSE_DEADLINE_MS = 2_000;
