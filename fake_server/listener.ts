/**
 * The door: accepts sockets, and finds out within a deadline who is there.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Frame } from "../src/wire/frame.ts";
import { MAX_HELLO_BODY_BYTES, PROTOCOL_VERSION } from "../src/wire/limits.ts";
import { MessageType } from "../src/wire/messages.ts";
import { Connection, type ConnectionContext, type Receiver } from "./connection.ts";
import { Control } from "./control.ts";
import { Fault } from "./fault.ts";
import { ACCEPT_RETRY_MS } from "./limits.ts";
import { errorText, type Log } from "./log.ts";

/** What a client says of itself. */
export interface Visitor {
  client: string;
  name: string | undefined;
}

/** What a listener needs of the server around it. */
export interface ListenerContext extends ConnectionContext {
  readonly log: Log;
  /** A client says hello: becomes the connection's receiver, or throws a Fault. */
  hello(connection: Connection, visitor: Visitor): void;
  /** An outputstream comes with its token: as above. */
  outputHello(connection: Connection, token: string): void;
}

/** Both listeners of a server, and the sockets they have accepted. */
export class Listener {
  readonly #context: ListenerContext;
  readonly #sockets: Deno.TcpListener[];
  readonly #connections = new Set<Connection>();
  readonly #accepting: Promise<void>[];
  #handshakes = 0;
  #room: PromiseWithResolvers<void> | undefined;
  readonly #closing = new AbortController();

  /** Accepts on `sockets`; the first message decides what a connection is, not the listener. */
  constructor(sockets: Deno.TcpListener[], context: ListenerContext) {
    this.#sockets = sockets;
    this.#context = context;
    this.#accepting = sockets.map((socket) => this.#accept(socket));
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Connections that have not said who they are. */
  get handshakes(): number {
    return this.#handshakes;
  }

  /** Accepts no more. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const socket of this.#sockets) socket.close();
    this.#room?.resolve();
    await Promise.all(this.#accepting);
  }

  /** Resolves when all connections are closed; those in handshake are cut. */
  async emptied(): Promise<void> {
    for (const connection of this.#connections) if (!connection.established) connection.close();
    await Promise.all(Array.from(this.#connections, (connection) => connection.gone));
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      // More wait in the kernel's backlog: strangers cost no more than these.
      while (this.#handshakes >= this.#context.limits.handshakes && !signal.aborted) {
        this.#room ??= Promise.withResolvers<void>();
        await this.#room.promise;
      }
      try {
        const socket = await listener.accept();
        this.#greet(socket);
      } catch (error) {
        if (signal.aborted) return;
        // No descriptors left, or the peer has gone while it waited: neither ends the server.
        this.#context.log.warn("cannot accept a connection", { error: errorText(error) });
        await delay(ACCEPT_RETRY_MS);
      }
    }
  }

  #greet(socket: Deno.TcpConn): void {
    const { limits, log } = this.#context;
    let open = true;
    const done = (): void => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      this.#handshakes--;
      this.#room?.resolve();
      this.#room = undefined;
    };
    const receiver: Receiver = {
      frame: (frame) => {
        this.#hello(connection, frame);
        done();
      },
      fault: ({ code, message }) => {
        log.info("connection refused", { peer: connection.peer, code, message });
        connection.fail(code, message);
      },
      lost: () => log.debug("connection closed before its hello", { peer: connection.peer }),
    };
    let connection: Connection;
    try {
      connection = new Connection(socket, this.#context, receiver);
    } catch (error) {
      // It was reset while it waited.
      socket.close();
      throw error;
    }
    this.#handshakes++;
    const timer = setTimeout(() => {
      receiver.fault(new Fault("TIMEOUT", `no hello came within ${limits.handshakeMs / 1_000} s`));
    }, limits.handshakeMs);
    this.#connections.add(connection);
    connection.gone.then(() => {
      this.#connections.delete(connection);
      done();
    });
  }

  #hello(connection: Connection, { type, flags, id, body }: Frame): void {
    if (flags !== 0 || id !== 0) {
      throw new Fault("PROTOCOL", `the first message has the flags ${flags} and the id ${id}`);
    }
    if (type === MessageType.CLIENT_HELLO) {
      const control = new Control("CLIENT_HELLO", body, MAX_HELLO_BODY_BYTES);
      const protocol = control.required("protocol", "number");
      if (protocol !== PROTOCOL_VERSION) {
        throw new Fault(
          "VERSION",
          `the client speaks protocol ${protocol}, this server ${PROTOCOL_VERSION}`,
        );
      }
      const client = control.required("client", "string");
      this.#context.hello(connection, { client, name: control.optional("name", "string") });
    } else if (type === MessageType.OUTPUT_HELLO) {
      const control = new Control("OUTPUT_HELLO", body, MAX_HELLO_BODY_BYTES);
      this.#context.outputHello(connection, control.required("stream_token", "string"));
    } else {
      throw new Fault(
        "PROTOCOL",
        `the first message must be CLIENT_HELLO or OUTPUT_HELLO, got type 0x${
          type.toString(16).padStart(2, "0")
        }`,
      );
    }
  }
}
