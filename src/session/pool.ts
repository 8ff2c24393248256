/**
 * Several sessions that are used in turn.
 *
 * @module
 */
import { SessionClosedError, type SessionError } from "../api/errors.ts";
import type { Future } from "../api/future.ts";
import { DEFAULT_ADDRESS, type EvalOptions, type OpenOptions } from "../api/options.ts";
import { shown } from "../common/given.ts";
import type { CloseOptions, RemoteProcess } from "./remote_process.ts";
import { connect } from "./session.ts";

/** A pool tries to replace a dead session at once, then after this, doubling ... */
const REOPEN_FIRST_MS = 100;

/** ... up to this. */
const REOPEN_LAST_MS = 5_000;

/**
 * Options of {@linkcode PyProxyPool.open}: those of a session, and how many.
 *
 * @example Two sessions
 * ```ts
 * import { PyProxyPool } from "@pyproxy/client";
 *
 * await using pool = await PyProxyPool.open("localhost:9000", { size: 2 });
 * console.log(pool.size); // 2
 * ```
 */
export interface PoolOptions extends OpenOptions {
  /**
   * The number of sessions, spread over the addresses in turn. Default: 3, or one per address if
   * there are more addresses.
   */
  size?: number | undefined;
}

/** One place of the pool: its session, or undefined while a dead one is being replaced. */
interface Place {
  addr: string;
  remote: RemoteProcess | undefined;
}

/**
 * N sessions with one or more servers. A session that dies is replaced; its futures fail as they
 * would without a pool.
 *
 * @example Round-robin
 * ```ts
 * import { PyProxyPool } from "@pyproxy/client";
 *
 * await using pool = await PyProxyPool.open("localhost:9000", { size: 3 });
 * const squares = [1, 2, 3].map((x) => pool.next().eval<number>("x * x", { locs: { x } }));
 * console.log(await Promise.all(squares)); // [ 1, 4, 9 ]
 * ```
 */
export class PyProxyPool implements AsyncDisposable {
  readonly #places: Place[];
  readonly #options: OpenOptions;
  #turn = 0;
  readonly #closing = new AbortController();
  /** The replacements that are under way. */
  readonly #replacing = new Set<Promise<void>>();
  #lastError: SessionError | undefined;

  private constructor(places: Place[], options: OpenOptions) {
    this.#places = places;
    this.#options = options;
    for (const place of places) this.#keep(place, place.remote!);
  }

  /**
   * Opens and connects all sessions. If one fails, none stays open.
   *
   * @throws {ConnectionError} If a server cannot be reached, or does not answer in time.
   * @throws {ProtocolError} If what answers there is no PyProxy server of this version.
   * @throws {AuthenticationError} If one end has not proven to the other that it knows the token.
   * @throws {TypeError} If an address or an option is not what it must be.
   */
  static async open(
    addrs: string | readonly string[] = DEFAULT_ADDRESS,
    options: PoolOptions = {},
  ): Promise<PyProxyPool> {
    const servers = typeof addrs === "string" ? [addrs] : [...addrs];
    const { size = Math.max(3, servers.length), ...openOptions } = options;
    if (servers.length === 0) throw new TypeError("Cannot open a pool: no address was given");
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new TypeError(
        `Cannot open a pool: 'size' must be an integer of 1 or more, got ${shown(size)}`,
      );
    }
    const places = Array.from({ length: size }, (_, i) => servers[i % servers.length]!);
    const opened = await Promise.allSettled(places.map((addr) => connect(addr, openOptions)));
    const remotes = opened.flatMap((each) => each.status === "fulfilled" ? [each.value] : []);
    const failed = opened.find((each) => each.status === "rejected");
    if (failed !== undefined) {
      await Promise.all(remotes.map((remote) => remote.close()));
      throw failed.reason;
    }
    return new PyProxyPool(
      places.map((addr, i) => ({ addr, remote: remotes[i]! })),
      openOptions,
    );
  }

  /** The number of sessions that are open now. */
  get size(): number {
    return this.#open().length;
  }

  /**
   * The next session in turn.
   *
   * @throws {SessionClosedError} If none is open: the pool is closed, or all are being replaced.
   */
  next(): RemoteProcess {
    for (let i = 0; i < this.#places.length; i++) {
      const { remote } = this.#places[this.#turn++ % this.#places.length]!;
      if (remote !== undefined) return remote;
    }
    throw this.#noneError();
  }

  /**
   * Sends code to the session with the fewest evals without an outcome; see
   * {@linkcode RemoteProcess.eval}.
   *
   * @throws {SessionClosedError} If no session is open.
   * @throws {TypeError} If the code is no string, or an option is not what it must be.
   * @throws {QueueFullError} If too many evals wait to be sent.
   */
  eval<T = unknown>(code: string, options?: EvalOptions): Future<T> {
    const open = this.#open();
    if (open.length === 0) throw this.#noneError();
    // In turn among equally busy ones, so that an idle pool uses all of its sessions.
    const first = this.#turn++ % open.length;
    let best = open[first]!;
    for (let i = 1; i < open.length; i++) {
      const remote = open[(first + i) % open.length]!;
      if (remote.pending < best.pending) best = remote;
    }
    return best.eval<T>(code, options);
  }

  /** Closes all sessions; see {@linkcode PyProxySession.close}. May be called again. */
  async close(options?: CloseOptions): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#open().map((remote) => remote.close(options)));
    await Promise.all(this.#replacing);
  }

  /** Closes all sessions. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(): RemoteProcess[] {
    return this.#places.flatMap(({ remote }) => remote === undefined ? [] : [remote]);
  }

  #noneError(): SessionClosedError {
    if (this.#closing.signal.aborted) {
      return new SessionClosedError("Cannot use the pool: it is closed");
    }
    const why = this.#lastError === undefined
      ? ""
      : `; the last one ended: ${this.#lastError.message}`;
    return new SessionClosedError(
      `Cannot use the pool: none of its sessions is open, all are being replaced${why}`,
      this.#lastError === undefined ? undefined : { cause: this.#lastError },
    );
  }

  /** Replaces the session of a place once it has died. */
  #keep(place: Place, remote: RemoteProcess): void {
    remote.closed.then(({ error }) => {
      place.remote = undefined;
      this.#lastError = error ?? this.#lastError;
      const replacing = this.#replace(place).finally(() => this.#replacing.delete(replacing));
      this.#replacing.add(replacing);
    });
  }

  async #replace(place: Place): Promise<void> {
    const { signal } = this.#closing;
    for (let wait = REOPEN_FIRST_MS; !signal.aborted; wait = Math.min(2 * wait, REOPEN_LAST_MS)) {
      try {
        const remote = await connect(place.addr, { ...this.#options, signal });
        if (signal.aborted) return await remote.close();
        place.remote = remote;
        this.#keep(place, remote);
        return;
      } catch (error) {
        // Kept for the error of a call that finds no session open. Retried until the pool is
        // closed.
        if (!signal.aborted) this.#lastError = error as SessionError;
      }
      await pause(wait, signal);
    }
  }
}

/** Waits for `ms` milliseconds, or until the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
