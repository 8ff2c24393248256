/**
 * One stream of bytes, whatever the runtime. The only thing the rest of the package knows of sockets.
 *
 * @module
 */

import type { Address } from "../common/address.ts";

/** How a TLS server is checked. */
export interface TlsSettings {
  /** Certificates of authorities to trust, each in PEM. */
  caCerts: string[];
  /** The name that its certificate has to be for, if not the host that is dialled. */
  serverName: string | undefined;
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
  /** Bytes that the system has taken so far. */
  readonly written: number;
  /** Closes both directions at once. May be called again. */
  close(): void;
}

/** The server's certificate or name is not what it has to be. */
export class UntrustedError extends Error {
  /** "UntrustedError". */
  override name = "UntrustedError";
}

/**
 * Opens a stream: TCP with NODELAY set, TLS over that, or a unix socket. With `tls` nothing is sent
 * or read before the server's certificate and name have been found right.
 *
 * @throws {UntrustedError} If they are not.
 * @throws An error of the runtime's if it cannot; `signal`'s reason once it aborts.
 */
export type Dial = (
  address: Address,
  tls: TlsSettings | undefined,
  signal: AbortSignal,
) => Promise<Transport>;

/** Runs `step`, unless the signal aborts first: then `undo` has to make an end of it. */
export async function unlessAborted<T>(
  signal: AbortSignal,
  step: Promise<T>,
  undo: () => void,
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => {
    undo();
    aborted.reject(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([step, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
