/**
 * The log records of a session while nobody reads them: the newest, and how many were dropped.
 *
 * @module
 */
import type { LogRecord } from "../wire/messages.ts";
import { UNREAD_LOG_BYTES, UNREAD_LOG_RECORDS } from "./output_limits.ts";

/** A record, and the bytes that it came in. */
export interface SizedRecord {
  record: LogRecord;
  size: number;
}

/** Keeps the newest records. */
export class KeptLogs {
  #records: SizedRecord[] = [];
  #bytes = 0;
  #dropped = 0;

  /** Adds a record, which may drop the oldest ones. */
  add(record: LogRecord, size: number): void {
    this.#records.push({ record, size });
    this.#bytes += size;
    while (this.#records.length > UNREAD_LOG_RECORDS || this.#bytes > UNREAD_LOG_BYTES) {
      this.#bytes -= this.#records.shift()!.size;
      this.#dropped++;
    }
  }

  /** Takes all of them; the first says how many were dropped, if any were. */
  take(): SizedRecord[] {
    const records = this.#records;
    if (this.#dropped > 0) {
      const { ts, session_id } = records[0]!.record;
      const msg = `${this.#dropped} older records were dropped because nobody read them`;
      records.unshift({ record: { level: "warn", ts, msg, session_id }, size: 64 });
    }
    this.#records = [];
    this.#bytes = this.#dropped = 0;
    return records;
  }
}
