/**
 * The python processes: N slots, the scheduler over them, and the private directory they share.
 *
 * @module
 */
import type { CloseReason } from "../../src/wire/messages.ts";
import { Fault } from "../common/fault.ts";
import type { KeptBuffers } from "../common/kept_buffers.ts";
import type { ServerLimits } from "../common/limits.ts";
import { Reserve } from "../common/reserve.ts";
import { lacksDescriptors, NO_DESCRIPTORS, Shortage } from "../common/shortage.ts";
import { makeDirectory, removeDirectory } from "../executors/local/directory.ts";
import type { PythonInfo } from "../executors/local/link.ts";
import type { ProcessOptions } from "../executors/local/process_options.ts";
import { PythonProcess } from "../executors/local/python_process.ts";
import type { Job, Line } from "./job.ts";
import { Scheduler } from "./scheduler.ts";
import { Slot, type SlotContext, type SlotState, type Task } from "./slot.ts";
import { Spare } from "./spare.ts";

/** What the server's configuration says of its python processes. */
export interface PoolConfig {
  /** The interpreter: a path, or a name to look for in PATH. */
  readonly python: string;
  readonly numWorkers: number;
  /** Bytes that each may have, 0 for no limit. */
  readonly workerMemoryLimit: number;
}

/** What a pool needs of the server around it. */
export interface PoolContext extends Omit<SlotContext, "scheduler" | "start" | "lacking"> {
  readonly config: PoolConfig;
  readonly limits: ServerLimits;
  /** Used buffers, for large results. */
  readonly buffers: KeptBuffers;
  /** Ends the sessions of a slot. */
  fail(slot: number, code: CloseReason, message: string): void;
}

/** One python process, as `stats()` tells of it. */
export interface ProcessStats {
  /** What its slot is doing. */
  state: SlotState;
  /** Of the python process that runs evals; undefined while there is none. */
  pid: number | undefined;
  /** Of the process that guards it. */
  guardPid: number | undefined;
}

/** A python process for one session alone. */
export interface OwnProcess {
  /** The session's line. */
  readonly line: Line<Task>;
  /** Ends it. Resolves when nothing of it is left. */
  close(): Promise<void>;
}

/** All python processes of a server. */
export class Pool {
  readonly scheduler: Scheduler<Task>;
  /** Of the first process; the others are started with the same interpreter. */
  readonly python: PythonInfo;
  /** Of which a process that has to be replaced may have what it needs. */
  readonly reserve: Reserve;
  /** Tells of a lack of descriptors. */
  readonly shortage: Shortage;
  readonly #directory: string;
  /** Ends starts that are under way. */
  readonly #closing: AbortController;
  /** Where a session's own was, there may be none. */
  readonly #slots: (Slot | undefined)[];
  readonly #slotContext: SlotContext;
  readonly #startProcess: () => Promise<PythonProcess>;
  readonly #spare: Spare;
  readonly #numWorkers: number;
  readonly #maxOwn: number;
  #own = 0;

  /**
   * Starts the processes. Resolves when the first is READY, so that an interpreter that does not
   * work is an error here; the others follow.
   *
   * @throws {StartError} If the first process does not come up, or there is no place for its files.
   */
  static async start(context: PoolContext): Promise<Pool> {
    const directory = await makeDirectory();
    const closing = new AbortController();
    let count = 0;
    const options = (python: string): ProcessOptions => ({
      python,
      directory,
      main: mainFile(directory),
      name: `${++count}`,
      startMs: context.limits.pythonStartMs,
      memoryLimit: context.config.workerMemoryLimit,
      env: pythonEnv(Deno.env.toObject()),
      buffers: context.buffers,
      signal: closing.signal,
    });
    try {
      const first = await PythonProcess.start(options(context.config.python));
      // `python3` may be a shim that takes longer than Python itself.
      const { executable } = first.info;
      const start = () => PythonProcess.start(options(executable));
      return new Pool(context, directory, closing, first, start);
    } catch (error) {
      await removeDirectory(directory);
      throw error;
    }
  }

  private constructor(
    context: PoolContext,
    directory: string,
    closing: AbortController,
    first: PythonProcess,
    start: () => Promise<PythonProcess>,
  ) {
    this.python = first.info;
    this.#directory = directory;
    this.reserve = new Reserve(mainFile(directory));
    this.shortage = new Shortage(context.log, context.clock, first.info.descriptors);
    this.#closing = closing;
    this.#numWorkers = context.config.numWorkers;
    this.#maxOwn = context.limits.ownProcesses;
    const slot = (index: number): Slot => this.#slots[index]!;
    this.scheduler = new Scheduler<Task>(
      this.#numWorkers,
      context.limits.cancelGraceMs,
      {
        handOver: (index: number, job: Job<Task>) => slot(index).handOver(job),
        cancel: (index: number, job: Job<Task>) => slot(index).cancel(job),
        running: (index: number) => this.#slots[index]?.running ?? 0,
        interrupt: (index: number, job: Job<Task>) => slot(index).interrupt(job),
        remind: (index: number) => slot(index).remind(),
        kill: (index: number) => slot(index).kill(),
        settle: (job, outcome) => job.payload.outcome(outcome),
      },
    );
    const { log, clock, late, note, event, fail } = context;
    this.#startProcess = start;
    this.#spare = new Spare(start);
    this.#slotContext = {
      log,
      clock,
      late,
      note,
      event,
      lacking: (slot) => {
        this.shortage.tell();
        // What others share may yet come up; whoever waits for one of its own learns it at once.
        if (slot >= this.#numWorkers) fail(slot, "LIMIT", NO_DESCRIPTORS);
      },
      start: (slot) => this.#start(slot),
      scheduler: this.scheduler,
    };
    this.#slots = Array.from(
      { length: this.#numWorkers },
      (_, i) => new Slot(i, this.#slotContext, i === 0 ? first : undefined),
    );
  }

  /** The pid of a slot's python process, if it has one. */
  pid(slot: number): number | undefined {
    return this.#slots[slot]?.pid;
  }

  /**
   * A python process for one session alone, which nobody has used.
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
    const line = this.scheduler.openOwn();
    const slot = new Slot(line.slot, this.#slotContext, undefined, true);
    this.#slots[line.slot] = slot;
    const close = async (): Promise<void> => {
      await slot.close();
      // While the server closes, it waits for all that are there.
      this.#slots[line.slot] = undefined;
      this.scheduler.freeOwn(line.slot);
      this.#own--;
    };
    return { line, close };
  }

  async #start(slot: number): Promise<PythonProcess> {
    try {
      return await this.#spare.take();
    } catch (error) {
      // A session's own takes the place of none that has died: there is no room for it.
      if (!lacksDescriptors(error) || slot >= this.#numWorkers) throw error;
      return await this.reserve.lend(this.#startProcess);
    }
  }

  /** Tells each job that its code runs. */
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
    this.#closing.abort();
    await Promise.all([...this.#slots.map((slot) => slot?.close()), this.#spare.close()]);
    this.reserve[Symbol.dispose]();
    await removeDirectory(this.#directory);
  }
}

function mainFile(directory: string): string {
  return `${directory}/pyproxy_worker/main.py`;
}

/**
 * The environment of python processes: the server's own, less what is meant for the server, and
 * less what would change how Python starts or buffers (print is 3 to 5 times slower unbuffered).
 */
function pythonEnv(env: Record<string, string>): Record<string, string> {
  const left = ["PYTHONUNBUFFERED", "PYTHONINSPECT", "PYTHONSTARTUP"];
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith("PYPROXY_") && !left.includes(name)),
  );
}
