/**
 * The server's log: one record is one object, and one line of JSON on stderr.
 *
 * @module
 */
import { Outbox } from "../../src/transport/outbox.ts";

/** How much a record matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** All levels, lowest first. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** The fields of a record besides its level, time and message. */
export interface LogFields {
  /** The session that it is about. */
  session_id?: string;
  /** The eval that it is about: its id in that session. */
  future_id?: number;
  /** Other fields. */
  [field: string]: unknown;
}

/** A log record. */
export interface ServerLogRecord extends LogFields {
  /** How much it matters. */
  level: LogLevel;
  /** ISO 8601, UTC. */
  ts: string;
  /** What happened. */
  msg: string;
}

/** Receives the records. If it throws, the error and the record are written to stderr. */
export type LogSink = (record: ServerLogRecord) => void;

/** Makes log records and gives those of a sufficient level to a sink. */
export class Log {
  readonly #least: number;
  readonly #sink: LogSink;
  /** Reports errors of the sink. */
  #stderr: StderrLog | undefined;

  /** Drops records below `level`. */
  constructor(level: LogLevel, sink: LogSink) {
    this.#least = LOG_LEVELS.indexOf(level);
    this.#sink = sink;
  }

  /** Whether records of this level are kept. Check it before you make costly fields. */
  keeps(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#least;
  }

  /** Writes a record. */
  write(level: LogLevel, msg: string, fields: LogFields = {}): void {
    if (!this.keeps(level)) return;
    const record = logRecord(level, msg, fields);
    try {
      this.#sink(record);
    } catch (error) {
      // The caller's work must not fail because of the log.
      const { sink } = this.#stderr ??= new StderrLog();
      sink(logRecord("error", "the log function threw", { error: errorText(error) }));
      sink(record);
    }
  }

  /** For details that help to debug the server. */
  debug(msg: string, fields?: LogFields): void {
    this.write("debug", msg, fields);
  }

  /** For normal events, a few in each session. */
  info(msg: string, fields?: LogFields): void {
    this.write("info", msg, fields);
  }

  /** For problems that the server has handled. */
  warn(msg: string, fields?: LogFields): void {
    this.write("warn", msg, fields);
  }

  /** For problems that need attention. */
  error(msg: string, fields?: LogFields): void {
    this.write("error", msg, fields);
  }
}

/** Makes a record with the current time. */
export function logRecord(level: LogLevel, msg: string, fields: LogFields): ServerLogRecord {
  return { level, ts: new Date().toISOString(), msg, ...fields };
}

/** The text of a thrown value, for a record or a message. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * If nobody reads stderr, records beyond this size are dropped: the log must not block the server.
 */
const MAX_UNWRITTEN_BYTES = 1024 * 1024;

/** Writes records to stderr as lines of JSON. */
export class StderrLog {
  #lost = 0;
  // If stderr is broken, there is no place to report that.
  readonly #outbox = new Outbox({ write: writeToStderr }, () => {});

  /** The {@linkcode LogSink}. */
  readonly sink: LogSink = (record) => {
    if (this.#outbox.waiting > MAX_UNWRITTEN_BYTES) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0) {
      const lost = this.#lost;
      this.#lost = 0;
      this.#line(logRecord("warn", "log records lost, stderr is not read", { lost }));
    }
    this.#line(record);
  };

  /** Resolves when all records are written. */
  flush(): Promise<void> {
    return this.#outbox.idle();
  }

  #line(record: ServerLogRecord): void {
    this.#outbox.send(new TextEncoder().encode(JSON.stringify(record) + "\n"));
  }
}

async function writeToStderr(bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += await Deno.stderr.write(bytes.subarray(at));
}
