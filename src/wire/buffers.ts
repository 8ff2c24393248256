/**
 * The sizes of the buffers between sockets and frames, on either end.
 *
 * @module
 */

/** A receive buffer starts at this and grows as bytes really come, never from a claim. */
export const FIRST_BUFFER_BYTES: number = 64 * 1024;

/**
 * A full receive buffer grows by this: copying what is there at each doubling took as long as
 * receiving it. A lie about the rest costs addresses, and memory only where bytes come.
 */
export const GROWTH_FACTOR = 16;

/** The receive buffer of a stream on which little comes: a server has two of them a session. */
export const IDLE_BUFFER_BYTES: number = 4 * 1024;

/**
 * So much is read or written in one call to the system at most. It copies without a pause, and while
 * it does nobody else gets that processor: the main thread least of all, which is waited for.
 */
export const MAX_TRANSFER_BYTES: number = 256 * 1024;
