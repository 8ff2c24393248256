/**
 * Jobs, and the queues of the sessions that they wait in.
 *
 * @module
 */
import type { Exit } from "../common/exit.ts";

/** What became of a job that has no result from python. */
export type Outcome =
  | { kind: "cancelled"; how: "queued" | "killed" }
  | { kind: "died"; exit: Exit }
  | { kind: "namespace_gone"; namespace: string };

/** One eval, or other work, as the scheduler sees it. */
export class Job<T> {
  /** The session's queue. */
  readonly queue: Queue<T>;
  /** The owner's part: the scheduler does not look at it. */
  readonly payload: T;
  /** The namespace it runs in, if it asked for one. */
  readonly namespace: string | undefined;
  /** Its number in the process that has it. */
  id = 0;
  state: "new" | "waiting" | "handed" | "over" = "new";
  cancelled = false;
  handOvers = 0;
  /** Its process gets no other job until this one is over. */
  isAlone = false;
  /** The job is cancelled when it has run for so long; undefined is no limit. */
  limitMs: number | undefined;

  /** Makes a job for `queue`; `submit` puts it there. */
  constructor(queue: Queue<T>, payload: T, namespace?: string) {
    this.queue = queue;
    this.payload = payload;
    this.namespace = namespace;
  }
}

/** The jobs of one session that wait, and what it has in its process. */
export class Queue<T> {
  /** The index of the slot that runs this session's jobs. */
  readonly slot: number;
  readonly waiting: Job<T>[] = [];
  /** The namespaces that exist, and the generation of the process that has each. */
  readonly namespaces: Map<string, number> = new Map();
  closed = false;
  /** No jobs are handed over: the client does not take the results of earlier ones. */
  paused = false;

  /** Made by {@linkcode Scheduler.open}. */
  constructor(slot: number) {
    this.slot = slot;
  }
}
