/**
 * The server's own limits, each with its reason. The limits that both sides must know are in
 * `src/wire/limits.ts`.
 *
 * @module
 */
import { PING_INTERVAL_MS, PING_TIMEOUT_MS } from "../../src/wire/limits.ts";

/** A handshake that takes longer is given up: hello both ways, the outputstream's too. */
export const HANDSHAKE_DEADLINE_MS = 5_000;

/** A session whose outputstream has not come by then is closed: nobody can use it. */
export const CONNECT_AFTER_HELLO_MS = 60_000;

/** A reader that takes nothing for this long, its buffer full, ends its session: SLOW_READER. */
export const SLOW_READER_MS = 30_000;

/** Open sessions; a further hello is answered with ERROR LIMIT. */
export const MAX_SESSIONS = 4_096;

/** Sessions with their own python process; a further hello that asks for one is refused. */
export const MAX_OWN_PROCESSES = 64;

/** Connections that have not finished their hello; more wait in the kernel's backlog. */
export const MAX_HANDSHAKES = 64;

/** Jobs in one python process at a time; its page has room for that many cancels. */
export const MAX_JOBS_AHEAD = 64;

/**
 * Work handed to a python process in advance. Long enough to hide the round trip (about 0.1 ms),
 * short enough not to delay another session's eval noticeably.
 */
export const WORK_AHEAD_MS = 1;

/** After this many lone jobs in a row we expect the next one to be alone, too (LINK.md, ALONE). */
export const LONE_JOBS = 2;

/** The pipes of a process with this many jobs rest while the results say READ (LINK.md, Rest). */
export const REST_JOBS = 4;

/**
 * If a process has several jobs and sent nothing for this long, we read its pipes and its page. So
 * a line waits at most twice as long. A shorter time than four busy sessions take for one round
 * would only find processes that wait for the processor ...
 */
export const LOOK_MS = 5;

/** ... The time doubles with each look, up to this. */
export const MAX_LOOK_MS = 32;

/**
 * While at least BULK_EVALS evals of a session wait here, its results are sent together: when there
 * are GATHERED_FRAMES of them, or after GATHERED_MS. Each write wakes two threads of the client,
 * which costs both sides more than an eval. The process has enough work until more evals arrive.
 */
export const BULK_EVALS = 64;
export const GATHERED_FRAMES = 128;
export const GATHERED_MS = 1;

/**
 * The time for the finalizers of a closed session's namespaces. Then they are interrupted, since
 * other sessions wait.
 */
export const FORGET_MS = 250;

/** A large result counts as work, too: we assume that at most this many bytes are sent in 1 ms. */
export const RESULT_BYTES_PER_MS: number = 1024 * 1024;

/**
 * A job is given up if it was handed over this often and its process always died before it began.
 */
export const MAX_HAND_OVERS = 3;

/** Code that KeyboardInterrupt has not stopped after this time is killed with its process. */
export const CANCEL_GRACE_MS = 2_000;

/** A python process that is not READY after this time is killed; a start takes 10 to 150 ms. */
export const PYTHON_START_DEADLINE_MS = 10_000;

/** A smaller memory limit is a mistake: Python with msgpack takes 10 MiB, numpy 30 MiB more. */
export const MIN_WORKER_MEMORY_BYTES: number = 64 * 1024 * 1024;

/**
 * The pause before we replace a process that died before its first job. It doubles each time ...
 */
export const RESTART_PAUSE_MS = 100;

/** ... up to this, so that a broken interpreter costs a start every 5 s, not a busy loop. */
export const MAX_RESTART_PAUSE_MS = 5_000;

/** Linux takes a little more than this in one write to a unix socket, and of more only a part. */
export const UNIX_WRITE_BYTES: number = 192 * 1024;

/** How long we read the pipes of a dead process: a child that it left may keep them open. */
export const LAST_BYTES_DEADLINE_MS = 2_000;

/** A python process that should end has this long before its process group gets SIGKILL. */
export const PYTHON_END_DEADLINE_MS = 2_000;

/** Requests of a python process that are not answered; with this many we take no more ... */
export const MAX_UNANSWERED_REQUESTS = 1_024;

/** ... nor with this many bytes in them: a single request may be as long as a frame. */
export const MAX_UNANSWERED_BYTES: number = 256 * 1024 * 1024;

/** Replies that a python process has not read; above this we stop reading its requests. */
export const REPLY_HIGH_WATER_BYTES: number = 8 * 1024 * 1024;

