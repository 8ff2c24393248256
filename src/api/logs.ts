/**
 * The server's log records about one session, as an async iterator.
 *
 * @module
 */
import type { LogRecord } from "../wire/messages.ts";

/** A queue between the session's thread, which pushes records, and one reader, which pulls. */
export class LogReader implements AsyncIterableIterator<LogRecord> {
  readonly #onLeft: () => void;
  #queue: { record: LogRecord; taken: () => void }[] = [];
  #waiting: PromiseWithResolvers<IteratorResult<LogRecord>>[] = [];
  #over = false;

  /** Makes one; `onLeft` is called once, when nobody reads any more. */
  constructor(onLeft: () => void) {
    this.#onLeft = onLeft;
  }

  /** Adds a record; `taken` is called once it has been read. */
  push(record: LogRecord, taken: () => void): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#queue.push({ record, taken });
    else {
      waiting.resolve({ done: false, value: record });
      taken();
    }
  }

  /** Nothing more will come. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    for (const waiting of this.#waiting.splice(0)) {
      waiting.resolve({ done: true, value: undefined });
    }
    this.#onLeft();
  }

  /** The next record. */
  next(): Promise<IteratorResult<LogRecord>> {
    const first = this.#queue.shift();
    if (first !== undefined) {
      first.taken();
      return Promise.resolve({ done: false, value: first.record });
    }
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    const waiting = Promise.withResolvers<IteratorResult<LogRecord>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Leaves the log. */
  return(): Promise<IteratorResult<LogRecord>> {
    for (const { taken } of this.#queue.splice(0)) taken();
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
