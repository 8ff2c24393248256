/**
 * One of a session's two streams, as the protocol sees it: its state, the frame that is being read,
 * and whether the peer is silent. No IO and no clock.
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
  /** Whether the stream is not read on purpose, so that its silence means nothing. */
  #paused = false;

  /** The state of the stream. */
  get state(): StreamState {
    return this.#state;
  }

  /** When something last came. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** The stream is connected: the hello is next. */
  dialled(now: number): void {
    this.#state = "hello";
    this.#askedAt = now;
    this.heard(now);
  }

  /** The hello is over: frames may be large from now on. */
  opened(): void {
    this.#state = "open";
    this.reader.maxBody = MAX_FRAME_BODY_BYTES;
  }

  /** Something has come. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  /** The stream is not read from now on, because its readers are behind. */
  pause(): void {
    this.#paused = true;
  }

  /** The stream is read again; its silence counts from now on. */
  resume(now: number): void {
    this.#paused = false;
    this.heard(now);
  }

  /**
   * Checks the silence of both ends.
   *
   * @returns "ask" when a PING is due. A PING also shows the peer that this end is alive: a peer
   * that only sends, or is not read on purpose, has no other sign of it. If the peer has not
   * answered the PING, the silence in milliseconds. Else undefined.
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
