/**
 * What a session asks its server about itself.
 *
 * @module
 */
import type { Status } from "../wire/messages.ts";

/**
 * What {@linkcode RemoteProcess.status} tells.
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
  /** Milliseconds for the question and its answer, through both threads. */
  latency: number;
  /** The Python process of this session; it has no pid while it is being replaced. */
  python: { pid: number | undefined; version: string; implementation: string };
  /** The id of the eval of this session that runs now. */
  running: number | undefined;
  /** Evals of this session that have no outcome and do not run: here, on their way, or waiting there. */
  queued: number;
  /** What that Python process has to do, for all its sessions, and how many those are. */
  process: { evals: number; sessions: number };
}

/** The questions of one session that have no answer yet. */
export class Questions {
  readonly #ask: (id: number) => void;
  readonly #asked = new Map<number, { since: number } & PromiseWithResolvers<[Status, number]>>();
  #lastId = 0;

  /** Makes one; `ask` sends a STATUS. */
  constructor(ask: (id: number) => void) {
    this.#ask = ask;
  }

  /** Asks; resolves with the answer and how many milliseconds it took. */
  ask(): Promise<[Status, number]> {
    const id = ++this.#lastId;
    const question = { since: performance.now(), ...Promise.withResolvers<[Status, number]>() };
    this.#asked.set(id, question);
    this.#ask(id);
    return question.promise;
  }

  /** The answer to one. */
  answered(id: number, status: Status): void {
    const question = this.#asked.get(id);
    this.#asked.delete(id);
    question?.resolve([status, performance.now() - question.since]);
  }

  /** No answer will come. */
  end(error: Error): void {
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }
}
