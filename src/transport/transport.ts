/**
 * One TCP stream, whatever the runtime. The only thing the rest of the package knows of sockets.
 *
 * @module
 */

/** Where to dial. */
export interface Address {
  /** A host name, an IPv4 address, or an IPv6 address without its brackets. */
  hostname: string;
  port: number;
}

/** A connected stream of bytes. */
export interface Transport {
  /**
   * Reads at least one byte into `into`.
   *
   * @returns How many, or `null` at the end of the stream.
   * @throws An error of the runtime's if the stream breaks or is closed.
   */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes all of `bytes`, which must not change until it is done; waits while the peer is slow. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes both directions at once. May be called again. */
  close(): void;
}

/**
 * Opens a TCP stream with NODELAY set.
 *
 * @throws An error of the runtime's if it cannot; `signal`'s reason once it aborts.
 */
export type Dial = (address: Address, signal: AbortSignal) => Promise<Transport>;
