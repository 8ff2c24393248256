/**
 * The server's log: one record is one object, and one line of JSON on stderr.
 *
 * @module
 */
import { Outbox } from "../../src/transport/outbox.ts";

/** How much a record matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** All of them, least first. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** What a record may carry beside its level, time and message. */
export interface LogFields {
  /** The session it is about. */
  session_id?: string;
  /** The eval it is about: its id in that session. */
  future_id?: number;
  /** Whatever else belongs to it. */
  [field: string]: unknown;
}

/** One record. */
export interface ServerLogRecord extends LogFields {
  /** How much it matters. */
  level: LogLevel;
  /** ISO 8601, UTC. */
  ts: string;
  /** What happened. */
  msg: string;
}

/** Where records go. What it throws is written to stderr, with the record. */
export type LogSink = (record: ServerLogRecord) => void;

/** Makes records of at least one level and gives them to a sink. */
export class Log {
  readonly #least: number;
  readonly #sink: LogSink;
  /** Where it is told that the sink has failed. */
  #stderr: StderrLog | undefined;

  /** Makes one that leaves out what is below `level`. */
  constructor(level: LogLevel, sink: LogSink) {
    this.#least = LOG_LEVELS.indexOf(level);
    this.#sink = sink;
  }

  /** Whether records of this level are kept: asked before costly fields are made. */
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
      // Whoever logs is in the middle of something that must not break for it.
      const { sink } = this.#stderr ??= new StderrLog();
      sink(logRecord("error", "the log function threw", { error: errorText(error) }));
      sink(record);
    }
  }

  /** For what matters to somebody who looks for a fault in the server. */
  debug(msg: string, fields?: LogFields): void {
    this.write("debug", msg, fields);
  }

  /** For what happens in a healthy server, a few times a session. */
  info(msg: string, fields?: LogFields): void {
    this.write("info", msg, fields);
  }

  /** For what went wrong and was dealt with. */
  warn(msg: string, fields?: LogFields): void {
    this.write("warn", msg, fields);
  }

  /** For what somebody has to look at. */
  error(msg: string, fields?: LogFields): void {
    this.write("error", msg, fields);
  }
}

/** A record of now. */
export function logRecord(level: LogLevel, msg: string, fields: LogFields): ServerLogRecord {
  return { level, ts: new Date().toISOString(), msg, ...fields };
}

/** The text of anything thrown, for a record or a message. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A log that nobody reads must not take memory or hold the server: past this, records are lost. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024;

/** Writes records to stderr as lines of JSON. */
export class StderrLog {
  #lost = 0;
  // A broken stderr leaves nowhere to say so.
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

  /** Resolves once everything is written. */
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
