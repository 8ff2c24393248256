/**
 * Every number that bounds the protocol and its two ends, in one place, each with its reason.
 * Units stand last in the name.
 *
 * @module
 */

/** The dialect this package speaks. 0 was the old one of bincode and pickle. */
export const PROTOCOL_VERSION = 1;

/** Fixed by the wire: u8 zero, version, type, flags; u32 body length; u32 request id. */
export const HEADER_BYTES = 12;

/** The largest body of one frame: bounds what one eval or one result can take. */
export const MAX_FRAME_BODY_BYTES: number = 256 * 1024 * 1024;

/** The largest body of a peer that has not said who it is: a stranger costs no more. */
export const MAX_HELLO_BODY_BYTES: number = 4 * 1024;

/** The nonce of either end of a login: too many bits to come twice. */
export const NONCE_BYTES = 32;

/** The largest control map of CANCEL, GOODBYE, ERROR and LOG: they carry words, not data. */
export const MAX_CONTROL_BODY_BYTES: number = 64 * 1024;

/** A receive buffer starts at this and grows as bytes really come, never from a claim. */
export const FIRST_BUFFER_BYTES: number = 64 * 1024;

/**
 * A full receive buffer grows by this: copying what is there at each doubling took as long as
 * receiving it. A lie about the rest costs addresses, and memory only where bytes come.
 */
export const GROWTH_FACTOR = 64;

/** The receive buffer of a stream on which little comes: a server has two of them a session. */
export const IDLE_BUFFER_BYTES: number = 4 * 1024;

/** Containers in containers, extensions counted; both sides refuse the 513th. */
export const MAX_DEPTH = 512;

/** A handshake that takes longer is given up: hello both ways, the outputstream's too. */
export const HANDSHAKE_DEADLINE_MS = 5_000;

/** Default of `connectTimeout`: dial, thread start and hello together. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** A session whose outputstream has not come by then is closed: nobody can use it. */
export const CONNECT_AFTER_HELLO_MS = 60_000;

/** Evals of one session that the server holds at once; more wait in the client. */
export const MAX_EVALS_IN_FLIGHT = 1_000;

/** Interrupts of one session on their way at once: nobody presses a key so often. */
export const MAX_INTERRUPTS = 64;

/** Evals that wait in the client: past either of the two, `eval` throws QueueFullError. */
export const MAX_QUEUED_EVALS = 100_000;
export const MAX_QUEUED_BYTES: number = 256 * 1024 * 1024;

/**
 * So much is read or written in one call to the system at most. It copies without a pause, and while
 * it does nobody else gets that processor: the main thread least of all, which is waited for.
 */
export const MAX_TRANSFER_BYTES: number = 256 * 1024;

/** The buffer of a larger batch of evals is used again for the next: fresh memory is slow ... */
export const MIN_USED_BUFFER_BYTES: number = 256 * 1024;

/** ... but one that is larger than this is given back at once, and others within 10 s. */
export const MAX_USED_BUFFER_BYTES: number = 64 * 1024 * 1024;

/** The main thread is told what has left its queue each time so much has, or less for small queues. */
export const SENT_REPORT_EVALS = 256;
export const SENT_REPORT_BYTES: number = 1024 * 1024;

/** Events of a session that are kept until somebody reads them: few happen, and the last tell most. */
export const EVENTS_KEPT = 100;

/** `onProgress` is called at most this often, for smooth bars and not more. */
export const PROGRESS_INTERVAL_MS = 100;

/** Request ids are u32 and never used twice in a session. */
export const MAX_REQUEST_ID = 0xffff_ffff;

/** Output that nobody reads: kept per eval and per session, then the oldest is dropped and counted. */
export const UNREAD_OUTPUT_PER_EVAL_BYTES: number = 8 * 1024 * 1024;
export const UNREAD_OUTPUT_PER_SESSION_BYTES: number = 16 * 1024 * 1024;

/** Unread output is freed this long after its eval has settled. */
export const UNREAD_OUTPUT_LIFE_MS = 60_000;

/** Evals of a session whose count of dropped output is remembered: the latest ones. */
export const DROP_COUNTS_KEPT = 100_000;

/**
 * Output under way to a reader on the main thread; postMessage has no back-pressure of its own. A
 * larger piece goes alone, and the next one when its reader has begun with it: what is there is taken
 * without a pause, and holds up whatever else that thread has to do, 1 ms for 64 KiB of lines.
 */
export const OUTPUT_CREDIT_BYTES: number = 16 * 1024;

/** Output that waits for that credit; past it the outputstream is not read. Together they are 2 MiB. */
export const OUTPUT_WAITING_BYTES: number = 2 * 1024 * 1024 - OUTPUT_CREDIT_BYTES;

/** Server log records kept for a `logs()` that has not been called yet: the newest ones. */
export const UNREAD_LOG_RECORDS = 1_000;

/** And of those so much, as they came: a record may have 64 KiB. */
export const UNREAD_LOG_BYTES: number = 1024 * 1024;

/** A reader that takes nothing for this long, its buffer full, ends its session: SLOW_READER. */
export const SLOW_READER_MS = 30_000;

/** Application pings: a silent peer is asked after this long ... */
export const PING_INTERVAL_MS = 10_000;

/** ... and given up when nothing at all has come for this much longer. */
export const PING_TIMEOUT_MS = 20_000;

/** The main thread asks its session's thread this often over the bridge ... */
export const HEARTBEAT_INTERVAL_MS = 5_000;

/** ... and gives the thread up after this many unanswered turns: 20 s. */
export const HEARTBEAT_MISSES = 4;

/** `close()` waits this long for the goodbye to be written before the socket is cut. */
export const CLOSE_DEADLINE_MS = 2_000;

/** A pool tries to replace a dead session at once, then after this, doubling ... */
export const REOPEN_FIRST_MS = 100;

/** ... up to this. */
export const REOPEN_LAST_MS = 5_000;
