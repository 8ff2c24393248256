/**
 * A client's socket as the server sees it, whatever it is made of.
 *
 * @module
 */

/** A connected stream of bytes. */
export interface Socket {
  /** Who is at the other end, for the log. */
  readonly peer: string;
  /** Reads at least one byte into `into`; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes`, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Says that nothing more will be written. */
  closeWrite(): Promise<void>;
  /** Cuts it. To be called once. */
  close(): void;
}

/** The socket of a connection that was just accepted; TCP gets NODELAY. */
export function plainSocket(connection: Deno.Conn): Socket {
  if ("setNoDelay" in connection) (connection as Deno.TcpConn).setNoDelay(true);
  return Object.assign(connection, { peer: peerOf(connection.remoteAddr) });
}

function peerOf(addr: Deno.Addr): string {
  return "hostname" in addr ? `${addr.hostname}:${addr.port}` : "unix";
}
