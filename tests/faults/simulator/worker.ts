/**
 * A session's thread without a thread: the real engine behind the interface of a Web Worker, with
 * messages that arrive when the schedule says.
 *
 * @module
 */
import type { FromWorker, OpenMessage, ToWorker } from "../../../src/bridge/bridge.ts";
import type { Address } from "../../../src/common/address.ts";
import type { Transport } from "../../../src/transport/transport.ts";
import { Engine } from "../../../src/worker/engine.ts";
import { Pipe, Socket } from "./socket.ts";
import type { FakeTime } from "./time.ts";

/** A dial that waits for its answer. */
export interface Dialling {
  resolve: (transport: Transport) => void;
  reject: (error: Error) => void;
}

/** The worker of one session. */
export class FakeWorker {
  /** What the timers of its thread are known by. */
  readonly realm: string;
  readonly toEngine: ToWorker[] = [];
  readonly toMain: FromWorker[] = [];
  readonly dialling: Dialling[] = [];
  /** Its end of each connection: mainstream first. */
  readonly sockets: Socket[] = [];
  /** Set by the session's main thread. */
  onmessage!: (event: { data: FromWorker }) => void;
  onmessageerror!: () => void;
  onerror!: (event: { message: string; preventDefault(): void }) => void;
  dead = false;
  readonly #time: FakeTime;
  #engine: Engine | undefined;

  /** Makes one. */
  constructor(realm: string, time: FakeTime) {
    this.realm = realm;
    this.#time = time;
  }

  addEventListener(): void {}

  postMessage(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    if (!this.dead) this.toEngine.push(structuredClone(message, { transfer }));
  }

  /** As the runtime does it: sockets are closed, and nothing of the thread runs again. */
  terminate(): void {
    if (this.dead) return;
    this.dead = true;
    this.#engine = undefined;
    this.toEngine.length = this.toMain.length = this.dialling.length = 0;
    for (const socket of this.sockets) socket.close();
    this.#time.drop(this.realm);
  }

  /** The thread takes its next message. See session_worker.ts. */
  deliverToEngine(): void {
    const message = this.toEngine.shift()!;
    const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void => {
      if (!this.dead) this.toMain.push(structuredClone(message, { transfer }));
    };
    try {
      if (message.kind === "open") {
        this.#engine = new Engine(
          message,
          post,
          (address, _tls, signal) => this.#dial(address, signal),
        );
      } else this.#engine!.message(message as Exclude<ToWorker, OpenMessage>);
    } catch (error) {
      throw new Error("the session's thread has failed", { cause: error });
    }
  }

  /** The main thread takes the next message of this one. */
  deliverToMain(): void {
    this.onmessage({ data: this.toMain.shift()! });
  }

  /** The thread dies. */
  crash(): void {
    this.onerror({ message: "crashed by the schedule", preventDefault() {} });
  }

  /** The first dial is answered; gives the server's end of the connection. */
  accept(): Socket {
    const up = new Pipe();
    const down = new Pipe();
    const own = new Socket(down, up);
    this.sockets.push(own);
    const transport = {
      written: 0,
      read: (into: Uint8Array) => own.read(into),
      write: async (bytes: Uint8Array) => {
        for (let at = 0; at < bytes.length;) {
          const count = await own.write(bytes.subarray(at));
          at += count;
          transport.written += count;
        }
      },
      close: () => own.close(),
    };
    this.dialling.shift()!.resolve(transport);
    return new Socket(up, down);
  }

  /** The first dial is refused. */
  refuse(): void {
    this.dialling.shift()!.reject(new Error("connection refused by the schedule"));
  }

  #dial(_address: Address, signal: AbortSignal): Promise<Transport> {
    return new Promise((resolve, reject) => {
      const dialling = { resolve, reject };
      this.dialling.push(dialling);
      signal.addEventListener("abort", () => {
        const at = this.dialling.indexOf(dialling);
        if (at < 0) return;
        this.dialling.splice(at, 1);
        reject(signal.reason);
      });
    });
  }
}
