/**
 * What happens to a session, as an async iterator.
 *
 * @module
 */
import type { LogRecord } from "../wire/messages.ts";
import { AsyncQueue } from "./async_queue.ts";
import type { SessionError } from "./errors.ts";

/** Events of a session that are kept until somebody reads them: few happen, and the last tell most. */
const EVENTS_KEPT = 100;

/**
 * Something that has happened to a session; `at` is in milliseconds since 1970, of this machine.
 *
 * @example Tell of deaths
 * ```ts
 * import { connect } from "@pyproxy/client";
 *
 * const remote = await connect("localhost:9000");
 * await remote.eval("import os; os._exit(3)").waitNoExcept();
 * await remote.eval("2 + 2");
 * await remote.close();
 * for await (const event of remote.events()) {
 *   if (event.type === "python_died") console.log(event.exitCode); // 3
 * }
 * ```
 */
export type SessionEvent =
  /** Both streams stand. */
  | { type: "connected"; at: number }
  /** The session's Python process has ended, whoever's eval it ran. */
  | { type: "python_died"; at: number; pid: number; exitCode?: number; signal?: string }
  /** Another one has taken its place. */
  | { type: "python_ready"; at: number; pid: number }
  /** Output waits for its reader for so long already: the code will have to wait too, or does. */
  | { type: "reader_slow"; at: number; seconds: number }
  /** The session is over: the last event. `closed` tells the same. */
  | { type: "closed"; at: number; reason: string; error?: SessionError };

/** The events of one session: the newest are kept until they are read. */
export class SessionEvents {
  #hasReader = false;
  #isOver = false;
  #queue = this.#newQueue([]);

  /** Adds an event. */
  push(event: SessionEvent): void {
    this.#queue.push(event);
    if (event.type !== "closed") return;
    this.#isOver = true;
    this.#queue.end();
  }

  /**
   * Reads the events. What one reader leaves unread is there for the next.
   *
   * @throws {TypeError} If they have a reader already.
   */
  read(): AsyncIterableIterator<SessionEvent> {
    if (this.#hasReader) {
      throw new TypeError("Cannot read the events of the session: they have a reader already");
    }
    this.#hasReader = true;
    return this.#queue;
  }

  /** The queue for the next reader, with what the one before has left. */
  #newQueue(kept: SessionEvent[]): AsyncQueue<SessionEvent> {
    const queue = new AsyncQueue<SessionEvent>({
      bound: EVENTS_KEPT,
      onDone: (_, unread) => {
        this.#hasReader = false;
        this.#queue = this.#newQueue(unread);
      },
    });
    for (const event of kept) queue.push(event);
    if (this.#isOver) queue.end();
    return queue;
  }
}

/** What a record of the server's log tells of the session's Python process, if it does. */
export function eventOfLog(record: LogRecord): SessionEvent | undefined {
  const { event, python_pid: pid, exit_code: exitCode, signal } = record;
  if (typeof pid !== "number") return undefined;
  const at = Date.now();
  if (event === "python_ready") return { type: "python_ready", at, pid };
  if (event !== "python_died") return undefined;
  return {
    type: "python_died",
    at,
    pid,
    ...(typeof exitCode === "number" ? { exitCode } : {}),
    ...(typeof signal === "string" ? { signal } : {}),
  };
}
