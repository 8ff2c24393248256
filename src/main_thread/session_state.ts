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

  /** Makes the state of a session with the server at this address. */
  constructor(where: string) {
    this.#where = where;
    // Nobody has to await these two: `closed` and every future report the same error.
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

  /** Whether the session is over, or closing. */
  get over(): boolean {
    return this.#closing || this.#ended !== undefined;
  }

  /** Whether the session is over. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** The server's hello. Use it only after it has come. */
  get hello(): ServerHello {
    return this.#hello!;
  }

  /** The session, as a message names it. */
  get name(): string {
    return this.#hello === undefined
      ? `the session at ${this.#where}`
      : `session ${this.#hello.session_id} at ${this.#where}`;
  }

  /** Takes the server's hello. `opened` resolves later, with `open()`. */
  greeted(hello: ServerHello): void {
    this.#hello = hello;
  }

  /** Resolves `opened`. */
  open(): void {
    this.#opened.resolve(this.#hello!);
  }

  /** Resolves `connected`: the outputstream is there. */
  connect(): void {
    this.#connected.resolve();
  }

  /** The session is being closed on purpose. */
  close(): void {
    this.#closing = true;
  }

  /** The session is over. Returns the error that fails its evals and whatever else waits. */
  end(reason: string, error: SessionError | undefined): SessionError {
    this.#ended = error === undefined ? { reason } : { reason, error };
    const lost = error ?? this.overError("go on");
    this.#opened.reject(lost);
    this.#connected.reject(lost);
    return lost;
  }

  /** Resolves `closed`; returns how the session ended. */
  publishEnd(): SessionEnd {
    this.#closed.resolve(this.#ended!);
    return this.#ended!;
  }

  /** Whether the server has a feature. */
  offers(feature: string): boolean {
    return this.#hello!.features?.includes(feature) ?? false;
  }

  /** The error for a call that needs a feature the server does not have. */
  lacks(doing: string): SessionError {
    return new SessionError(`Cannot ${doing}: the server ${this.#hello!.server} does not offer it`);
  }

  /** The error for a call after the end. */
  overError(doing: string): SessionError {
    if (this.#ended?.error !== undefined) {
      const { error } = this.#ended;
      return new SessionClosedError(`Cannot ${doing}: the session is over: ${error.message}`, {
        cause: error,
      });
    }
    return new SessionClosedError(`Cannot ${doing}: the session is closed`);
  }

  /** The error for a thread that has failed or does not answer. */
  crashedError(why: string): SessionError {
    return new SessionCrashedError(`The thread of ${this.name} is gone: ${why}`);
  }
}
