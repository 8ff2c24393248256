/**
 * Accepts connections, and gives each a deadline for its handshake.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { Fault } from "../../common/fault.ts";
import { ACCEPT_RETRY_MS, ACCEPT_WARNING_MS } from "../../common/limits.ts";
import { errorText } from "../../common/log.ts";
import type { Observer } from "../../common/observer.ts";
import type { Reserve } from "../../common/reserve.ts";
import { lacksDescriptors, NO_DESCRIPTORS, type Shortage } from "../../common/shortage.ts";
import { Connection, type ConnectionContext, type Receiver } from "./connection.ts";
import { Handshake, type Host } from "./handshake.ts";
import type { Bound } from "./listen.ts";
import { DEAF, Refusals } from "./refusals.ts";
import type { Socket } from "./socket.ts";

/** What a listener needs of the server around it. */
export interface ListenerContext extends ConnectionContext, Host {
  /** Makes the socket of an accepted connection, with or without TLS. */
  readonly socket: (connection: Deno.Conn) => Socket;
  readonly reserve: Reserve;
  readonly shortage: Shortage;
  readonly observer: Observer;
}

/** Both listening sockets of a server, and the connections that they have accepted. */
export class Listener {
  readonly #context: ListenerContext;
  readonly #bound: Bound[];
  readonly #connections = new Set<Connection>();
  readonly #accepting: Promise<void>[];
  readonly #refusals = new Refusals();
  #handshakes = 0;
  #nextWarning = 0;
  #room: PromiseWithResolvers<void> | undefined;
  readonly #closing = new AbortController();

  /** Accepts on all of `bound`. The first message tells what a connection is, not the address. */
  constructor(bound: Bound[], context: ListenerContext) {
    this.#bound = bound;
    this.#context = context;
    this.#accepting = bound.map(({ listener }) => this.#accept(listener));
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** How many connections have not finished their hello. */
  get handshakes(): number {
    return this.#handshakes;
  }

  /** Stops accepting. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const bound of this.#bound) bound.close();
    this.#room?.resolve();
    await Promise.all(this.#accepting);
  }

  /** Resolves when all connections are closed. Those in handshake are closed at once. */
  async emptied(): Promise<void> {
    for (const connection of this.#connections) if (!connection.established) connection.close();
    await Promise.all(Array.from(this.#connections, (connection) => connection.gone));
  }

  async #accept(listener: Deno.Listener<Deno.Conn>): Promise<void> {
    const { signal } = this.#closing;
    const { reserve, shortage } = this.#context;
    while (!signal.aborted) {
      // Further connections wait in the kernel's backlog, which bounds what strangers can cost.
      while (this.#handshakes >= this.#context.limits.handshakes && !signal.aborted) {
        this.#room ??= Promise.withResolvers<void>();
        await this.#room.promise;
      }
      try {
        const accepted = await listener.accept();
        if (reserve.hold()) this.#greet(accepted);
        else {
          await this.#turnAway(accepted);
          reserve.hold();
        }
      } catch (error) {
        if (signal.aborted) return;
        // The server goes on if descriptors are lacking, or if the peer has gone while it waited.
        if (!lacksDescriptors(error)) {
          this.#notAccepted(error);
          await delay(ACCEPT_RETRY_MS);
        } else if (!reserve.release()) {
          shortage.tell();
          await reserve.back();
        }
      }
    }
  }

  /** Refuses a client for lack of descriptors, on a descriptor of the reserve. */
  async #turnAway(accepted: Deno.Conn): Promise<void> {
    const { observer, shortage } = this.#context;
    const connection = this.#connect(accepted, DEAF);
    shortage.tell();
    const { peer } = connection;
    const [code, message] = ["LIMIT", NO_DESCRIPTORS] as const;
    observer.clientRefused?.({ peer, code, message, isCrowded: true });
    connection.fail(code, message);
    const cut = (): void => connection.close();
    this.#closing.signal.addEventListener("abort", cut);
    await connection.gone;
    this.#closing.signal.removeEventListener("abort", cut);
  }

  /** Logs a failed accept. Not every time, since that may last and fill a disk. */
  #notAccepted(error: unknown): void {
    const { observer, clock } = this.#context;
    if (clock() < this.#nextWarning) return;
    this.#nextWarning = clock() + ACCEPT_WARNING_MS;
    observer.acceptFailed?.({ error: errorText(error) });
  }

  #greet(accepted: Deno.Conn): void {
    const { limits, observer } = this.#context;
    let open = true;
    const done = (): void => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      this.#handshakes--;
      this.#room?.resolve();
      this.#room = undefined;
    };
    const handshake = new Handshake(this.#context);
    const receiver: Receiver = {
      frame: (frame) => {
        if (handshake.frame(connection, frame)) done();
      },
      fault: (fault) => {
        const { code, message } = fault;
        const { peer } = connection;
        observer.clientRefused?.({ peer, code, message, isCrowded: false });
        if (code === "AUTHENTICATION" || code === "STREAM_TOKEN") {
          this.#refusals.add(connection, fault);
          done();
        } else connection.fail(code, message);
      },
      lost: (error) => {
        const why = error === undefined ? undefined : errorText(error);
        observer.clientLost?.({ peer: connection.peer, error: why });
      },
    };
    const connection = this.#connect(accepted, receiver);
    this.#handshakes++;
    const timer = setTimeout(() => {
      receiver.fault(new Fault("TIMEOUT", `no hello came within ${limits.handshakeMs / 1_000} s`));
    }, limits.handshakeMs);
    connection.gone.then(done);
  }

  #connect(accepted: Deno.Conn, receiver: Receiver): Connection {
    let connection: Connection;
    try {
      connection = new Connection(this.#context.socket(accepted), this.#context, receiver);
    } catch (error) {
      // The connection was reset while it waited.
      accepted.close();
      throw error;
    }
    this.#connections.add(connection);
    connection.gone.then(() => this.#connections.delete(connection));
    return connection;
  }
}
