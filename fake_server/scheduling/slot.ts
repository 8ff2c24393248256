/**
 * The place of one python process: keeps a process in it, hands it the scheduler's jobs, and brings
 * results and output back to the evals they belong to.
 *
 * @module
 */
import { type LogEvent, ResultStatus } from "../../src/wire/messages.ts";
import { Control, controlPart } from "../common/control.ts";
import { MAX_RESTART_PAUSE_MS, RESTART_PAUSE_MS, RESULT_BYTES_PER_MS } from "../common/limits.ts";
import { errorText, type Log, LOG_LEVELS, type LogFields, type LogLevel } from "../common/log.ts";
import { lacksDescriptors } from "../common/shortage.ts";
import { setJob } from "../executors/local/link.ts";
import {
  type LateOutput,
  type Origin,
  OutputRouter,
  type OutputTarget,
} from "../executors/local/output_router.ts";
import { exitText, type ProcessEvents } from "../executors/local/process_events.ts";
import type { PythonProcess } from "../executors/local/python_process.ts";
import type { Job, Outcome } from "./job.ts";
import type { Scheduler } from "./scheduler.ts";

/** One eval, as its python process's slot knows it. */
export interface Task extends OutputTarget {
  /** The link's EVAL frame, in one or two pieces. */
  readonly frame: readonly Uint8Array[];
  readonly settled: boolean;
  /** Its result has come; the body is good until this returns, unless `owned`. */
  result(status: number, body: Uint8Array, owned: boolean): void;
  /** It is over without one, and its output too. */
  outcome(outcome: Outcome): void;
  /** Its code runs, and has done so for a moment. */
  runs(ms: number): void;
  /** Its body breaks a rule of the wire: it has not run. */
  broken(message: string): void;
}

/** A python process, or in tests what stands in for one. */
export type Process = Pick<PythonProcess, keyof PythonProcess>;

/** What a slot needs of the server around it. */
export interface SlotContext {
  readonly log: Log;
  readonly clock: () => number;
  readonly scheduler: Scheduler<Task>;
  /** Starts a python process for the slot. */
  start(slot: number): Promise<Process>;
  /** The slot's python process could not be started for a lack of descriptors. */
  lacking(slot: number): void;
  /** Output without a running eval. */
  readonly late: LateOutput;
  /** A record about a session's eval, or about none. */
  note(origin: Origin | undefined, level: LogLevel, msg: string, fields: LogFields): void;
  /** A record about the slot's python process, of which its sessions may want to know. */
  event(slot: number, event: LogEvent, level: LogLevel, msg: string, fields: LogFields): void;
}

/** What a slot is doing. */
export type SlotState = "starting" | "ready" | "closed";

/** One slot. */
export class Slot implements ProcessEvents {
  readonly #index: number;
  readonly #context: SlotContext;
  #process: Process | undefined;
  #router: OutputRouter | undefined;
  /** What all jobs of the process have taken together, as of its last results. */
  #spentMs = 0;
  /** The size of the results that have come since. */
  #resultBytes = 0;
  #closing = false;
  /** It is over while the others go on. */
  readonly #isOwn: boolean;
  #wake: (() => void) | undefined;
  readonly #done: Promise<void>;

  /** Keeps a process from now on; `first` is one that is READY already. */
  constructor(index: number, context: SlotContext, first?: Process, isOwn = false) {
    this.#index = index;
    this.#isOwn = isOwn;
    this.#context = context;
    this.#done = this.#keep(first);
  }

  /** The pid of its python process, if it has one that is READY. */
  get pid(): number | undefined {
    return this.#process?.info.pid;
  }

  /** The pid of that process's guard. */
  get guardPid(): number | undefined {
    return this.#process?.guardPid;
  }

  /** What it is doing. */
  get state(): SlotState {
    return this.#process !== undefined ? "ready" : this.#closing ? "closed" : "starting";
  }

  /** Gives the process a job. */
  handOver(job: Job<Task>): void {
    setJob(job.payload.frame, job.id, job.isAlone);
    this.#router!.begin(job.id, job.payload);
    this.#process!.send(job.payload.frame);
  }

  /** Stops a job that the process has. */
  cancel(job: Job<Task>): void {
    this.#process?.cancel(job.id);
  }

  /** The id of the job whose code the process runs now, 0 if none. */
  get running(): number {
    return this.#process?.running ?? 0;
  }

  /** Interrupts the job that runs. */
  interrupt(job: Job<Task>): void {
    this.#process?.interrupt(job.id);
  }

  /** Sends the signal of an interrupt again. */
  remind(): void {
    this.#process?.remind();
  }

  /** Ends the process; another takes its place. */
  kill(): void {
    this.#process?.kill();
  }

