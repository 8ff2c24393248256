/**
 * The numbers that both ends of the wire agree upon, each with its reason. A number that only one
 * file or one end needs stands there. Units stand last in the name.
 *
 * @module
 */

/**
 * The dialect this package speaks. 0 was the old one of bincode and pickle; in 1 an EVAL's code was
 * part of its control map.
 */
export const PROTOCOL_VERSION = 2;

/** Fixed by the wire: u8 zero, version, type, flags; u32 body length; u32 request id. */
export const HEADER_BYTES = 12;

/** The largest body of one frame: bounds what one eval or one result can take. */
export const MAX_FRAME_BODY_BYTES: number = 256 * 1024 * 1024;

/** The largest body of a peer that has not said who it is: a stranger costs no more. */
export const MAX_HELLO_BODY_BYTES: number = 4 * 1024;

/** The nonce of either end of a login: too many bits to come twice. */
export const NONCE_BYTES = 32;

/** The largest control map of EVAL, CANCEL, GOODBYE, ERROR and LOG: they carry words, not data. */
export const MAX_CONTROL_BODY_BYTES: number = 64 * 1024;

/** Containers in containers, extensions counted; both sides refuse the 513th. */
export const MAX_DEPTH = 512;

/** Evals of one session that the server holds at once; more wait in the client. */
export const MAX_EVALS_IN_FLIGHT = 1_000;

/** The main thread is told what has left its queue each time so much has, or less for small queues. */
export const SENT_REPORT_EVALS = 256;
export const SENT_REPORT_BYTES: number = 1024 * 1024;

/** Request ids are u32 and never used twice in a session. */
export const MAX_REQUEST_ID = 0xffff_ffff;

/** Application pings: a silent peer is asked after this long ... */
export const PING_INTERVAL_MS = 10_000;

/** ... and given up when nothing at all has come for this much longer. */
export const PING_TIMEOUT_MS = 20_000;
