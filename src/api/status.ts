/**
 * The status of a session: what it asks the server for.
 *
 * @module
 */
import type { Status } from "../wire/messages.ts";

/**
 * The result of {@linkcode RemoteProcess.status}.
 *
 * @example How busy it is
 * ```ts
 * import { connect, type RemoteStatus } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const status: RemoteStatus = await remote.status();
 * console.log(status.running, status.queued); // undefined 0
 * ```
 */
export interface RemoteStatus {
  /** Milliseconds from the question to the answer, through both threads. */
  latency: number;
  /** The Python process of this session. It has no pid while it is being replaced. */
  python: { pid: number | undefined; version: string; implementation: string };
  /** The id of the eval of this session that is running. */
  running: number | undefined;
  /** The number of evals of this session that have no outcome and are not running. */
  queued: number;
  /** The load of that Python process: the evals of all its sessions, and the number of sessions. */
  process: { evals: number; sessions: number };
}

/** The questions of one session that are not answered yet. */
export class Questions {
  readonly #ask: (id: number) => void;
  readonly #asked = new Map<number, { since: number } & PromiseWithResolvers<[Status, number]>>();
  #lastId = 0;

  /** Makes one; `ask` sends a STATUS. */
  constructor(ask: (id: number) => void) {
    this.#ask = ask;
  }

  /** Asks; resolves with the answer and the milliseconds that it took. */
  ask(): Promise<[Status, number]> {
    const id = ++this.#lastId;
    const question = { since: performance.now(), ...Promise.withResolvers<[Status, number]>() };
    this.#asked.set(id, question);
    this.#ask(id);
    return question.promise;
  }

  /** Settles a question with its answer. */
  answered(id: number, status: Status): void {
    const question = this.#asked.get(id);
    this.#asked.delete(id);
    question?.resolve([status, performance.now() - question.since]);
  }

  /** Fails all of them: no answer will come. */
  end(error: Error): void {
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }
}
