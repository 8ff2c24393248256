/**
 * Streams in Bun.
 *
 * @module
 */
import type { HostAddress } from "../common/address.ts";
import { type Dial, type Transport, unlessAborted, UntrustedError } from "./transport.ts";

/** The part of Bun's socket that is used (https://bun.com/docs/api/tcp). */
interface BunSocket {
  write(bytes: Uint8Array): number;
  end(): void;
  pause(): void;
  resume(): void;
  setNoDelay(on: boolean): boolean;
}

interface BunHandlers {
  open(socket: BunSocket): void;
  handshake(socket: BunSocket, ok: boolean, error: Error | null): void;
  data(socket: BunSocket, bytes: Uint8Array): void;
  drain(socket: BunSocket): void;
  end(socket: BunSocket): void;
  close(socket: BunSocket, error?: Error): void;
  error(socket: BunSocket, error: Error): void;
  connectError(socket: BunSocket, error: Error): void;
}

interface BunNet {
  connect(
    options: (HostAddress | { unix: string }) & {
      socket: BunHandlers;
      tls?: { ca?: string[]; serverName?: string; rejectUnauthorized: true };
    },
  ): Promise<BunSocket>;
}

/** Bun pushes what it reads. The socket is paused while more bytes than this wait to be read. */
const PAUSE_BYTES = 1024 * 1024;

/** Opens a stream; see {@linkcode Dial}. */
export const dial: Dial = async (address, tls, signal) => {
  signal.throwIfAborted();
  const { Bun } = globalThis as unknown as { Bun: BunNet };
  const transport = new BunTransport(tls !== undefined);
  const connect = async (): Promise<void> => {
    const connected = Bun.connect({
      ...("path" in address ? { unix: address.path } : address),
      socket: transport.handlers,
      ...(tls === undefined ? {} : {
        tls: {
          ...(tls.caCerts.length === 0 ? {} : { ca: tls.caCerts }),
          ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
          rejectUnauthorized: true,
        },
      }),
    });
    // Bun reports what is wrong with the certificate in the handshake event only.
    await Promise.all([connected, transport.secured]);
  };
  try {
    await unlessAborted(signal, connect(), () => transport.close());
    return transport;
  } catch (error) {
    transport.close();
    throw error;
  }
};

/** The error of a failed handshake: no TLS, a lost connection, or a wrong certificate. */
function handshakeError(error: (Error & { code?: string }) | null): Error {
  const why = error?.message ?? "no reason was given";
  if (!/^(EPROTO|ECONN)/.test(error?.code ?? "")) return new UntrustedError(why);
  const hint = why.includes("WRONG_VERSION_NUMBER") ? " (the server does not talk TLS)" : "";
  return new Error(`the TLS handshake failed: ${why}${hint}`);
}

/** A connection in Bun: makes reads and writes of its callbacks. */
class BunTransport implements Transport {
  #socket: BunSocket | undefined;
  written = 0;
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #paused = false;
  #closed = false;
  #ended = false;
  #error: unknown;
  /** Wake the read and the write that wait. */
  #onData: (() => void) | undefined;
  #onDrain: (() => void) | undefined;

  readonly #handshake: PromiseWithResolvers<void> | undefined;

  readonly handlers: BunHandlers = {
    open: (socket) => {
      this.#socket = socket;
      socket.setNoDelay(true);
      if (this.#closed) socket.end();
    },
    handshake: (_socket, ok, error) => {
      if (ok) this.#handshake?.resolve();
      else this.#handshake?.reject(handshakeError(error));
    },
    data: (socket, bytes) => {
      // Copied: Bun may use the buffer again after this call.
      this.#chunks.push(bytes.slice());
      this.#waiting += bytes.length;
      if (this.#waiting > PAUSE_BYTES && !this.#paused) {
        this.#paused = true;
        socket.pause();
      }
      this.#onData?.();
    },
    drain: () => this.#onDrain?.(),
    end: () => this.#over(undefined),
    close: (_socket, error) => this.#over(error),
    error: (_socket, error) => this.#over(error),
    // The promise of Bun.connect rejects with the same error; there is no read or write yet.
    connectError: () => {},
  };

  /**
   * With TLS: resolves once the server's certificate and name are checked, and rejects if they are
   * wrong. Await it at once.
   */
  get secured(): Promise<void> | undefined {
    return this.#handshake?.promise;
  }

  constructor(isTls: boolean) {
    if (isTls) this.#handshake = Promise.withResolvers();
  }

  #over(error: unknown): void {
    const why = error instanceof Error ? error.message : "the server closed the connection";
    this.#handshake?.reject(new Error(`the TLS handshake failed: ${why}`, { cause: error }));
    this.#ended = true;
    this.#error ??= error;
    this.#onData?.();
    this.#onDrain?.();
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#chunks.length === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended || this.#closed) return null;
      await new Promise<void>((resolve) => this.#onData = resolve);
      this.#onData = undefined;
    }
    let at = 0;
    while (at < into.length && this.#chunks.length > 0) {
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(0, into.length - at);
      into.set(part, at);
      at += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#waiting -= at;
    if (this.#paused && this.#waiting <= PAUSE_BYTES / 2) {
      this.#paused = false;
      this.#socket!.resume();
    }
    return at;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (true) {
      if (this.#closed || this.#ended) {
        throw this.#error ?? new Error("the connection is closed");
      }
      const count = this.#socket!.write(bytes.subarray(at));
      if (count < 0) throw this.#error ?? new Error("the connection is closed");
      at += count;
      this.written += count;
      if (at >= bytes.length) return;
      await new Promise<void>((resolve) => this.#onDrain = resolve);
      this.#onDrain = undefined;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket?.end();
    this.#over(undefined);
  }
}
