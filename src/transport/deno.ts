/**
 * TCP streams in Deno.
 *
 * @module
 */
import type { Dial, Transport } from "./transport.ts";

/** Opens a TCP stream with NODELAY set; see {@linkcode Dial}. */
export const dial: Dial = async ({ hostname, port }, signal) => {
  const connection = await Deno.connect({ hostname, port, signal });
  try {
    return new DenoTransport(connection);
  } catch (error) {
    connection.close();
    throw error;
  }
};

/** A TCP connection of Deno's. */
export class DenoTransport implements Transport {
  readonly #connection: Deno.Conn;
  #closed = false;

  /** Wraps a connection, dialled or accepted, and sets NODELAY on TCP. */
  constructor(connection: Deno.Conn) {
    if ("setNoDelay" in connection) (connection as Deno.TcpConn).setNoDelay(true);
    this.#connection = connection;
  }

  /** See {@linkcode Transport.read}. */
  read(into: Uint8Array): Promise<number | null> {
    return this.#connection.read(into);
  }

  /** See {@linkcode Transport.write}. */
  async write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) at += await this.#connection.write(bytes.subarray(at));
  }

  /** See {@linkcode Transport.close}. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }
}
