/**
 * The server's token and its TLS identity. Both can be replaced while the server runs.
 *
 * @module
 */
import { plainSocket, type Socket } from "../connections/socket.ts";
import { type TlsIdentity, tlsServer } from "../connections/tls_socket.ts";
import { checkToken } from "./token.ts";

/** Options of {@linkcode PyProxyServer.reload}; what is left out stays the same. */
export interface ReloadOptions {
  /** The token that new sessions must know. */
  token?: string | undefined;
  /** The certificate and key for new TLS connections. */
  tls?: TlsIdentity | undefined;
}

/** The credentials of one server. */
export class Credentials {
  #token: string | undefined;
  #tls: ((connection: Deno.Conn) => Socket) | undefined;

  /**
   * Checks and stores them.
   *
   * @throws {TypeError} If they cannot be used.
   */
  constructor({ token, tls }: ReloadOptions) {
    if (token !== undefined) checkToken(token);
    this.#token = token;
    this.#tls = tls === undefined ? undefined : tlsServer(tls);
  }

  /** The token that clients must know, if there is one. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Makes the socket of an accepted connection. */
  socket(connection: Deno.Conn): Socket {
    return this.#tls === undefined ? plainSocket(connection) : this.#tls(connection);
  }

  /**
   * Replaces all that are given, or none.
   *
   * @throws {TypeError} If they cannot be used, or the server was started without them.
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
