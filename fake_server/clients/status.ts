/**
 * The answer to STATUS.
 *
 * @module
 */
import type { Status } from "../../src/wire/messages.ts";
import type { Queue } from "../scheduling/job.ts";
import type { JobOwner } from "../scheduling/job_owner.ts";
import type { Pool } from "../scheduling/pool.ts";

/** The state of a session's evals and of its Python process. */
export function statusOf(
  pool: Pick<Pool, "scheduler" | "pid" | "python">,
  queue: Queue<JobOwner>,
  now: number,
): Status {
  const { running, queued, evals, sessions } = pool.scheduler.load(queue, now);
  const { version, implementation } = pool.python;
  const pid = pool.pid(queue.slot);
  const status: Status = {
    python: { ...(pid === undefined ? {} : { pid }), version, implementation },
    queued,
    process: { evals, sessions },
  };
  if (running !== undefined) status.running = running.payload.evalId.id;
  return status;
}
