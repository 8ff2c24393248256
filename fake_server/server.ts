/**
 * The server: listener, sessions and pool, from start to close.
 *
 * @module
 */
import { formatAddress } from "../src/common/address.ts";
import type { Address } from "../src/common/address.ts";
import { MessageType } from "../src/wire/messages.ts";
import { announcedAddress, isLocal } from "./clients/connections/bind_address.ts";
import type { Connection } from "./clients/connections/connection.ts";
import type { Visitor } from "./clients/connections/handshake.ts";
import { type Bound, listen } from "./clients/connections/listen.ts";
import { Listener } from "./clients/connections/listener.ts";
import { Credentials, type ReloadOptions } from "./clients/credentials/credentials.ts";
import { serverHello } from "./clients/server_hello.ts";
import { Session } from "./clients/session.ts";
import { Sessions } from "./clients/sessions.ts";
import { Fault } from "./common/fault.ts";
import { KeptBuffers } from "./common/kept_buffers.ts";
import { DEFAULT_LIMITS } from "./common/limits.ts";
import { Log } from "./common/log.ts";
import { logObserver } from "./common/log_observer.ts";
import { observers } from "./common/observer.ts";
import { checkConfig, isSameAddress, type ServerConfig, type ServerOptions } from "./config.ts";
import type { PythonInfo } from "./executors/executor.ts";
import { LocalExecutor } from "./executors/local/local_executor.ts";
import { Pool, type ProcessStats } from "./scheduling/pool.ts";
import type { MadeParts, ServerParts } from "./server_parts.ts";

/** What {@linkcode PyProxyServer.stats} returns. */
export interface ServerStats {
  /** Open sessions. */
  sessions: number;
  /** Open connections: two for each session, and those that have not finished their hello. */
  connections: number;
  /** Connections that have not finished their hello. */
  handshakes: number;
  /** Evals that wait or run, including those of closed sessions that have not stopped yet. */
  evals: number;
  /** One for each of `numWorkers`. */
  processes: ProcessStats[];
}

/** Options of {@linkcode PyProxyServer.close}. */
export interface CloseOptions {
  /** Let evals in flight finish, for at most `timeout`. Default false. */
  drain?: boolean;
  /** Milliseconds. Default 30,000. */
  timeout?: number;
}

/**
 * A running server. `startServer` makes it.
 *
 * @example What it is doing
 * ```ts
 * import { startServer } from "@pyproxy/client/fake_server";
 *
 * await using server = await startServer({ bindAddr: "127.0.0.1:0", outputAddr: "127.0.0.1:0" });
 * console.log(server.stats().sessions); // 0
 * ```
 */
export class PyProxyServer implements AsyncDisposable {
  /** `host:port` where sessions are opened, with the actual port. */
  readonly addr: string;
  /** `host:port` where outputstreams go. */
  readonly outputAddr: string;
  readonly #parts: MadeParts;
  readonly #listener: Listener;
  /** The address for outputstreams in the server's hello. */
  readonly #helloOutputAddr: string;
  readonly #ticker: ReturnType<typeof setInterval>;
  readonly #clock = (): number => performance.now();
  #lastSession = 0;
  #draining = false;
  #closed: Promise<void> | undefined;
  #cutDrain: (() => void) | undefined;

  /** Starts a server; see `startServer`. */
  static async start(options: ServerOptions, parts: ServerParts = {}): Promise<PyProxyServer> {
    const config = checkConfig(options);
    if (Deno.build.os === "windows") {
      throw new Error(
        "Cannot start the server on Windows: it needs POSIX signals and process groups to end what it starts",
      );
    }
    const log = new Log(config.logLevel, options.log ?? (() => {}));
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const credentials = new Credentials(config);
    const bound: Bound[] = [];
    try {
      bound.push(await listen(config.bindAddr));
      // One address can serve both kinds: the first message says which one a connection is.
      if (!isSameAddress(config)) bound.push(await listen(config.outputAddr));
      const observer = observers(logObserver(log), parts.observer ?? {});
      const sessions = new Sessions(observer);
      const buffers = new KeptBuffers(() => performance.now());
      const executor = parts.executor ?? await LocalExecutor.make({
        python: config.python,
        memoryLimit: config.workerMemoryLimit,
        startMs: limits.pythonStartMs,
        buffers,
      });
      const pool = await Pool.start({
        executor,
        numWorkers: config.numWorkers,
        limits,
        log,
        clock: () => performance.now(),
        observer,
        sessions,
      });
      return new PyProxyServer(
        { config, limits, log, observer, credentials, sessions, pool, buffers },
        bound,
      );
    } catch (error) {
      for (const each of bound) each.close();
      throw error;
    }
  }

