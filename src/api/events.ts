/**
 * The events of a session, as an async iterator.
 *
 * @module
 */
import type { LogRecord } from "../wire/messages.ts";
import { AsyncQueue } from "./async_queue.ts";
import type { SessionError } from "./errors.ts";

/** The number of events that are kept until they are read: the newest, which say the most. */
const EVENTS_KEPT = 100;

/**
 * An event of a session. `at` is in milliseconds since 1970, by this machine's clock.
 *
 * @example Print deaths
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
  /** Both streams are connected. */
  | { type: "connected"; at: number }
  /** The session's Python process has died, whichever session's eval it ran. */
  | { type: "python_died"; at: number; pid: number; exitCode?: number; signal?: string }
  /** Another process has taken its place. */
  | { type: "python_ready"; at: number; pid: number }
  /** Output has waited for its reader for so long. The code waits too, now or soon. */
  | { type: "reader_slow"; at: number; seconds: number }
  /** The session is over: the last event, with what `closed` resolves with. */
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

/** Makes an event of a record of the server's log about the session's Python process. */
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
