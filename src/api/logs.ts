/**
 * The server's log records about one session, as an async iterator.
 *
 * @module
 */
import type { LogRecord } from "../wire/messages.ts";
import { AsyncQueue } from "./async_queue.ts";

/** A record of the log. `taken` is called once it is read, or its reader has left. */
export interface LogEntry {
  record: LogRecord;
  taken: () => void;
}

/** The reader of a session's log. */
export class LogReader extends AsyncQueue<LogEntry, LogRecord> {
  /** Makes one; `onLeft` is called once, when the iteration has ended. */
  constructor(onLeft: () => void) {
    super({
      unfold: ({ record, taken }) => {
        taken();
        return [record];
      },
      onDone: (_, unread) => {
        for (const { taken } of unread) taken();
        onLeft();
      },
    });
  }
}
