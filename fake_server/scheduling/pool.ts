/**
 * The Python processes: N slots, and the scheduler over them.
 *
 * @module
 */
import { Fault } from "../common/fault.ts";
import type { ServerLimits } from "../common/limits.ts";
import type { Log } from "../common/log.ts";
import { Reserve } from "../common/reserve.ts";
import { lacksDescriptors, NO_DESCRIPTORS, Shortage } from "../common/shortage.ts";
import type { Execution, Executor, PythonInfo } from "../executors/executor.ts";
import type { Queue } from "./job.ts";
import type { JobOwner } from "./job_owner.ts";
import { Scheduler } from "./scheduler.ts";
import { Slot, type SlotContext, type SlotState } from "./slot.ts";
import { Spare } from "./spare.ts";

/** What a pool needs of the server around it. */
export interface PoolContext extends Omit<SlotContext, "scheduler" | "start" | "lacking"> {
  /** Starts the processes. The pool closes it. */
  readonly executor: Executor;
  readonly numWorkers: number;
  readonly limits: ServerLimits;
  readonly log: Log;
}

/** One Python process, as `stats()` tells of it. */
export interface ProcessStats {
  /** What its slot is doing. */
  state: SlotState;
  /** Of the Python process that runs evals; undefined while there is none. */
  pid: number | undefined;
  /** Of the process that guards it. */
  guardPid: number | undefined;
}

/** A Python process for one session alone. */
export interface OwnProcess {
  /** The session's queue. */
  readonly queue: Queue<JobOwner>;
  /** Ends it. Resolves when nothing of it is left. */
  close(): Promise<void>;
}

/** All Python processes of a server. */
export class Pool {
  readonly scheduler: Scheduler<JobOwner>;
  /** Of the first process; the others have the same interpreter. */
  readonly python: PythonInfo;
  /** Lends descriptors to a process that replaces a dead one. */
  readonly reserve: Reserve;
  /** Tells of a lack of descriptors. */
  readonly shortage: Shortage;
  readonly #executor: Executor;
  /** undefined in the place of a one-session slot that has been closed. */
  readonly #slots: (Slot | undefined)[];
  readonly #slotContext: SlotContext;
  readonly #spare: Spare;
  readonly #numWorkers: number;
  readonly #maxOwn: number;
  #own = 0;

  /**
   * Starts the processes. Resolves when the first is there, so that an interpreter that does not
   * work is an error here; the others follow.
   *
   * @throws {StartError} If the first process does not come up.
   */
  static async start(context: PoolContext): Promise<Pool> {
    try {
      return new Pool(context, await context.executor.start());
    } catch (error) {
      await context.executor.close();
      throw error;
    }
  }

  private constructor(context: PoolContext, first: Execution) {
    const { executor, limits, log, observer, clock, sessions } = context;
    this.python = first.info;
    this.#executor = executor;
    this.reserve = new Reserve();
    this.shortage = new Shortage(log, clock, first.info.descriptors);
    this.#numWorkers = context.numWorkers;
    this.#maxOwn = limits.ownProcesses;
    const slot = (index: number): Slot => this.#slots[index]!;
    this.scheduler = new Scheduler<JobOwner>(this.#numWorkers, limits.cancelGraceMs, {
      handOver: (index, job) => slot(index).handOver(job),
      cancel: (index, job) => slot(index).cancel(job),
      running: (index) => this.#slots[index]?.running ?? 0,
      interrupt: (index, job) => slot(index).interrupt(job),
      remind: (index) => slot(index).remind(),
      kill: (index) => slot(index).kill(),
      settle: (job, outcome) => job.payload.outcome(outcome),
    });
    this.#spare = new Spare(() => executor.start());
    this.#slotContext = {
      observer,
      clock,
      sessions,
      lacking: (slot) => {
        this.shortage.tell();
        // A shared slot tries again. A session that wants its own process learns of it at once.
        if (slot >= this.#numWorkers) sessions.fail(slot, "LIMIT", NO_DESCRIPTORS);
      },
      start: (slot) => this.#start(slot),
      scheduler: this.scheduler,
    };
    this.#slots = Array.from(
      { length: this.#numWorkers },
      (_, i) => new Slot(i, this.#slotContext, i === 0 ? first : undefined),
    );
  }

  /** The pid of a slot's Python process, if it has one. */
  pid(slot: number): number | undefined {
    return this.#slots[slot]?.pid;
  }

  /**
   * A new Python process for one session alone.
   *
   * @throws {Fault} LIMIT if there are too many of them.
   */
  own(): OwnProcess {
    if (this.#own >= this.#maxOwn) {
      throw new Fault(
        "LIMIT",
        `${this.#own} sessions have a python process of their own, and no more can have one`,
      );
    }
    this.#own++;
    const queue = this.scheduler.openOwn();
    const slot = new Slot(queue.slot, this.#slotContext, undefined, true);
    this.#slots[queue.slot] = slot;
    const close = async (): Promise<void> => {
      await slot.close();
      // Only now: a server that closes waits for all slots that are here.
      this.#slots[queue.slot] = undefined;
      this.scheduler.freeOwn(queue.slot);
      this.#own--;
    };
    return { queue, close };
  }

  async #start(slot: number): Promise<Execution> {
    try {
      return await this.#spare.take();
    } catch (error) {
      // The reserve replaces dead processes. A session's own process replaces none.
      if (!lacksDescriptors(error) || slot >= this.#numWorkers) throw error;
      return await this.reserve.lend(() => this.#executor.start());
    }
  }

  /** Tells each running job that it runs. */
  tellRunning(now: number): void {
    for (let i = 0; i < this.#slots.length; i++) {
      const current = this.scheduler.current(i, now);
      current?.job.payload.runs(current.ms);
    }
  }

  /** The processes as they are now. */
  stats(): ProcessStats[] {
    return this.#slots.filter((slot) => slot !== undefined)
      .map(({ state, pid, guardPid }) => ({ state, pid, guardPid }));
  }

  /** Ends all processes and what they have started. */
  async close(): Promise<void> {
    const slots = this.#slots.map((slot) => slot?.close());
    await Promise.all([...slots, this.#spare.close(), this.#executor.close()]);
    this.reserve[Symbol.dispose]();
  }
}
