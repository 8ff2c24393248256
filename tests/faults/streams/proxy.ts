/**
 * A TCP proxy in front of a server's two addresses, which does to the bytes what networks do: delays
 * them, cuts them small, stops one way of a connection, flips bits, closes, half-closes, resets.
 *
 * It knows nothing of the protocol. A server whose two addresses have one host names the second as
 * `:port`, "the host that you have dialled": so a proxy listens on a loopback address of its own, on
 * the very ports of the server. (Linux has all of 127.0.0.0/8; nothing else can be on those ports.)
 *
 * Runs in Deno and in Bun.
 *
 * @module
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** One of a session's two streams. */
export type StreamName = "main" | "output";

/** From the client to the server, or back. */
export type Way = "up" | "down";

/** What happens to the bytes of one way of a stream. May be changed at any time. */
export interface Faults {
  /** Each piece waits so long before it goes on. */
  latencyMs: number;
  /** Pieces are cut to so many bytes, each written by itself. */
  sliceBytes: number;
  /** Nothing goes on while this is so, the end of the stream included. */
  stalled: boolean;
  /** Bits to flip in a byte, by its offset in the stream. */
  flips: Map<number, number>;
  /** After so many bytes the connection is cut ... */
  cutAfter: number;
  /** ... both ways by a FIN, both by a RST, or this way alone by a FIN. */
  cutBy: "close" | "reset" | "halfClose";
}

/** The two addresses of a server. */
export interface Target {
  addr: string;
  outputAddr: string;
}

function noFaults(): Faults {
  return {
    latencyMs: 0,
    sliceBytes: Infinity,
    stalled: false,
    flips: new Map(),
    cutAfter: Infinity,
    cutBy: "close",
  };
}

/** One connection through the proxy. */
export class ProxiedConnection {
  /** Bytes that have gone on so far. */
  readonly passed: Record<Way, number> = { up: 0, down: 0 };
  readonly #client: Socket;
  readonly #server: Socket;

  constructor(client: Socket, server: Socket) {
    this.#client = client;
    this.#server = server;
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // What the error means, the reading loop of the socket finds out.
      socket.on("error", () => {});
    }
  }

  /** Ends both ways with a FIN. */
  close(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  /** Ends both ways with a RST. */
  reset(): void {
    this.#client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }

  /** Passes on what goes one way, to its end. */
  async pump(way: Way, faults: Faults, gate: () => Promise<void>): Promise<void> {
    const [from, to] = way === "up" ? [this.#client, this.#server] : [this.#server, this.#client];
    try {
      for await (const chunk of from as AsyncIterable<Uint8Array>) {
        for (let at = 0; at < chunk.length;) {
          if (faults.latencyMs > 0) await delay(faults.latencyMs);
          while (faults.stalled) await gate();
          const passed = this.passed[way];
          const room = Math.min(faults.sliceBytes, faults.cutAfter - passed);
          const piece = chunk.slice(at, at + Math.min(room, chunk.length - at));
          for (let i = 0; i < piece.length && faults.flips.size > 0; i++) {
            piece[i]! ^= faults.flips.get(passed + i) ?? 0;
          }
          at += piece.length;
          if (piece.length > 0) await write(to, piece);
          this.passed[way] += piece.length;
          if (this.passed[way] < faults.cutAfter) continue;
          if (faults.cutBy === "close") return this.close();
          if (faults.cutBy === "reset") return this.reset();
          to.end();
          from.resume(); // what else comes is lost
          return;
        }
      }
      while (faults.stalled) await gate();
      to.end();
    } catch {
      // A side has reset the connection, or gone while it was written to: the other learns of it.
      while (faults.stalled && !to.destroyed) await gate();
      this.reset();
    }
  }
}

/** The proxy. */
export class FaultProxy implements AsyncDisposable, Target {
  /** Where sessions are opened through it. */
  readonly addr: string;
  /** Where outputstreams go through it. */
  readonly outputAddr: string;
  /** What happens to the bytes, of connections made before and after. */
  readonly faults: Record<StreamName, Record<Way, Faults>> = {
    main: { up: noFaults(), down: noFaults() },
    output: { up: noFaults(), down: noFaults() },
  };
  /** The connections so far, the latest last. */
  readonly connections: Record<StreamName, ProxiedConnection[]> = { main: [], output: [] };
  readonly #servers: Server[] = [];
  readonly #pumps: Promise<void>[] = [];
  #closed = false;
  #waiting: (() => void)[] = [];

  private constructor(addr: string, outputAddr: string) {
    this.addr = addr;
    this.outputAddr = outputAddr;
  }

  /** Starts a proxy in front of `target`. */
  static async start(target: Target): Promise<FaultProxy> {
    const host = nextHost();
    const [main, output] = [target.addr, target.outputAddr].map((addr) => new URL(`tcp://${addr}`));
    const proxy = new FaultProxy(`${host}:${main!.port}`, `${host}:${output!.port}`);
    await proxy.#listen("main", main!, host);
    await proxy.#listen("output", output!, host);
    return proxy;
  }

  /** Stops, or lets go on, one way of a stream. */
  stall(name: StreamName, way: Way, on = true): void {
    this.faults[name][way].stalled = on;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Closes all connections and listens no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const name of ["main", "output"] as const) {
      for (const connection of this.connections[name]) connection.close();
      for (const way of ["up", "down"] as const) this.stall(name, way, false);
    }
    await Promise.all(
      this.#servers.map((server) => new Promise((resolve) => server.close(resolve))),
    );
    await Promise.all(this.#pumps);
  }

  #listen(name: StreamName, target: URL, host: string): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      if (this.#closed) return void client.destroy();
      const onward = connect({
        host: target.hostname,
        port: Number(target.port),
        allowHalfOpen: true,
      });
      const connection = new ProxiedConnection(client, onward);
      this.connections[name].push(connection);
      for (const way of ["up", "down"] as const) {
        this.#pumps.push(connection.pump(way, this.faults[name][way], () => this.#gate()));
      }
    });
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.on("error", reject);
      server.listen(Number(target.port), host, () => {
        const { port } = server.address() as AddressInfo;
        if (port === Number(target.port)) resolve();
        else reject(new Error(`the proxy listens on port ${port}, not on ${target.port}`));
      });
    });
  }

  /** Waits for news of a stall. */
  #gate(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

let proxies = 0;

/** A loopback address that nothing else in this process, and hardly anything elsewhere, listens on. */
function nextHost(): string {
  const n = ++proxies;
  return `127.${100 + (n >> 8) % 100}.${n & 255}.${2 + Math.floor(Math.random() * 250)}`;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function write(to: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(bytes, (error) => error ? reject(error) : resolve());
  });
}
