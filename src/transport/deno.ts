/**
 * Streams in Deno.
 *
 * @module
 */
import {
  type Dial,
  type TlsSettings,
  type Transport,
  unlessAborted,
  UntrustedError,
} from "./transport.ts";

/** Opens a stream; see {@linkcode Dial}. */
export const dial: Dial = async (address, tls, signal) => {
  signal.throwIfAborted();
  if ("path" in address) {
    return new DenoTransport(await Deno.connect({ transport: "unix", path: address.path }));
  }
  const connection = await Deno.connect({ ...address, signal });
  try {
    // Set before TLS, whose connections have no such method. Without it a round trip takes 44 ms.
    connection.setNoDelay(true);
    if (tls === undefined) return new DenoTransport(connection);
    return new DenoTransport(await secure(connection, address.hostname, tls, signal));
  } catch (error) {
    close(connection);
    throw error;
  }
};

async function secure(
  connection: Deno.TcpConn,
  hostname: string,
  { caCerts, serverName }: TlsSettings,
  signal: AbortSignal,
): Promise<Deno.TlsConn> {
  const secured = await Deno.startTls(connection, { hostname: serverName ?? hostname, caCerts });
  try {
    // Checks the certificate and the name. Otherwise the first write would do it, and its error
    // does not say so.
    await unlessAborted(signal, secured.handshake(), () => close(secured));
    return secured;
  } catch (error) {
    close(secured);
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    if (why.includes("certificate")) throw new UntrustedError(why, { cause: error });
    const hint = why.includes("InvalidContentType") ? " (the server does not talk TLS)" : "";
    throw new Error(`the TLS handshake failed: ${why}${hint}`, { cause: error });
  }
}

/** Closes a connection that may be closed already, or belong to a TLS connection. */
function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** A connection in Deno. */
class DenoTransport implements Transport {
  readonly #connection: Deno.Conn;
  #closed = false;
  /** See {@linkcode Transport.written}. */
  written = 0;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** See {@linkcode Transport.read}. */
  read(into: Uint8Array): Promise<number | null> {
    return this.#connection.read(into);
  }

  /** See {@linkcode Transport.write}. */
  async write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      const count = await this.#connection.write(bytes.subarray(at));
      at += count;
      this.written += count;
    }
  }

  /** See {@linkcode Transport.close}. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    close(this.#connection);
  }
}
