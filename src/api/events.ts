/**
 * What happens to a session, as an async iterator.
 *
 * @module
 */
import { EVENTS_KEPT } from "../wire/limits.ts";
import type { LogRecord } from "../wire/messages.ts";
import type { SessionError } from "./errors.ts";

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

/** The events of one session: the newest are kept until somebody reads. */
export class SessionEvents {
  #kept: SessionEvent[] = [];
  #reader: EventReader | undefined;
  #isOver = false;

  /** Adds one. */
  push(event: SessionEvent): void {
    this.#isOver = event.type === "closed";
    this.#kept.push(event);
    if (this.#kept.length > EVENTS_KEPT) this.#kept.shift();
    this.#reader?.wake();
  }

  /**
   * Reads them.
   *
   * @throws {TypeError} If somebody does already.
   */
  read(): EventReader {
    if (this.#reader !== undefined) {
      throw new TypeError("Cannot read the events of the session: they have a reader already");
    }
    return this.#reader = new EventReader(
      () => this.#kept.shift() ?? (this.#isOver ? "over" : undefined),
      () => this.#reader = undefined,
    );
  }
}

/** The reader of a session's events. */
export class EventReader implements AsyncIterableIterator<SessionEvent> {
  readonly #take: () => SessionEvent | "over" | undefined;
  readonly #onLeft: () => void;
  #waiting: ((result: IteratorResult<SessionEvent>) => void)[] = [];
  #left = false;

  /** Made by {@linkcode SessionEvents.read}. */
  constructor(take: () => SessionEvent | "over" | undefined, onLeft: () => void) {
    this.#take = take;
    this.#onLeft = onLeft;
  }

  /** There is something new. */
  wake(): void {
    while (this.#waiting.length > 0) {
      const result = this.#result();
      if (result === undefined) return;
      this.#waiting.shift()!(result);
    }
  }

  /** The next event. */
  next(): Promise<IteratorResult<SessionEvent>> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.wake();
    });
  }

  /** Leaves them. */
  return(): Promise<IteratorResult<SessionEvent>> {
    this.#leave();
    this.wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  #result(): IteratorResult<SessionEvent> | undefined {
    const taken = this.#left ? "over" : this.#take();
    if (taken === undefined) return undefined;
    if (taken !== "over") return { done: false, value: taken };
    this.#leave();
    return { done: true, value: undefined };
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#onLeft();
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
