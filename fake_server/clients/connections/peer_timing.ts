/**
 * When a peer was last heard of, and when it last took something: whether it is slow, or silent and
 * to be asked. There is no IO in here.
 *
 * @module
 */
import type { ServerLimits } from "../../common/limits.ts";

/** What {@linkcode PeerTiming.check} finds: "ask" means that a PING is due. */
export type PeerState = "slow" | "silent" | "ask" | undefined;

/** The timing of one connection. All times are milliseconds of one monotonic clock. */
export class PeerTiming {
  readonly #limits: ServerLimits;
  #heardAt: number;
  #tookAt: number;
  /** When we sent a PING, if nothing has come since. */
  #askedAt: number | undefined;
  #paused = false;

  /** For a peer that has just connected. */
  constructor(limits: ServerLimits, now: number) {
    this.#limits = limits;
    this.#heardAt = this.#tookAt = now;
  }

  /** Something has come from the peer. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#askedAt = undefined;
  }

  /** The peer has taken something, or something begins to wait for it. */
  took(now: number): void {
    this.#tookAt = now;
  }

  /** From now on we do not read from the peer. */
  pause(): void {
    this.#paused = true;
  }

  /** We read from it again. */
  resume(now: number): void {
    this.#paused = false;
    this.heard(now);
  }

  /** Checks the peer; `isBehind` says whether too much waits for it. */
  check(now: number, isBehind: boolean): PeerState {
    const { slowReaderMs, pingIntervalMs, pingTimeoutMs } = this.#limits;
    // A peer that is behind is slow, not silent.
    if (isBehind) return now - this.#tookAt >= slowReaderMs ? "slow" : undefined;
    const silence = now - this.#heardAt;
    if (silence < pingIntervalMs) return undefined;
    // While we pause, we don't read the peer's PINGs. Our own tell it that we are alive.
    const isAgain = this.#paused && now - (this.#askedAt ?? now) >= pingIntervalMs;
    if (this.#askedAt === undefined || isAgain) {
      this.#askedAt = now;
      return "ask";
    }
    // We don't read from it on purpose, so it isn't silent.
    if (this.#paused) return undefined;
    return silence >= pingIntervalMs + pingTimeoutMs ? "silent" : undefined;
  }
}