  private constructor(made: MadeParts, bound: Bound[]) {
    const { config, credentials, limits, log, observer, pool, buffers } = made;
    this.#parts = made;
    const main = bound.at(0)!.address;
    const output = bound.at(-1)!.address;
    this.addr = formatAddress(main);
    this.outputAddr = formatAddress(output);
    this.#helloOutputAddr = announcedAddress(output, main);
    this.#listener = new Listener(bound, {
      socket: (connection) => credentials.socket(connection),
      limits,
      observer,
      clock: this.#clock,
      unfinished: { bytes: 0 },
      buffers,
      token: () => credentials.token,
      reserve: pool.reserve,
      shortage: pool.shortage,
      hello: (connection, visitor) => this.#hello(connection, visitor),
      outputHello: (connection, token, proof) => this.#outputHello(connection, token, proof),
    });
    this.#ticker = setInterval(() => this.#tick(), limits.tickMs);
    const { python } = pool;
    log.info("server ready", {
      addr: this.addr,
      output_addr: this.outputAddr,
      python: python.executable,
      python_version: python.version,
    });
    this.#warn(config, [main, output]);
    if (python.msgpack !== "c") {
      log.warn("python has no C msgpack module: large values are 15 to 45 times slower");
    }
  }

  /** Logs what is insecure in this configuration. */
  #warn({ token, tls }: ServerConfig, addresses: Address[]): void {
    if (addresses.every(isLocal)) return;
    if (token === undefined) {
      this.#parts.log.warn("no token: anyone who can reach this address can run any code here");
    } else if (tls === undefined) {
      this.#parts.log.warn(
        "no TLS: anyone on the network path can read and change all code and data",
      );
    }
  }

  /** The Python interpreter of its processes. */
  get python(): PythonInfo {
    return this.#parts.pool.python;
  }

  /** What the server is doing now. */
  stats(): ServerStats {
    return {
      sessions: this.#parts.sessions.size,
      connections: this.#listener.connections,
      handshakes: this.#listener.handshakes,
      evals: this.#parts.pool.scheduler.jobs,
      processes: this.#parts.pool.stats(),
    };
  }

  /**
   * Replaces the token, or the certificate and key. New connections need the new ones; open
   * sessions go on. What is left out stays the same.
   *
   * @throws {TypeError} If one of them cannot be used, or the server was started without it. Then
   * nothing changes.
   */
  reload(options: ReloadOptions): void {
    this.#parts.credentials.replace(options);
    const { token, tls } = options;
    this.#parts.log.info("configuration reloaded", {
      token: token !== undefined,
      tls: tls !== undefined,
    });
  }

  /**
   * Ends all sessions and all python processes. Resolves when all of them have ended. A call
   * without `drain` ends the drain of an earlier call.
   */
  close({ drain = false, timeout }: CloseOptions = {}): Promise<void> {
    if (!drain) this.#cutDrain?.();
    this.#closed ??= this.#close(drain, timeout ?? this.#parts.limits.drainMs);
    return this.#closed;
  }

  /** Closes without a drain. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drain: boolean, timeout: number): Promise<void> {
    this.#draining = true;
    this.#parts.log.info("server closes", { drain, sessions: this.#parts.sessions.size });
    await this.#listener.close();
    if (drain) await this.#drain(timeout);
    for (const session of this.#parts.sessions.all()) session.end("SHUTDOWN");
    clearInterval(this.#ticker);
    await Promise.all([this.#parts.pool.close(), this.#listener.emptied()]);
    this.#parts.log.info("server closed");
  }

  async #drain(timeout: number): Promise<void> {
    const sessions = this.#parts.sessions.all();
    for (const session of sessions) session.shutdown();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeout);
    this.#cutDrain = resolve;
    await Promise.race([promise, Promise.all(sessions.map((session) => session.closed))]);
    clearTimeout(timer);
  }

  #hello(connection: Connection, { client, name, ownProcess, proofs }: Visitor): void {
    if (this.#draining) throw new Fault("SHUTDOWN", "the server is going down");
    if (this.#parts.sessions.size >= this.#parts.limits.sessions) {
      throw new Fault(
        "LIMIT",
        `the server has ${this.#parts.sessions.size} sessions and takes no more`,
      );
    }
    const session = new Session(
      {
        pool: this.#parts.pool,
        own: ownProcess ? this.#parts.pool.own() : undefined,
        observer: this.#parts.observer,
        clock: this.#clock,
        limits: this.#parts.limits,
        buffers: this.#parts.buffers,
        closed: (session) => this.#parts.sessions.remove(session, token),
      },
      ++this.#lastSession,
      connection,
    );
    const token = this.#parts.sessions.add(session, proofs?.output);
    const { python } = this;
    const outputAddr = this.#helloOutputAddr;
    const hello = serverHello(session.id, token, outputAddr, python, proofs?.server);
    connection.sendControl(MessageType.SERVER_HELLO, hello);
    const { peer } = connection;
    this.#parts.observer.sessionOpened?.({ session: session.id, client, name, peer });
  }

  #outputHello(connection: Connection, token: string, proof: string | undefined): void {
    const session = this.#parts.sessions.claim(token, proof);
    // The same text for every reason, so that a stranger learns nothing.
    if (session === undefined) throw new Fault("STREAM_TOKEN", "the stream token is not valid");
    session.attach(connection);
  }

  #tick(): void {
    const now = this.#clock();
    this.#parts.pool.scheduler.tick(now);
    this.#parts.sessions.tick(now);
    this.#parts.pool.tellRunning(now);
    this.#parts.buffers.tick(now);
  }
}
