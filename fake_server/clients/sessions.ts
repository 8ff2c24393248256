/**
 * The open sessions, found by number or by stream token.
 *
 * @module
 */
import type { CloseReason, LogEvent } from "../../src/wire/messages.ts";
import { LATE_OUTPUT_RECORD_BYTES } from "../common/limits.ts";
import type { LogFields, LogLevel } from "../common/log.ts";
import type { Observer } from "../common/observer.ts";
import type { EvalId } from "../executors/executor.ts";
import type { SlotSessions } from "../scheduling/slot.ts";
import { StreamTokens } from "./credentials/auth.ts";
import type { Session } from "./session.ts";

/** All open sessions of a server. */
export class Sessions implements SlotSessions {
  readonly #observer: Observer;
  readonly #byNumber = new Map<number, Session>();
  /** Sessions that wait for their outputstream, by its token. */
  readonly #tokens = new StreamTokens<Session>();

  /** Starts without sessions. */
  constructor(observer: Observer) {
    this.#observer = observer;
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
   * @param proof What the outputstream has to send beside the token, if anything.
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

  /** The session that waits for this token. The token can be used once. */
  claim(token: string, proof: string | undefined): Session | undefined {
    return this.#tokens.claim(token, proof);
  }

  /** Looks at all deadlines. */
  tick(now: number): void {
    for (const session of this.#byNumber.values()) session.tick(now);
  }

  /** See {@linkcode SlotSessions.late}. */
  late(evalId: EvalId | undefined, fd: 1 | 2, bytes: Uint8Array): Promise<void> | undefined {
    const session = this.#of(evalId);
    if (session !== undefined) {
      return session.late(evalId?.id, fd, bytes, LATE_OUTPUT_RECORD_BYTES);
    }
    const unknown = { session: undefined, eval: undefined, text: undefined };
    this.#observer.outputLate?.({ ...unknown, fd, bytes: bytes.length });
    return undefined;
  }

  /** See {@linkcode SlotSessions.note}. */
  note(evalId: EvalId | undefined, level: LogLevel, msg: string, fields: LogFields): void {
    const session = this.#of(evalId);
    const about = session === undefined ? undefined : evalId?.id;
    this.#observer.noted?.({ session: session?.id, eval: about, level, msg, fields });
    session?.tell(level, msg, { ...fields, future_id: about });
  }

  /** See {@linkcode SlotSessions.event}. */
  event(slot: number, event: LogEvent, level: LogLevel, msg: string, fields: LogFields): void {
    for (const session of this.#byNumber.values()) {
      if (session.slot === slot) session.tell(level, msg, { event, ...fields });
    }
  }

  /** See {@linkcode SlotSessions.fail}. */
  fail(slot: number, code: CloseReason, message: string): void {
    for (const session of this.all()) if (session.slot === slot) session.fail(code, message);
  }

  #of(evalId: EvalId | undefined): Session | undefined {
    return evalId === undefined ? undefined : this.#byNumber.get(evalId.session);
  }
}
