/**
 * The message types, flags and control bodies of the wire. PROTOCOL.md is the text to this file.
 *
 * @module
 */

/** The u8 at byte 2 of every frame. Mainstream below 0x20, outputstream from 0x20 on. */
export const MessageType = {
  CLIENT_HELLO: 0x01,
  SERVER_HELLO: 0x02,
  ERROR: 0x03,
  GOODBYE: 0x04,
  PING: 0x05,
  PONG: 0x06,
  CHALLENGE: 0x07,
  PROOF: 0x08,
  EVAL: 0x10,
  RESULT: 0x11,
  CANCEL: 0x12,
  INTERRUPT: 0x13,
  INTERRUPTED: 0x14,
  RUNNING: 0x15,
  STATUS: 0x16,
  STATUS_REPLY: 0x17,
  OUTPUT_HELLO: 0x20,
  OUTPUT_READY: 0x21,
  OUTPUT: 0x22,
  OUTPUT_END: 0x23,
  LOG: 0x24,
} as const;

/** One of {@linkcode MessageType}'s numbers. */
export type MessageType = typeof MessageType[keyof typeof MessageType];

/** The flags of an EVAL, bits. */
export const EvalFlag = {
  /** Tell by a RUNNING when the eval has been running for a moment. */
  RUNNING: 0x01,
  /** The RESULT may say SILENT. */
  SILENT: 0x02,
} as const;

/** In the flags of a RESULT, beside its status: the eval wrote nothing, and no end of it is told. */
export const SILENT_FLAG = 0x80;

/** The flags of a RESULT, a number: what became of the eval. */
export const ResultStatus = {
  /** The values are the value of the code. */
  VALUE: 0,
  /** The values are one exception record. */
  PYTHON_ERROR: 1,
  /** Stopped by a CANCEL; control says `how`. */
  CANCELLED: 2,
  /** The python process died while it ran this eval; control has `exit_code` or `signal`. */
  DIED: 3,
  /** The value of the code cannot be sent; control says `message`, `path`, `type`. */
  UNSENDABLE: 4,
  /** The namespace was lost with its python process; the code was not run. */
  NAMESPACE_GONE: 5,
} as const;

/** One of {@linkcode ResultStatus}'s numbers. */
export type ResultStatus = typeof ResultStatus[keyof typeof ResultStatus];

/** The `code` of an ERROR body and the `reason` of a GOODBYE body. */
export type CloseReason =
  /** The peer broke a rule of the protocol. */
  | "PROTOCOL"
  /** The peer speaks another version of it. */
  | "VERSION"
  /** One end has not proven to the other that it knows the token. */
  | "AUTHENTICATION"
  /** The stream token is unknown, used or too old. */
  | "STREAM_TOKEN"
  /** The handshake, or the outputstream after it, did not come in time. */
  | "TIMEOUT"
  /** The server has as many sessions, or the session as many evals, as it takes. */
  | "LIMIT"
  /** Output was not taken for too long. */
  | "SLOW_READER"
  /** The other of the session's two streams has ended. */
  | "STREAM_LOST"
  /** The server is going down. */
  | "SHUTDOWN"
  /** The client said goodbye. */
  | "CLIENT_CLOSED"
  /** A fault of the server's own. */
  | "INTERNAL";

/** Body of CLIENT_HELLO. */
export interface ClientHello {
  protocol: number;
  client: string;
  name?: string;
  /** "own": a python process for this session alone. Only where the server offers it. */
  process?: "own";
  /** From a client that has a token: 32 random bytes as hexadecimal digits. */
  nonce?: string;
}

/** Body of CHALLENGE. */
export interface Challenge {
  /** 32 random bytes as hexadecimal digits. */
  nonce: string;
}

/** Body of PROOF. */
export interface Proof {
  /** The client's, 32 bytes as hexadecimal digits. */
  proof: string;
}

/** Body of SERVER_HELLO. */
export interface ServerHello {
  session_id: string;
  stream_token: string;
  /** `host:port`; with an empty host, the one that the mainstream was dialled at. */
  output_addr: string;
  limits: { frame_bytes: number; evals_in_flight: number };
  server: string;
  python: { version: string; implementation: string; msgpack: string };
  /** What the server offers beyond the first messages of this version. */
  features?: string[];
  /** After a login: the server's proof. */
  proof?: string;
}

