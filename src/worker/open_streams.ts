/**
 * The streams of a session that are open: what is sent on them, and how they are closed.
 *
 * @module
 */
import { CLOSE_DEADLINE_MS } from "../protocol/deadlines.ts";
import type { StreamName } from "../protocol/rules.ts";
import { Outbox } from "../transport/outbox.ts";
import type { Transport } from "../transport/transport.ts";
import { alarm } from "./alarm.ts";

/** At most one mainstream and one outputstream. */
export class OpenStreams {
  readonly #streams: Partial<Record<StreamName, { transport: Transport; outbox: Outbox }>> = {};

  /** Adds a stream; `lost` is told if a write fails. */
  add(name: StreamName, transport: Transport, lost: (error: unknown) => void): void {
    this.#streams[name] = { transport, outbox: new Outbox(transport, lost) };
  }

  /** Sends bytes, if the stream is open; for `done` see `Outbox.send()`. */
  send(name: StreamName, bytes: Uint8Array, done?: () => void): void {
    this.#streams[name]?.outbox.send(bytes, done);
  }

  /** How many bytes have been written to the mainstream. */
  get written(): number {
    return this.#streams.main?.transport.written ?? 0;
  }

  /** Closes all. What was sent is written first, but a full socket delays this only for a while. */
  async close(): Promise<void> {
    const streams = Object.values(this.#streams);
    const written = Promise.all(streams.map(({ outbox }) => outbox.idle()));
    const deadline = Promise.withResolvers<void>();
    const stopWaiting = alarm(CLOSE_DEADLINE_MS, deadline.resolve);
    await Promise.race([written, deadline.promise]);
    stopWaiting();
    for (const { transport } of streams) transport.close();
  }
}
