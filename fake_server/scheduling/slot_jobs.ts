/**
 * What the scheduler knows of a slot.
 *
 * @module
 */
import type { Job, Queue } from "./job.ts";

/** The jobs of one python process, and of those that have been in its place. */
export interface SlotJobs<T> {
  /** Of one session alone, or free for another such. */
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
  /** How many jobs it may have. */
  ahead: number;
  /** How many jobs in a row were over with no other behind them. */
  lone: number;
  measuredAt: number;
  finishedSince: number;
  /** The job that was interrupted last is reminded of it until then. */
  remindUntil: number;
  killAt: number | undefined;
  /** The job for which the process is being ended. */
  killedFor: Job<T> | undefined;
}

/** Those of a slot without a process. */
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
