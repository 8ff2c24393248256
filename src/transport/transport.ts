/**
 * One stream of bytes, in any runtime. The rest of the package knows nothing else of sockets.
 *
 * @module
 */

import type { Address } from "../common/address.ts";

/** How to check a TLS server. */
export interface TlsSettings {
  /** Certificates of authorities to trust, each in PEM. */
  caCerts: string[];
  /** The name that its certificate must have. Default: the host that is dialled. */
  serverName: string | undefined;
}

/** A connected stream of bytes. */
export interface Transport {
  /**
   * Reads at least one byte into `into`.
   *
   * @returns The number of bytes, or `null` at the end of the stream.
   * @throws An error of the runtime if the stream fails or is closed.
   */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes all of `bytes`, which must not change meanwhile. Waits while the peer is slow. */
  write(bytes: Uint8Array): Promise<void>;
  /** The bytes that the system has taken so far. */
  readonly written: number;
  /** Closes both directions at once. May be called again. */
  close(): void;
}

/** Thrown if the server's certificate or name is wrong. */
export class UntrustedError extends Error {
  /** "UntrustedError". */
  override name = "UntrustedError";
}

/**
 * Opens a stream: TCP with NODELAY, TLS over that, or a unix socket. With `tls` nothing is sent or
 * read before the server's certificate and name are checked.
 *
 * @throws {UntrustedError} If they are wrong.
 * @throws An error of the runtime if the stream cannot be opened; the reason of `signal` if it
 * aborts.
 */
export type Dial = (
  address: Address,
  tls: TlsSettings | undefined,
  signal: AbortSignal,
) => Promise<Transport>;

/** Runs `step`. If the signal aborts first, `undo` ends what the step has made. */
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
