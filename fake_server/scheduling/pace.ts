/**
 * How long the jobs of a slot take, and so how many of them its process is given ahead of need.
 *
 * @module
 */
import { MAX_JOBS_AHEAD, WORK_AHEAD_MS } from "../common/limits.ts";
import type { SlotJobs } from "./slot_jobs.ts";

/** The shortest time that a job is taken to need: the clock cannot tell shorter ones apart. */
const LEAST_JOB_MS = 0.001;

/** Takes the results that came since the last call; `tookMs` says how long their jobs took together. */
export function measure<T>(slot: SlotJobs<T>, now: number, tookMs: number | undefined): void {
  if (slot.finishedSince === 0) return;
  // Results that come together are one measurement. Taken singly, the first would seem slow
  // and the others free.
  const each = (tookMs ?? now - slot.measuredAt) / slot.finishedSince;
  // One slow job, which the system may have suspended, must not make quick ones go one by one.
  slot.jobMs = slot.jobMs === undefined
    ? each
    : Math.min(slot.jobMs + (each - slot.jobMs) / 4, 2 * Math.max(slot.jobMs, LEAST_JOB_MS));
  slot.finishedSince = 0;
  slot.measuredAt = now;
  // The next results may be slower, so the number at most doubles.
  const wanted = Math.max(1, Math.floor(WORK_AHEAD_MS / slot.jobMs));
  slot.ahead = Math.min(MAX_JOBS_AHEAD, wanted, 2 * slot.ahead);
}
