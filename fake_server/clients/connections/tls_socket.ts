/**
 * TLS on accepted sockets, by `node:tls`. Deno's own TLS can't set TCP_NODELAY, and without that a
 * round trip takes 44 ms.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { Duplex } from "node:stream";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { FIRST_BUFFER_BYTES, IDLE_BUFFER_BYTES } from "../../../src/wire/buffers.ts";
import { errorText } from "../../common/log.ts";
import { plainSocket, type Socket } from "./socket.ts";

/** A certificate and its key, both in PEM. */
export interface TlsIdentity {
  /** The certificate, and the intermediate ones up to the authority's. */
  cert: string;
  /** The private key. */
  key: string;
}

/** The size of one write to TLS: small enough to see that a slow peer takes something. */
const WRITE_BYTES = 64 * 1024;

/**
 * Returns a function that wraps accepted connections with TLS.
 *
 * @throws {TypeError} If certificate and key cannot be used.
 */
export function tlsServer({ cert, key }: TlsIdentity): (connection: Deno.Conn) => Socket {
  // Otherwise an error in them would show only in the first handshake.
  let fits: boolean;
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new TypeError(
      `Cannot use the TLS certificate and key: one of them is no PEM (${errorText(error)})`,
    );
  }
  if (!fits) throw new TypeError("Cannot use the TLS certificate: the key belongs to another");
  const context = createSecureContext({ cert, key, minVersion: "TLSv1.2" });
  return (connection) => new TlsSocket(plainSocket(connection), context);
}

/** A socket with TLS. The TLS handshake begins by itself; the first read waits for it. */
class TlsSocket implements Socket {
  readonly peer: string;
  readonly #socket: TLSSocket;
  /** Decrypted bytes that no `read` has returned yet. */
  #unread: Uint8Array | undefined;
  #wake: (() => void) | undefined;

  constructor(plain: Socket, secureContext: SecureContext) {
    this.peer = plain.peer;
    this.#socket = new TLSSocket(duplexOf(plain), { isServer: true, secureContext });
    // The peer may end its direction and still read our last message.
    this.#socket.allowHalfOpen = true;
    for (const event of ["readable", "end", "error", "close"]) {
      this.#socket.on(event, () => this.#wake?.());
    }
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#unread === undefined) {
      const bytes = this.#socket.read() as Uint8Array | null;
      if (bytes !== null) this.#unread = bytes;
      else if (this.#socket.errored) throw this.#socket.errored;
      else if (this.#socket.readableEnded || this.#socket.destroyed) return null;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const unread = this.#unread;
    const part = unread.subarray(0, into.length);
    into.set(part);
    this.#unread = part.length === unread.length ? undefined : unread.subarray(part.length);
    return part.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    const part = bytes.subarray(0, WRITE_BYTES);
    return new Promise((resolve, reject) => {
      this.#socket.write(part, (error) => error ? reject(error) : resolve(part.length));
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(resolve));
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The stream through which `node:tls` reads and writes the encrypted bytes. */
function duplexOf(plain: Socket): Duplex {
  // Most sockets are idle most of the time, so the buffer starts small and grows with the traffic.
  let size = IDLE_BUFFER_BYTES;
  const duplex = new Duplex({
    allowHalfOpen: true,
    async read() {
      try {
        const buffer = new Uint8Array(size);
        const count = await plain.read(buffer);
        if (count === size) size = Math.min(2 * size, FIRST_BUFFER_BYTES);
        else if (count! < IDLE_BUFFER_BYTES) size = IDLE_BUFFER_BYTES;
        this.push(count === null ? null : buffer.subarray(0, count));
      } catch (error) {
        this.destroy(error as Error);
      }
    },
    async write(bytes: Uint8Array, _encoding, done) {
      try {
        let at = 0;
        while (at < bytes.length) at += await plain.write(bytes.subarray(at));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    final(done) {
      plain.closeWrite().then(() => done(), done);
    },
    destroy(error, done) {
      plain.close();
      done(error);
    },
  });
  // The TLS socket reports the error to its reader. Without a listener here, an error would end the
  // program.
  duplex.on("error", () => {});
  return duplex;
}
