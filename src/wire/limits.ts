/**
 * The limits that both ends of the wire agree upon, each with its reason. Other limits stand beside
 * their users. A name ends with the unit.
 *
 * @module
 */

/**
 * The version of the protocol. 0 was the old one of bincode and pickle; in 1 the code of an EVAL was
 * part of its control map.
 */
export const PROTOCOL_VERSION = 2;

/** Fixed by the wire: u8 zero, version, type, flags; u32 body length; u32 request id. */
export const HEADER_BYTES = 12;

/** The largest body of a frame: the limit of one eval and of one result. */
export const MAX_FRAME_BODY_BYTES: number = 256 * 1024 * 1024;

/** The largest body before the hello: a stranger costs no more than this. */
export const MAX_HELLO_BODY_BYTES: number = 4 * 1024;

/** The nonce of each end of a login: long enough never to repeat. */
export const NONCE_BYTES = 32;

/** The largest control map of EVAL, CANCEL, GOODBYE, ERROR and LOG, which carry short texts. */
export const MAX_CONTROL_BODY_BYTES: number = 64 * 1024;

/** How deep containers and extensions may be nested; both ends refuse the 513th level. */
export const MAX_DEPTH = 512;

/** The most evals of one session that the server takes at once; more wait in the client. */
export const MAX_EVALS_IN_FLIGHT = 1_000;

/** Request ids are u32, and none is used twice in a session. */
export const MAX_REQUEST_ID = 0xffff_ffff;

/** Pings: a silent peer is asked after this long ... */
export const PING_INTERVAL_MS = 10_000;

/** ... and the session ends when nothing has come for this much longer. */
export const PING_TIMEOUT_MS = 20_000;
