/**
 * A Web Worker that is none: it runs a session's engine on the thread that makes it, so that what
 * the product's threads are good for can be measured.
 *
 * @module
 */
import type { FromWorker, ToWorker } from "../../src/bridge/bridge.ts";
import { Engine } from "../../src/worker/engine.ts";

/** Stands in for `Worker` while sessions are opened. */
export class InlineWorker extends EventTarget {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null = null;
  /** Messages are copied, transferred and queued as between threads. */
  readonly #channel = new MessageChannel();
  #engine: Engine | undefined;

  constructor() {
    super();
    const { port1, port2 } = this.#channel;
    port1.onmessage = (event: MessageEvent<FromWorker>) => this.onmessage?.(event);
    port2.onmessage = ({ data }: MessageEvent<ToWorker>) => {
      if (data.kind !== "open") this.#engine!.message(data);
      else {this.#engine = new Engine(data, (message, transfer = []) =>
          this.#post(message, transfer));}
    };
  }

  /** See Worker. */
  postMessage(message: ToWorker, transfer: Transferable[] = []): void {
    this.#channel.port1.postMessage(message, transfer);
  }

  /** See Worker. */
  terminate(): void {
    this.#channel.port1.close();
    this.#channel.port2.close();
  }

  #post(message: FromWorker, transfer: Transferable[]): void {
    this.#channel.port2.postMessage(message, transfer);
  }
}
