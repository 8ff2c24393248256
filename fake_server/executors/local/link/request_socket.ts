/**
 * The server's end of the socket of requests (LINK.md, "Requests").
 *
 * @module
 */
import type { Outbox } from "../../../../src/transport/outbox.ts";
import { FrameReader } from "../../../../src/wire/frame_reader.ts";
import { MAX_FRAME_BODY_BYTES } from "../../../../src/wire/limits.ts";
import type { KeptBuffers } from "../../../common/kept_buffers.ts";
import { REPLY_HIGH_WATER_BYTES } from "../../../common/limits.ts";
import { outboxOf } from "./connection_outbox.ts";
import { type Answer, Requests } from "./requests.ts";

/** Reads requests from a connection and writes the replies. */
export class RequestSocket {
  readonly #connection: Deno.UnixConn;
  readonly #reader: FrameReader;
  readonly #outbox: Outbox;
  #requests: Requests | undefined;
  #isClosed = false;

  /** Nothing is read before `listen()`. */
  constructor(connection: Deno.UnixConn, buffers: KeptBuffers) {
    this.#connection = connection;
    this.#reader = new FrameReader(MAX_FRAME_BODY_BYTES, { buffers });
    this.#outbox = outboxOf(connection, buffers);
  }

  /**
   * Reads until the end of the stream, or `close()`. It pauses while too many requests are unanswered
   * or too many replies are unread. `answer` answers all requests but pings.
   *
   * @throws {Error} If a frame breaks a rule of the link.
   */
  async listen(answer?: Answer): Promise<void> {
    const requests = this.#requests = new Requests(
      (type, id, body) => this.#outbox.sendFrame(type, 0, id, body),
      answer,
    );
    try {
      while (!this.#isClosed) {
        const count = await this.#read();
        if (count === null) return;
        for (const frame of this.#reader.filled(count)) {
          const room = requests.room(frame);
          if (room !== undefined) await room;
          if (this.#isClosed) return;
          requests.take(frame);
        }
        await this.#outbox.below(REPLY_HIGH_WATER_BYTES);
      }
    } finally {
      this.close();
    }
  }

  /** Closes the socket and aborts what is unanswered. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#requests?.close();
    this.#connection.close();
  }

  async #read(): Promise<number | null> {
    try {
      return await this.#connection.read(this.#reader.space());
    } catch {
      // A process that ends with unread replies resets the connection.
      return null;
    }
  }
}
