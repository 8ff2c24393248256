/**
 * How long the end of a session may take.
 *
 * @module
 */

/** How long `close()` waits for the goodbye to be written before it closes the sockets. */
export const CLOSE_DEADLINE_MS = 2_000;
