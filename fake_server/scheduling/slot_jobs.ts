/**
 * What the scheduler knows of a slot.
 *
 * @module
 */
import type { Load } from "./effects.ts";
import type { Job, Queue } from "./job.ts";

/** The jobs of one slot, through all the processes that it has had. */
export interface SlotJobs<T> {
  /** Whether the slot is for one session alone: taken by one, or free for another. */
  own: "no" | "taken" | "free";
  live: boolean;
  /** Counts the processes this slot has had. */
  generation: number;
  lastId: number;
  queues: number;
  jobs: number;
  /** Queues that have waiting jobs and are not paused; the first is next. */
  round: Queue<T>[];
  /** What the process has, in order; the first runs or is about to. */
  handed: Job<T>[];
  /** Smoothed time per job; undefined until one has been measured. */
  jobMs: number | undefined;
  /** How many jobs the process may have at once. */
  ahead: number;
  /** How many jobs in a row ended with no other behind them. */
  lone: number;
  measuredAt: number;
  finishedSince: number;
  /** Until then the signal of the last interrupt is sent again. */
  remindUntil: number;
  killAt: number | undefined;
  /** The job for which the process is being ended. */
  killedFor: Job<T> | undefined;
}

/** A slot that has no process yet. */
export function newSlotJobs<T>(own: SlotJobs<T>["own"]): SlotJobs<T> {
  return {
    own,
    live: false,
    generation: 0,
    lastId: 0,
    queues: 0,
    jobs: 0,
    round: [],
    handed: [],
    jobMs: undefined,
    ahead: 1,
    lone: 0,
    measuredAt: 0,
    finishedSince: 0,
    remindUntil: 0,
    killAt: undefined,
    killedFor: undefined,
  };
}

/** How busy a slot is, and how much of that is a queue's; `current` is the job that runs. */
export function loadOf<T>(
  slot: SlotJobs<T>,
  queue: Queue<T>,
  current: Job<T> | undefined,
): Load<T> {
  const running = current?.queue === queue ? current : undefined;
  const own = slot.handed.filter((job) => job.queue === queue).length + queue.waiting.length;
  return {
    running,
    queued: own - (running === undefined ? 0 : 1),
    evals: slot.jobs,
    sessions: slot.queues,
  };
}

/** Removes an element from a list, if it is there. */
export function remove<E>(list: E[], element: E): void {
  const at = list.indexOf(element);
  if (at >= 0) list.splice(at, 1);
}
