/**
 * How far a session has come: opened, connected, closing, ended; and the errors that say so.
 *
 * @module
 */
import { SessionClosedError, SessionCrashedError, SessionError } from "../api/errors.ts";
import type { SessionEnd } from "../api/session_end.ts";
import type { ServerHello } from "../wire/messages.ts";

/** The state of one session. */
export class SessionState {
  readonly #where: string;
  #hello: ServerHello | undefined;
  #closing = false;
  #ended: SessionEnd | undefined;
  readonly #opened = Promise.withResolvers<ServerHello>();
  readonly #connected = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<SessionEnd>();

  /** That of a session with the server at this address. */
  constructor(where: string) {
    this.#where = where;
    // What these two reject with is told by `closed` and by every future too: awaited or not.
    this.#opened.promise.catch(() => undefined);
    this.#connected.promise.catch(() => undefined);
  }

  /** The server's hello. Rejects if the session ends before it. */
  get opened(): Promise<ServerHello> {
    return this.#opened.promise;
  }

  /** Resolves when the outputstream is there. Rejects if the session ends before. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  /** How the session ended. Never rejects. */
  get closed(): Promise<SessionEnd> {
    return this.#closed.promise;
  }

  /** Whether it is over, or closing. */
  get over(): boolean {
    return this.#closing || this.#ended !== undefined;
  }

  /** Whether it is over. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** The server's hello; to be asked for once it is there. */
  get hello(): ServerHello {
    return this.#hello!;
  }

  /** The session, as a message names it. */
  get name(): string {
    return this.#hello === undefined
      ? `the session at ${this.#where}`
      : `session ${this.#hello.session_id} at ${this.#where}`;
  }

  /** The server has said hello; `opened` does not tell of it yet. */
  greeted(hello: ServerHello): void {
    this.#hello = hello;
  }

  /** The session is open. */
  open(): void {
    this.#opened.resolve(this.#hello!);
  }

  /** The outputstream is there. */
  connect(): void {
    this.#connected.resolve();
  }

  /** It is being closed on purpose. */
  close(): void {
    this.#closing = true;
  }

  /** It is over; gives what everybody who waits for it is told. */
  end(reason: string, error: SessionError | undefined): SessionError {
    this.#ended = error === undefined ? { reason } : { reason, error };
    const lost = error ?? this.overError("go on");
    this.#opened.reject(lost);
    this.#connected.reject(lost);
    return lost;
  }

  /** Tells of the end; gives it. */
  tell(): SessionEnd {
    this.#closed.resolve(this.#ended!);
    return this.#ended!;
  }

  /** Whether the server has a feature. */
  offers(feature: string): boolean {
    return this.#hello!.features?.includes(feature) ?? false;
  }

  /** The error for what needs a feature that the server does not have. */
  lacks(doing: string): SessionError {
    return new SessionError(`Cannot ${doing}: the server ${this.#hello!.server} does not offer it`);
  }

  /** The error for what is done after the end. */
  overError(doing: string): SessionError {
    if (this.#ended?.error !== undefined) {
      const { error } = this.#ended;
      return new SessionClosedError(`Cannot ${doing}: the session is over: ${error.message}`, {
        cause: error,
      });
    }
    return new SessionClosedError(`Cannot ${doing}: the session is closed`);
  }

  /** The error for a thread that has failed. */
  crashedError(why: string): SessionError {
    return new SessionCrashedError(`The thread of ${this.name} is gone: ${why}`);
  }
}
