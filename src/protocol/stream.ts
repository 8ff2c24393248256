/**
 * One of a session's two streams, as the protocol knows it: how far it has come, what has been read
 * of a frame, and whether the peer is still there. No IO and no clock.
 *
 * @module
 */
import { FrameReader } from "../wire/frame_reader.ts";
import {
  MAX_FRAME_BODY_BYTES,
  MAX_HELLO_BODY_BYTES,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
} from "../wire/limits.ts";
import type { StreamState } from "./rules.ts";

/** The state of one stream. Times are milliseconds of one monotonic clock. */
export class Stream {
  readonly reader: FrameReader = new FrameReader(MAX_HELLO_BODY_BYTES);
  #state: StreamState = "none";
  #heardAt = 0;
  /** When a PING was last sent. */
  #askedAt = 0;
  /** It is not read on purpose, so that its silence says nothing. */
  #paused = false;

  /** How far it has come. */
  get state(): StreamState {
    return this.#state;
  }

  /** When something last came. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Its TCP connection stands: the hello is next. */
  dialled(now: number): void {
    this.#state = "hello";
    this.#askedAt = now;
    this.heard(now);
  }

  /** Its hello is over: from here on frames may be large. */
  opened(): void {
    this.#state = "open";
    this.reader.maxBody = MAX_FRAME_BODY_BYTES;
  }

  /** Something has come. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  /** It is not read from now on: its readers are behind. */
  pause(): void {
    this.#paused = true;
  }

  /** It is read again: its clock starts anew. */
  resume(now: number): void {
    this.#paused = false;
    this.heard(now);
  }

  /**
   * Looks at the peer's silence, and at ours.
   *
   * @returns "ask" when a PING is due, which also tells the peer that we are there: one that sends
   * much, or that we do not read on purpose, has no other sign of it. The silence in milliseconds
   * when the peer has not even answered that. Else undefined.
   */
  check(now: number): "ask" | number | undefined {
    if (this.#state !== "open") return undefined;
    const silent = now - this.#heardAt;
    if (!this.#paused && silent >= PING_INTERVAL_MS + PING_TIMEOUT_MS) return silent;
    if (now - this.#askedAt < PING_INTERVAL_MS) return undefined;
    this.#askedAt = now;
    return "ask";
  }
}
