/**
 * What the server asks of new connections and shows them: its token, and its TLS identity. Both may
 * be changed while it runs.
 *
 * @module
 */
import { plainSocket, type Socket } from "../connections/socket.ts";
import { type TlsIdentity, tlsServer } from "../connections/tls_socket.ts";
import { checkToken } from "./token.ts";

/** Options of {@linkcode PyProxyServer.reload}; what is left out stays as it is. */
export interface ReloadOptions {
  /** The token that new sessions have to know. */
  token?: string | undefined;
  /** As whom the server talks TLS to new connections. */
  tls?: TlsIdentity | undefined;
}

/** The credentials of one server. */
export class Credentials {
  #token: string | undefined;
  #tls: ((connection: Deno.Conn) => Socket) | undefined;

  /**
   * Takes them over.
   *
   * @throws {TypeError} If they cannot be used.
   */
  constructor({ token, tls }: ReloadOptions) {
    if (token !== undefined) checkToken(token);
    this.#token = token;
    this.#tls = tls === undefined ? undefined : tlsServer(tls);
  }

  /** What a client has to know, if anything. */
  get token(): string | undefined {
    return this.#token;
  }

  /** The socket of a connection that was just accepted. */
  socket(connection: Deno.Conn): Socket {
    return this.#tls === undefined ? plainSocket(connection) : this.#tls(connection);
  }

  /**
   * Takes others from now on; all that are given, or none.
   *
   * @throws {TypeError} If they cannot be used, or there are none in whose place they could come.
   */
  replace({ token, tls }: ReloadOptions): void {
    if (token !== undefined && this.#token === undefined) {
      throw new TypeError("Cannot change the token: the server was started without one");
    }
    if (tls !== undefined && this.#tls === undefined) {
      throw new TypeError("Cannot change the TLS certificate: the server was started without one");
    }
    const next = new Credentials({ token, tls });
    this.#token = next.#token ?? this.#token;
    this.#tls = next.#tls ?? this.#tls;
  }
}
