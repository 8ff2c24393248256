/**
 * The numbers that bound the server and are none of the wire's, each with its reason. Those both
 * sides have to know are in `src/wire/limits.ts`.
 *
 * @module
 */
import {
  CONNECT_AFTER_HELLO_MS,
  HANDSHAKE_DEADLINE_MS,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
  SLOW_READER_MS,
} from "../../src/wire/limits.ts";

/** Sessions at once; the next hello is answered with ERROR LIMIT. */
export const MAX_SESSIONS = 4_096;

/** Python processes of sessions that have one of their own; the next such hello is refused. */
export const MAX_OWN_PROCESSES = 64;

/** Sockets that have not said who they are; more wait in the kernel's backlog. */
export const MAX_HANDSHAKES = 64;

/** Jobs in one python process at a time: its page has room for as many cancels. */
export const MAX_JOBS_AHEAD = 64;

/**
 * Work handed to a python process ahead of need. Long enough to hide the way there and back (about
 * 0.1 ms), short enough that another session's eval is not held up noticeably.
 */
export const WORK_AHEAD_MS = 1;

/** After so many lone jobs in a row the next is taken for one as well (LINK.md, ALONE). */
export const LONE_JOBS = 2;

/** The pipes of a process with so many jobs are left unread while their results say READ. */
export const REST_JOBS = 4;

/**
 * A process that has more than one job and was not heard of for so long is looked after: a line waits
 * twice as long for that at most. Shorter than it takes four busy sessions to go round, it would look
 * after processes that are only waiting for their turn ...
 */
export const LOOK_MS = 5;

/** ... again after twice as long each time, up to this. */
export const MAX_LOOK_MS = 32;

/**
 * While so many evals of a session wait here, its results leave so many together, or after so long:
 * each write wakes two threads of the client's, which costs both more than an eval does. Its process
 * has work enough until the client's next ones are here.
 */
export const BULK_EVALS = 64;
export const GATHERED_FRAMES = 128;
export const GATHERED_MS = 1;

/**
 * What the finalizers of a closed session's namespaces may take before they are interrupted: other
 * sessions wait for them.
 */
export const FORGET_MS = 250;

/** A large result is work ahead as well: so many bytes go to the client in a millisecond, or fewer. */
export const RESULT_BYTES_PER_MS: number = 1024 * 1024;

/** A job that was handed over so often, and each time its process died before it began, is lost. */
export const MAX_HAND_OVERS = 3;

/** What KeyboardInterrupt has not stopped after this long is ended with its process. */
export const CANCEL_GRACE_MS = 2_000;

/** A python process that is not READY by then is ended: a start takes 10 to 150 ms. */
export const PYTHON_START_DEADLINE_MS = 10_000;

/** A smaller memory limit is a slip: Python with msgpack starts in 10 MiB, numpy takes 30 more. */
export const MIN_WORKER_MEMORY_BYTES: number = 64 * 1024 * 1024;

/** Pause before replacing a process that died without having run anything; doubles ... */
export const RESTART_PAUSE_MS = 100;

/** ... up to this, so that a broken interpreter costs a start every 5 s, not a busy loop. */
export const MAX_RESTART_PAUSE_MS = 5_000;

/** What a dead process left in its pipes is waited for this long: a stray child may hold them. */
export const LAST_BYTES_DEADLINE_MS = 2_000;

/** A python process that is told to end has this long before its whole group gets SIGKILL. */
export const PYTHON_END_DEADLINE_MS = 2_000;

/** Requests of a python process that are not answered: with so many no more are read ... */
export const MAX_UNANSWERED_REQUESTS = 1_024;

/** ... nor with so many bytes in them; one alone may be as long as a frame. */
export const MAX_UNANSWERED_BYTES: number = 64 * 1024 * 1024;

/** Replies that a python process has not read; past it no requests of its are read. */
export const REPLY_HIGH_WATER_BYTES: number = 8 * 1024 * 1024;

/** Output that waits for a client; past it the python process's pipes are not read. */
export const OUTPUT_HIGH_WATER_BYTES: number = 256 * 1024;

/** Results that wait for a client; past it nothing more is read from it. */
export const RESULT_HIGH_WATER_BYTES: number = 8 * 1024 * 1024;

/** Evals of one session that wait here; past it nothing more is read from it until some have run. */
export const QUEUE_HIGH_WATER_BYTES: number = 256 * 1024 * 1024;

/** Unfinished frames of all clients together: bounds what headers and slow senders can hold. */
export const MAX_UNFINISHED_BYTES: number = 512 * 1024 * 1024;

/** Smaller buffers are not worth keeping: a body of so much is read and written in one go. */
export const MIN_KEPT_BUFFER_BYTES: number = 128 * 1024;

