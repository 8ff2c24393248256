/**
 * The sessions that are open, and what reaches them by number or token.
 *
 * @module
 */
import type { CloseReason, LogEvent } from "../../src/wire/messages.ts";
import { LATE_OUTPUT_RECORD_BYTES } from "../common/limits.ts";
import type { Log, LogFields, LogLevel } from "../common/log.ts";
import type { Origin } from "../executors/local/output_router.ts";
import { StreamTokens } from "./credentials/auth.ts";
import type { Session } from "./session.ts";

/** All open sessions of a server. */
export class Sessions {
  readonly #log: Log;
  readonly #byNumber = new Map<number, Session>();
  /** Those whose outputstream has not come, by its token. */
  readonly #tokens = new StreamTokens<Session>();

  /** Makes an empty one. */
  constructor(log: Log) {
    this.#log = log;
  }

  /** How many there are. */
  get size(): number {
    return this.#byNumber.size;
  }

  /** The sessions open now. */
  all(): Session[] {
    return [...this.#byNumber.values()];
  }

  /**
   * Takes in a new session.
   *
   * @param proof What its outputstream has to show beside the token, if anything.
   * @returns The token that its outputstream will come with.
   */
  add(session: Session, proof: string | undefined): string {
    this.#byNumber.set(session.number, session);
    return this.#tokens.issue(session, proof);
  }

  /** Forgets a session that is over. */
  remove(session: Pick<Session, "number">, token: string): void {
    this.#byNumber.delete(session.number);
    this.#tokens.revoke(token);
  }

  /** The session that waits for this token, which is good once. */
  claim(token: string, proof: string | undefined): Session | undefined {
    return this.#tokens.claim(token, proof);
  }

  /** Looks at all deadlines. */
  tick(now: number): void {
    for (const session of this.#byNumber.values()) session.tick(now);
  }

  /** See `LateOutput`. */
  late(origin: Origin | undefined, fd: 1 | 2, bytes: Uint8Array): Promise<void> | undefined {
    const session = this.#of(origin);
    if (session !== undefined) {
      return session.late(origin?.request, fd, bytes, LATE_OUTPUT_RECORD_BYTES);
    }
    this.#log.debug("output without a session", { fd, bytes: bytes.length });
    return undefined;
  }

  /** A record about the eval of that origin, or about none. */
  note(origin: Origin | undefined, level: LogLevel, msg: string, fields: LogFields): void {
    const session = this.#of(origin);
    if (session === undefined) this.#log.write(level, msg, fields);
    else session.log(level, msg, { ...fields, future_id: origin?.request });
  }

  /** A record about the python process of a slot, which its sessions get as well. */
  event(slot: number, event: LogEvent, level: LogLevel, msg: string, fields: LogFields): void {
    this.#log.write(level, msg, fields);
    for (const session of this.#byNumber.values()) {
      if (session.slot === slot) session.event(event, level, msg, fields);
    }
  }

  /** Ends the sessions of a slot. */
  fail(slot: number, code: CloseReason, message: string): void {
    for (const session of this.all()) if (session.slot === slot) session.fail(code, message);
  }

  #of(origin: Origin | undefined): Session | undefined {
    return origin === undefined ? undefined : this.#byNumber.get(origin.session);
  }
}
