/**
 * All messages between the main thread and a session's thread, both ways. They carry plain data: an
 * Error sent through postMessage would lose its class and fields.
 *
 * @module
 */
import type { Address } from "../common/address.ts";
import type { ErrorRecord } from "../protocol/error_record.ts";
import type { Progress } from "../protocol/progress.ts";
import type { TlsSettings } from "../transport/transport.ts";
import type { LogRecord, ServerHello, Status } from "../wire/messages.ts";

/** The first message to a session's thread. */
export interface OpenMessage {
  kind: "open";
  address: Address;
  /** The session's name, for the server's log. */
  name: string | undefined;
  ownProcess: boolean;
  token: string | undefined;
  tls: TlsSettings | undefined;
  unreadOutputPerEval: number;
  unreadOutputPerSession: number;
  /** The thread posts `sent` each time so many evals, or bytes of them, were sent. */
  sentReportEvals: number;
  sentReportBytes: number;
}

/** Messages from the main thread to the session's thread. */
export type ToWorker =
  | OpenMessage
  /** Open the outputstream: now, or as soon as the server's hello has come. */
  | { kind: "connect" }
  /** Whole EVAL frames, one after another; the buffer is transferred. */
  | {
    kind: "evals";
    bytes: Uint8Array<ArrayBuffer>;
    timeouts: [id: number, ms: number][];
    /** The ids of those whose progress is watched. */
    watched: number[];
  }
  | { kind: "cancel"; id: number }
  /** Interrupt the eval that is running; answered by `interrupted`. */
  | { kind: "interrupt" }
  /** Ask the server for the status; answered by `status`. */
  | { kind: "status"; id: number }
  /** The eval with this id is never sent, so it has no output. */
  | { kind: "never_sent"; id: number }
  /** The output of this eval (or of all, or the log) now has a reader, or no longer has one. */
  | { kind: "watch"; what: Channel; on: boolean }
  /** Readers have read this many bytes of output: as many more may come. */
  | { kind: "credit"; bytes: number }
  | { kind: "close"; drain: boolean }
  | { kind: "ping" };

/** Messages from the session's thread to the main thread. */
export type FromWorker =
  | { kind: "opened"; hello: ServerHello }
  | { kind: "connected" }
  /** Whole RESULT frames, one after another; the buffer is transferred. */
  | { kind: "results"; bytes: Uint8Array<ArrayBuffer> }
  /** One RESULT with a large body; the buffer is transferred. */
  | { kind: "result"; id: number; status: number; body: Uint8Array<ArrayBuffer> }
  /** The answer to `interrupt`: the eval that was interrupted, if one was. */
  | { kind: "interrupted"; id?: number }
  /** The code of this eval has been running for `ms` milliseconds. */
  | { kind: "running"; id: number; ms: number }
  | { kind: "status"; id: number; status: Status }
  | { kind: "progress"; id: number; progress: Progress }
  /** A record of the server's log that has an `event`. */
  | { kind: "log_event"; record: LogRecord }
  /** Output has waited for its readers for so many seconds. */
  | { kind: "reader_slow"; seconds: number }
  | { kind: "output"; items: OutputItem[] }
  /** The bytes of this eval's output that were dropped so far because nobody read them. */
  | { kind: "dropped"; id: number; bytes: number }
  /** Every eval up to this id has been handed to the socket. */
  | { kind: "sent"; id: number }
  /** The buffer of a large `evals` that has been sent, to be used for the next one. */
  | { kind: "used"; buffer: ArrayBuffer }
  /** The `timeout` of this eval has passed, and it is being cancelled. */
  | { kind: "expired"; id: number }
  /** The session is over. Nothing follows. */
  | { kind: "closed"; reason: string; error: ErrorRecord | undefined }
  /** The thread has failed. Nothing follows. */
  | { kind: "fatal"; message: string; stack: string }
  | { kind: "pong" };

/** An eval's id, or one of the two channels of the whole session. */
export type Channel = number | "all" | "logs";

/** A piece of output, the end of an eval's output, or a log record, in their order. */
export type OutputItem =
  | { kind: "chunk"; id: number; fd: 1 | 2; bytes: Uint8Array<ArrayBuffer>; to: Readers }
  | { kind: "end"; id: number; to: Readers }
  | { kind: "log"; record: LogRecord; size: number };

/** Which readers a piece of output has. */
export interface Readers {
  /** The reader of its eval. */
  eval: boolean;
  /** The reader of all evals. */
  all: boolean;
}