/** Used buffers of large bodies that are kept, together: for one of 64 MB in, and one out. */
export const MAX_KEPT_BYTES: number = 128 * 1024 * 1024;

/** And so long: who sends large bodies one after the other does so at shorter intervals. */
export const KEPT_BUFFER_MS = 1_000;

/** Freeing 64 MB takes 5 ms, in which the server does nothing else. */
export const FREED_AT_ONCE_BYTES: number = 16 * 1024 * 1024;

/** Keys and values in an EVAL's control map, nested ones too: its three fields have six. */
export const MAX_EVAL_CONTROL_VALUES = 1_000;

/** Namespaces remembered for one session, to tell it which died. */
export const MAX_NAMESPACES = 10_000;

/** Jobs of a process that have ended and whose threads' late output can still be told whose it is. */
export const REMEMBERED_JOBS = 4_096;

/** Late output in one log record: LOG bodies are at most 64 KiB, and a byte may become three. */
export const LATE_OUTPUT_RECORD_BYTES: number = 8 * 1024;

/** Text that a python process wrote before READY, kept for the error message. */
export const START_TEXT_BYTES: number = 4 * 1024;

/** After an ERROR or GOODBYE the socket lingers so long for the peer to read it ... */
export const LINGER_MS = 1_000;

/** ... and takes in at most this much from a peer that still sends. */
export const LINGER_BYTES: number = 16 * 1024 * 1024;

/** SIGTERM lets evals in flight finish for this long. */
export const DRAIN_DEADLINE_MS = 30_000;

/** How often deadlines are looked at: fine enough for limits of seconds. */
export const TICK_MS = 250;

/** An accept that failed (no descriptors left, most likely) is tried again after this. */
export const ACCEPT_RETRY_MS = 100;

/** While accepting fails, the log says so this often. */
export const ACCEPT_WARNING_MS = 5_000;

/** While descriptors are lacking, the log says so this often. */
export const SHORTAGE_WARNING_MS = 60_000;

/** Descriptors in reserve. A dead python process leaves seven, and while another starts it takes more. */
export const RESERVED_DESCRIPTORS = 8;

/** A descriptor of the reserve is taken back after this, if nobody came for whom it was let go. */
export const RESERVE_BACK_MS = 50;

/** A failed login is told so after this: a thousand tries cost minutes, a slip of the hand nothing. */
export const REFUSAL_DELAY_MS = 500;

/** Failed logins that are not gone yet; one more, and the oldest is told and cut at once. */
export const MAX_REFUSALS = 64;

/**
 * The least a token may have: 128 random bits in base64. Whoever overhears a login, or gets a client
 * to dial him, can try guesses as fast as his machines allow.
 */
export const MIN_TOKEN_CHARS = 22;

/** The limits that a test may want shorter. */
export interface ServerLimits {
  /** Sessions at once. */
  sessions: number;
  /** Sessions at once that have a python process of their own. */
  ownProcesses: number;
  /** Sockets at once that have not said who they are. */
  handshakes: number;
  /** How long they have for that. */
  handshakeMs: number;
  /** Unfinished frames of all clients together. */
  unfinishedBytes: number;
  /** How long a session has to open its outputstream. */
  connectAfterHelloMs: number;
  /** How long a client may take nothing of what waits for it. */
  slowReaderMs: number;
  /** A client that was silent for so long is asked ... */
  pingIntervalMs: number;
  /** ... and given up when it stays silent for so much longer. */
  pingTimeoutMs: number;
  /** How long an interrupted eval has before its process is killed. */
  cancelGraceMs: number;
  /** How long a python process has to get ready. */
  pythonStartMs: number;
  /** How long a drain may take. */
  drainMs: number;
  /** How often the deadlines of sessions are looked at. */
  tickMs: number;
}

/** What holds outside tests. */
export const DEFAULT_LIMITS: Readonly<ServerLimits> = {
  sessions: MAX_SESSIONS,
  ownProcesses: MAX_OWN_PROCESSES,
  handshakes: MAX_HANDSHAKES,
  handshakeMs: HANDSHAKE_DEADLINE_MS,
  unfinishedBytes: MAX_UNFINISHED_BYTES,
  connectAfterHelloMs: CONNECT_AFTER_HELLO_MS,
  slowReaderMs: SLOW_READER_MS,
  pingIntervalMs: PING_INTERVAL_MS,
  pingTimeoutMs: PING_TIMEOUT_MS,
  cancelGraceMs: CANCEL_GRACE_MS,
  pythonStartMs: PYTHON_START_DEADLINE_MS,
  drainMs: DRAIN_DEADLINE_MS,
  tickMs: TICK_MS,
};
