/**
 * The sizes of the buffers between sockets and frames, at both ends.
 *
 * @module
 */

/** The first size of a receive buffer. It grows as bytes come, not by what a header claims. */
export const FIRST_BUFFER_BYTES: number = 64 * 1024;

/**
 * A full receive buffer grows by this factor: to copy its bytes at each doubling took as long as to
 * receive them. A header that claims too much costs address space, but memory only for bytes that
 * come.
 */
export const GROWTH_FACTOR = 64;

/** The receive buffer of an idle stream: a server has two of them for each session. */
export const IDLE_BUFFER_BYTES: number = 4 * 1024;

/**
 * The most bytes of one read or write. The system copies them without a pause, and meanwhile other
 * threads do not get that processor, such as the main thread.
 */
export const MAX_TRANSFER_BYTES: number = 256 * 1024;
