/**
 * What the scheduler moves: jobs, in the queues of their sessions.
 *
 * @module
 */
import type { Exit } from "../common/exit.ts";

/** What became of a job that has no result from python. */
export type Outcome =
  | { kind: "cancelled"; how: "queued" | "killed" }
  | { kind: "died"; exit: Exit }
  | { kind: "namespace_gone"; namespace: string };

/** One eval, as far as the scheduler is concerned. */
export class Job<T> {
  /** The session's queue. */
  readonly queue: Queue<T>;
  /** What the owner of the scheduler knows of it. */
  readonly payload: T;
  /** The namespace it runs in, if it asked for one. */
  readonly namespace: string | undefined;
  /** Its number in the process that has it. */
  id = 0;
  state: "new" | "waiting" | "handed" | "over" = "new";
  cancelled = false;
  handOvers = 0;
  /** Its process gets no other before it is over. */
  isAlone = false;
  /** It is cancelled once it has run for so long; undefined is no limit. */
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
  /** Each namespace begun, and the generation of the process it lives in. */
  readonly namespaces: Map<string, number> = new Map();
  closed = false;
  /** Its jobs wait although there is room: the session does not take its results. */
  paused = false;

  /** Made by {@linkcode Scheduler.open}. */
  constructor(slot: number) {
    this.slot = slot;
  }
}