/** What a server may say in `features` of its hello, and a client then use. */
export const Feature = {
  /** INTERRUPT and INTERRUPTED. */
  INTERRUPT: "interrupt",
  /** RUNNING, and the flag of EVAL that asks for it. */
  RUNNING: "running",
  /** STATUS and STATUS_REPLY. */
  STATUS: "status",
  /** RESULTs that say SILENT, and the flag of EVAL that allows it. */
  SILENT: "silent",
  /** CLIENT_HELLO's `process`. */
  OWN_PROCESS: "own_process",
} as const;

/** Body of ERROR. */
export interface ErrorBody {
  code: CloseReason;
  message: string;
}

/** Body of GOODBYE. */
export interface Goodbye {
  /** Client to server: let what is in flight finish. */
  drain?: boolean;
  /** Server to client: why. */
  reason?: CloseReason;
}

/** Body of OUTPUT_HELLO. */
export interface OutputHello {
  stream_token: string;
  /** After a login: the proof that this is the session's own client. */
  proof?: string;
}

/**
 * Control map of EVAL, for the server to read. Behind it come the code, one string, and the values,
 * one array `[locs, globs]` or nothing, which only Python reads.
 */
export interface EvalControl {
  namespace?: string;
  strict?: boolean;
}

/** Body of CANCEL; the header names the eval. */
export interface Cancel {
  reason?: "cancel" | "timeout";
}

/** Body of INTERRUPTED. */
export interface Interrupted {
  /** The eval that got the KeyboardInterrupt; none if the session had none running. */
  id?: number;
}

/** Body of RUNNING; the header names the eval. */
export interface Running {
  /** For how long it has been running, in milliseconds. */
  ms: number;
}

/** Body of STATUS_REPLY. */
export interface Status {
  /** The python process of this session; without a pid while it is being replaced. */
  python: { pid?: number; version: string; implementation: string };
  /** The eval of this session that runs now. */
  running?: number;
  /** Evals of this session that the server has and that do not run yet. */
  queued: number;
  /** Evals that run or wait in that python process, of all sessions, and those sessions. */
  process: { evals: number; sessions: number };
}

/** What `event` of a LOG may say; the session's python process is meant. */
export type LogEvent =
  /** It has ended: the record has `python_pid`, and `exit_code` or `signal`. */
  | "python_died"
  /** Another one has taken its place: the record has `python_pid`. */
  | "python_ready";

/** Control map of a RESULT with status CANCELLED. */
export interface CancelledControl {
  /** Dropped before it ran; ended by KeyboardInterrupt; ended with its python process. */
  how: "queued" | "interrupted" | "killed";
}

/** Control map of a RESULT with status DIED. */
export interface DiedControl {
  exit_code?: number;
  signal?: string;
  replaced?: boolean;
}

/** Control map of a RESULT with status UNSENDABLE. */
export interface UnsendableControl {
  message: string;
  path: string;
  type: string;
}

/** Control map of a RESULT with status NAMESPACE_GONE. */
export interface NamespaceGoneControl {
  namespace: string;
}

/**
 * Body of LOG: one record of the server's log that is about this session.
 *
 * @example What a thread prints too late for its eval
 * ```ts
 * import { connect, type LogRecord } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * await remote.eval("import threading; threading.Timer(0.1, print, ['late']).start()");
 * for await (const record of remote.logs()) {
 *   const { msg, text }: LogRecord = record;
 *   if (msg === "late output") {
 *     console.log(text === "late\n"); // true
 *     break;
 *   }
 * }
 * ```
 */
export interface LogRecord {
  /** How grave it is. */
  level: "debug" | "info" | "warn" | "error";
  /** When: ISO 8601, UTC. */
  ts: string;
  /** What happened. */
  msg: string;
  /** The session it is about. */
  session_id: string;
  /** The eval it is about, if it is about one: the id of its future. */
  future_id?: number;
  /** What has happened, for programs: "python_died", "python_ready". */
  event?: string;
  /** Whatever else belongs to it, such as `python_pid`, `text` or `bytes`. */
  [field: string]: unknown;
}