/** Output that waits for a client; above this we stop reading the python process's pipes. */
export const OUTPUT_HIGH_WATER_BYTES: number = 256 * 1024;

/** Results that wait for a client; above this we stop reading from it. */
export const RESULT_HIGH_WATER_BYTES: number = 8 * 1024 * 1024;

/** Evals of one session that wait here; above this we stop reading from it until some have run. */
export const QUEUE_HIGH_WATER_BYTES: number = 256 * 1024 * 1024;

/** Unfinished frames of all clients together: bounds the memory that senders can claim. */
export const MAX_UNFINISHED_BYTES: number = 512 * 1024 * 1024;

/** Smaller buffers are not worth keeping: messages of this size are copied into others. */
export const MIN_KEPT_BUFFER_BYTES: number = 32 * 1024;

/** Kept buffers together: enough for a body of 64 MB in each direction. */
export const MAX_KEPT_BYTES: number = 128 * 1024 * 1024;

/**
 * How long a buffer is kept: a client that sends many large bodies sends them at shorter intervals.
 */
export const KEPT_BUFFER_MS = 3_000;

/** Memory freed at a time: to free 64 MB takes 5 ms, in which the server does nothing else. */
export const FREED_AT_ONCE_BYTES: number = 16 * 1024 * 1024;

/** Namespaces that we remember for a session, to report which were lost with a process. */
export const MAX_NAMESPACES = 10_000;

/** Ended jobs that we remember for a process, to attribute late output of their threads. */
export const REMEMBERED_JOBS = 4_096;

/** Late output in one log record: LOG bodies have at most 64 KiB, and a byte may become three. */
export const LATE_OUTPUT_RECORD_BYTES: number = 8 * 1024;

/** Text that a python process writes before READY, kept for the error message. */
export const START_TEXT_BYTES: number = 4 * 1024;

/** After an ERROR or GOODBYE the socket stays open this long, so that the peer can read it ... */
export const LINGER_MS = 1_000;

/** ... and we read at most this much from a peer that still sends. */
export const LINGER_BYTES: number = 16 * 1024 * 1024;

/** After SIGTERM, evals in flight have this long to finish. */
export const DRAIN_DEADLINE_MS = 30_000;

/** How often deadlines are checked; often enough for limits of seconds. */
export const TICK_MS = 250;

/** A failed accept is tried again after this time. Usually no descriptors are left. */
export const ACCEPT_RETRY_MS = 100;

/** While accepting fails, the log has a warning this often. */
export const ACCEPT_WARNING_MS = 5_000;

/** While no descriptors are left, the log has a warning this often. */
export const SHORTAGE_WARNING_MS = 60_000;

/**
 * Descriptors in reserve. A dead python process frees seven; a new one needs more while it starts.
 */
export const RESERVED_DESCRIPTORS = 8;

/** A descriptor released from the reserve is taken back after this time, if no client came. */
export const RESERVE_BACK_MS = 50;

/**
 * The delay of a login's refusal: a thousand guesses take minutes, and one mistake costs little.
 */
export const REFUSAL_DELAY_MS = 500;

/**
 * Refused connections that are still open; with one more, the oldest is answered and cut at once.
 */
export const MAX_REFUSALS = 64;

/**
 * The minimum length of a token: 128 random bits in base64. An attacker who records a login, or
 * gets a client to connect to him, can try guesses offline, as fast as his machines allow.
 */
export const MIN_TOKEN_CHARS = 22;

/** The limits that a test may shorten. */
export interface ServerLimits {
  /** Open sessions. */
  sessions: number;
  /** Open sessions with their own python process. */
  ownProcesses: number;
  /** Connections that have not finished their hello. */
  handshakes: number;
  /** How long a connection has for its hello. */
  handshakeMs: number;
  /** Unfinished frames of all clients together. */
  unfinishedBytes: number;
  /** How long a session has to open its outputstream. */
  connectAfterHelloMs: number;
  /** How long a client may take nothing while data waits for it. */
  slowReaderMs: number;
  /** A client that was silent for this long gets a PING ... */
  pingIntervalMs: number;
  /** ... and its session ends if it stays silent for this much longer. */
  pingTimeoutMs: number;
  /** How long an interrupted eval has before its process is killed. */
  cancelGraceMs: number;
  /** How long a python process has to become ready. */
  pythonStartMs: number;
  /** How long a drain may take. */
  drainMs: number;
  /** How often the deadlines of sessions are checked. */
  tickMs: number;
}

/** The limits outside of tests. */
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
