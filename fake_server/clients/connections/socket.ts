/**
 * The interface of a client's socket, with or without TLS.
 *
 * @module
 */

/** A connected stream of bytes. */
export interface Socket {
  /** The address of the other end, for the log. */
  readonly peer: string;
  /** Reads at least one byte into `into`; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes`, and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends the writing direction. */
  closeWrite(): Promise<void>;
  /** Closes it at once. Call it only once. */
  close(): void;
}

/** The socket of an accepted connection, with TCP_NODELAY. */
export function plainSocket(connection: Deno.Conn): Socket {
  if ("setNoDelay" in connection) (connection as Deno.TcpConn).setNoDelay(true);
  return Object.assign(connection, { peer: peerOf(connection.remoteAddr) });
}

function peerOf(addr: Deno.Addr): string {
  return "hostname" in addr ? `${addr.hostname}:${addr.port}` : "unix";
}
