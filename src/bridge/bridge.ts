/**
 * Every message between the main thread and a session's thread, both ways, and nothing else.
 * What they carry is plain: an Error sent through postMessage would lose its class and fields.
 *
 * @module
 */
import type { Address } from "../common/address.ts";
import type { ErrorRecord } from "../protocol/error_record.ts";
import type { Progress } from "../protocol/progress.ts";
import type { TlsSettings } from "../transport/transport.ts";
import type { LogRecord, ServerHello, Status } from "../wire/messages.ts";

/** What a session's thread is told at its start. */
export interface OpenMessage {
  kind: "open";
  address: Address;
  /** The user's word for the session, for the server's log. */
  name: string | undefined;
  ownProcess: boolean;
  token: string | undefined;
  tls: TlsSettings | undefined;
  unreadOutputPerEval: number;
  unreadOutputPerSession: number;
  /** `sent` is due each time so many evals, or bytes of them, have left. */
  sentReportEvals: number;
  sentReportBytes: number;
}

/** Main thread to session's thread. */
export type ToWorker =
  | OpenMessage
  /** Open the outputstream: now, or as soon as the server's hello has come. */
  | { kind: "connect" }
  /** Whole EVAL frames, one behind the other; the buffer is transferred. */
  | {
    kind: "evals";
    bytes: Uint8Array<ArrayBuffer>;
    timeouts: [id: number, ms: number][];
    /** Those of them whose progress is watched. */
    watched: number[];
  }
  | { kind: "cancel"; id: number }
  /** Whatever runs; answered by `interrupted`. */
  | { kind: "interrupt" }
  /** Ask the server how things are; answered by `status`. */
  | { kind: "status"; id: number }
  /** An eval with this id will never come, so it has no output. */
  | { kind: "never_sent"; id: number }
  /** Output of this eval (or of all, or the log) has a reader from now on, or none any more. */
  | { kind: "watch"; what: Channel; on: boolean }
  /** Readers have taken this many bytes of output: as many more may come. */
  | { kind: "credit"; bytes: number }
  | { kind: "close"; drain: boolean }
  | { kind: "ping" };

/** Session's thread to main thread. */
export type FromWorker =
  | { kind: "opened"; hello: ServerHello }
  | { kind: "connected" }
  /** Whole RESULT frames, one behind the other; the buffer is transferred. */
  | { kind: "results"; bytes: Uint8Array<ArrayBuffer> }
  /** One RESULT with a large body; the buffer is transferred. */
  | { kind: "result"; id: number; status: number; body: Uint8Array<ArrayBuffer> }
  /** The answer to `interrupt`: the eval that was interrupted, if one was. */
  | { kind: "interrupted"; id?: number }
  /** This eval's code runs, and has done so for as long. */
  | { kind: "running"; id: number; ms: number }
  | { kind: "status"; id: number; status: Status }
  | { kind: "progress"; id: number; progress: Progress }
  /** A record of the server's log that has an `event`. */
  | { kind: "log_event"; record: LogRecord }
  /** Output has waited for its readers for as long. */
  | { kind: "reader_slow"; seconds: number }
  | { kind: "output"; items: OutputItem[] }
  /** Output of this eval that was dropped so far because nobody read it, in bytes, in all. */
  | { kind: "dropped"; id: number; bytes: number }
  /** Every eval up to this id has been handed to the socket. */
  | { kind: "sent"; id: number }
  /** The buffer of a large `evals`, which is written: for the next one. */
  | { kind: "used"; buffer: ArrayBuffer }
  /** These evals have used up their `timeout` and are being cancelled for it. */
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

/** Who reads a piece of output. */
export interface Readers {
  /** The reader of that eval. */
  eval: boolean;
  /** The reader of all evals. */
  all: boolean;
}
