/**
 * The server's end of the socket on which code in a python process asks in the middle of its eval
 * (LINK.md, "Requests").
 *
 * @module
 */
import { Outbox } from "../../../src/transport/outbox.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { MAX_FRAME_BODY_BYTES } from "../../../src/wire/limits.ts";
import type { KeptBuffers } from "../../common/kept_buffers.ts";
import { REPLY_HIGH_WATER_BYTES } from "../../common/limits.ts";
import { type Answer, Requests } from "./requests.ts";

/** Reads requests from a connection and writes the replies. */
export class RequestSocket {
  readonly #connection: Deno.UnixConn;
  readonly #reader: FrameReader;
  readonly #outbox: Outbox;
  #requests: Requests | undefined;
  #isClosed = false;

  /** Makes one that reads nothing before `listen()`. */
  constructor(connection: Deno.UnixConn, buffers: KeptBuffers) {
    this.#connection = connection;
    this.#reader = new FrameReader(MAX_FRAME_BODY_BYTES, { buffers });
    const write = async (bytes: Uint8Array): Promise<void> => {
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    };
    this.#outbox = new Outbox({ write }, () => {
      // The reading side learns of the same end.
    });
  }

  /**
   * Reads until the end of the stream, or `close()`. While too much is not answered, or replies are
   * not read, nothing more is read. `answer` has the replies to all requests but pings.
   *
   * @throws {Error} If what comes breaks the rules of the link.
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
          requests.take(frame);
          await requests.room();
        }
        await this.#outbox.below(REPLY_HIGH_WATER_BYTES);
      }
    } finally {
      this.close();
    }
  }

  /** Ends it: nobody waits for replies any more. */
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
      // A process that ends with replies unread resets the connection: an end like others.
      return null;
    }
  }
}