  /** Ends the process for good. Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake?.();
    if (this.#process !== undefined) await this.#endOf(this.#process);
    await this.#done;
  }

  /** Ends a process for good; at the end of its input it would take along what all share. */
  async #endOf(process: Process): Promise<void> {
    if (!this.#isOwn) return await process.end();
    process.kill();
    await process.exited;
  }

  /** See {@linkcode ProcessEvents.result}. */
  result(id: number, status: number, body: Uint8Array, owned: boolean, isRead: boolean): void {
    if (isRead) this.#router!.allRead(id);
    const { scheduler } = this.#context;
    const namespaced = scheduler.head(this.#index)?.namespace !== undefined;
    const begun = !namespaced || status !== ResultStatus.CANCELLED || !wasQueued(body);
    this.#resultBytes += body.length;
    this.#finished(id, begun).result(status, body, owned);
  }

  /** See {@linkcode ProcessEvents.broken}. */
  broken(id: number, message: string): void {
    this.#finished(id, false).broken(message);
  }

  /** See {@linkcode ProcessEvents.note}. */
  note(job: number, { level, msg, ...fields }: Record<string, string | number | boolean>): void {
    const known = LOG_LEVELS.find((name) => name === level) ?? "info";
    const origin = job === 0 ? undefined : this.#router?.origin(job);
    this.#context.note(origin, known, String(msg), { ...fields, python_pid: this.pid });
  }

  /** See {@linkcode ProcessEvents.turn}. */
  turn(): void {
    const { scheduler, clock } = this.#context;
    const spentMs = this.#process?.spentMs() ?? 0;
    const movedMs = this.#resultBytes / RESULT_BYTES_PER_MS;
    scheduler.proceed(this.#index, clock(), spentMs - this.#spentMs + movedMs);
    this.#spentMs = spentMs;
    this.#resultBytes = 0;
  }

  /** See {@linkcode ProcessEvents.output}. */
  output(pipe: 1 | 2, chunk: Uint8Array): Promise<void> | undefined {
    return this.#router!.read(pipe, chunk);
  }

  /** See {@linkcode ProcessEvents.fault}. */
  fault(message: string): void {
    const python_pid = this.pid;
    this.#context.log.error("python process ended for a broken link", { python_pid, message });
  }

  #finished(id: number, begun: boolean): Task {
    const job = this.#context.scheduler.finished(this.#index, id, begun);
    if (job === undefined) throw new Error(`a result came for job ${id}, which is not running`);
    return job.payload;
  }

  async #keep(first: Process | undefined): Promise<void> {
    const { log } = this.#context;
    let pause = 0;
    let process = first;
    while (!this.#closing) {
      try {
        process ??= await this.#context.start(this.#index);
      } catch (error) {
        if (this.#closing) return;
        if (lacksDescriptors(error)) this.#context.lacking(this.#index);
        pause = nextPause(pause);
        log.error("python process did not start", { error: errorText(error), retry_ms: pause });
        await this.#sleep(pause);
        continue;
      }
      if (this.#closing) await this.#endOf(process);
      else {
        const started = await this.#run(process);
        pause = started === 0 ? nextPause(pause) : 0;
        if (pause > 0) await this.#sleep(pause);
      }
      process = undefined;
    }
  }

  /** Lives with a process until its death. */
  async #run(process: Process): Promise<number> {
    const { clock, scheduler, late } = this.#context;
    const { pid } = process.info;
    this.#event("python_ready", "info", "python process ready", {
      slot: this.#index,
      python_pid: pid,
    });
    this.#process = process;
    this.#spentMs = 0;
    this.#router = new OutputRouter(process.nonce, late);
    process.listen(this);
    scheduler.ready(this.#index, clock());
    const { exit, started } = await process.exited;
    this.#process = undefined;
    this.#router.finish((target) => (target as Task).settled);
    this.#router = undefined;
    if (!this.#closing) {
      const msg = `python process ended with ${exitText(exit)}`;
      // A script ends its own process, with whatever exit code it likes.
      const level = this.#isOwn && "exit_code" in exit ? "info" : "warn";
      this.#event("python_died", level, msg, { python_pid: pid, ...exit });
    }
    scheduler.died(this.#index, started, exit);
    return started;
  }

  #event(event: LogEvent, level: LogLevel, msg: string, fields: LogFields): void {
    this.#context.event(this.#index, event, level, msg, fields);
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#closing) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }
}

/** Doubles from {@linkcode RESTART_PAUSE_MS} on. */
function nextPause(pause: number): number {
  return Math.min(MAX_RESTART_PAUSE_MS, pause === 0 ? RESTART_PAUSE_MS : pause * 2);
}

/** Whether a CANCELLED result says that nothing of the eval has run. */
function wasQueued(body: Uint8Array): boolean {
  const control = new Control("RESULT", controlPart("RESULT", body));
  return control.required("how", "string") === "queued";
}
