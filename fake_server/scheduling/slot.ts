/**
 * The place of one Python process: keeps an execution in it, hands it the scheduler's jobs, and
 * brings results back to their owners.
 *
 * @module
 */
import { type CloseReason, type LogEvent, ResultStatus } from "../../src/wire/messages.ts";
import { Control, controlPart } from "../common/control.ts";
import { exitText } from "../common/exit.ts";
import { MAX_RESTART_PAUSE_MS, RESTART_PAUSE_MS, RESULT_BYTES_PER_MS } from "../common/limits.ts";
import { errorText, LOG_LEVELS, type LogFields, type LogLevel } from "../common/log.ts";
import type { Observer } from "../common/observer.ts";
import { lacksDescriptors } from "../common/shortage.ts";
import type { EvalId, Execution, ExecutionSink, LateOutput } from "../executors/executor.ts";
import type { Job } from "./job.ts";
import type { JobOwner } from "./job_owner.ts";
import type { Scheduler } from "./scheduler.ts";

/** The sessions, as the slots of their Python processes see them. */
export interface SlotSessions {
  /** Output without a running eval. */
  late: LateOutput;
  /** A line about an eval, or about none. */
  note(evalId: EvalId | undefined, level: LogLevel, msg: string, fields: LogFields): void;
  /** Something has happened to the Python process of a slot. */
  event(slot: number, event: LogEvent, level: LogLevel, msg: string, fields: LogFields): void;
  /** The sessions of a slot cannot go on. */
  fail(slot: number, code: CloseReason, message: string): void;
}

/** What a slot needs of the server around it. */
export interface SlotContext {
  readonly observer: Observer;
  readonly clock: () => number;
  readonly scheduler: Scheduler<JobOwner>;
  readonly sessions: SlotSessions;
  /** Starts an execution for the slot. */
  start(slot: number): Promise<Execution>;
  /** It could not be started for a lack of descriptors. */
  lacking(slot: number): void;
}

/** What a slot is doing. */
export type SlotState = "starting" | "ready" | "closed";

/** One slot. */
export class Slot implements ExecutionSink {
  readonly #index: number;
  readonly #context: SlotContext;
  #execution: Execution | undefined;
  /** The size of the results that have come since the last turn. */
  #resultBytes = 0;
  #closing = false;
  /** It belongs to one session and ends with it. */
  readonly #isOwn: boolean;
  #wake: (() => void) | undefined;
  readonly #done: Promise<void>;

  /** Keeps an execution from now on; `first` is one that is there already. */
  constructor(index: number, context: SlotContext, first?: Execution, isOwn = false) {
    this.#index = index;
    this.#isOwn = isOwn;
    this.#context = context;
    this.#done = this.#keep(first);
  }

  /** The pid of its Python process, if it has one that is ready. */
  get pid(): number | undefined {
    return this.#execution?.info.pid;
  }

  /** The pid of that process's guard. */
  get guardPid(): number | undefined {
    return this.#execution?.guardPid;
  }

  /** What it is doing. */
  get state(): SlotState {
    return this.#execution !== undefined ? "ready" : this.#closing ? "closed" : "starting";
  }

  /** Gives it a job. */
  handOver({ id, isAlone, payload }: Job<JobOwner>): void {
    this.#execution!.run({ id, isAlone, work: payload.work, output: payload });
    this.#tellStart();
  }

  /** Stops a job that it has. */
  cancel(job: Job<JobOwner>): void {
    this.#execution?.cancel(job.id);
  }

  /** The id of the job whose code runs now, 0 if none. */
  get running(): number {
    return this.#execution?.running ?? 0;
  }

  /** Interrupts the job that runs. */
  interrupt(job: Job<JobOwner>): void {
    this.#execution?.interrupt(job.id);
  }

  /** Sends the signal of an interrupt again. */
  remind(): void {
    this.#execution?.remind();
  }

  /** Ends the execution; another takes its place. */
  kill(): void {
    if (this.#execution === undefined) return;
    const { pid } = this.#execution.info;
    this.#context.observer.processKilled?.({ slot: this.#index, pid });
    this.#execution.kill();
  }

  /** Ends the execution for good. Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake?.();
    this.#execution?.kill();
    await this.#done;
  }

  /** See {@linkcode ExecutionSink.result}. */
  result(id: number, status: number, body: Uint8Array, owned: boolean): void {
    const { scheduler } = this.#context;
    const namespaced = scheduler.head(this.#index)?.namespace !== undefined;
    const begun = !namespaced || status !== ResultStatus.CANCELLED || !wasQueued(body);
    this.#resultBytes += body.length;
    this.#finished(id, begun).result(status, body, owned);
  }

  /** See {@linkcode ExecutionSink.broken}. */
  broken(id: number, message: string): void {
    this.#finished(id, false).broken(message);
  }

  /** See {@linkcode ExecutionSink.note}. */
  note(
    evalId: EvalId | undefined,
    { level, msg, ...fields }: Record<string, string | number | boolean>,
  ): void {
    const known = LOG_LEVELS.find((name) => name === level) ?? "info";
    this.#context.sessions.note(evalId, known, String(msg), { ...fields, python_pid: this.pid });
  }

  /** See {@linkcode ExecutionSink.turn}. */
  turn(tookMs: number): void {
    const { scheduler, clock } = this.#context;
    const movedMs = this.#resultBytes / RESULT_BYTES_PER_MS;
    scheduler.proceed(this.#index, clock(), tookMs + movedMs);
    this.#resultBytes = 0;
  }

  /** See {@linkcode ExecutionSink.late}. */
  late(evalId: EvalId | undefined, fd: 1 | 2, bytes: Uint8Array): Promise<void> | undefined {
    return this.#context.sessions.late(evalId, fd, bytes);
  }

  /** See {@linkcode ExecutionSink.fault}. */
  fault(message: string): void {
    const { observer } = this.#context;
    observer.linkBroken?.({ slot: this.#index, pid: this.pid, message });
  }

  #finished(id: number, begun: boolean): JobOwner {
    const job = this.#context.scheduler.finished(this.#index, id, begun);
    if (job === undefined) throw new Error(`a result came for job ${id}, which is not running`);
    this.#tellStart();
    return job.payload;
  }

  /** Tells the first job that its turn has come. */
  #tellStart(): void {
    const { observer, scheduler, clock } = this.#context;
    if (observer.evalStarted === undefined && observer.evalEnded === undefined) return;
    scheduler.head(this.#index)?.payload.starts(clock());
  }

  async #keep(first: Execution | undefined): Promise<void> {
    const { observer } = this.#context;
    let pause = 0;
    let execution = first;
    while (!this.#closing) {
      try {
        execution ??= await this.#context.start(this.#index);
      } catch (error) {
        if (this.#closing) return;
        if (lacksDescriptors(error)) this.#context.lacking(this.#index);
        pause = nextPause(pause);
        observer.processFailed?.({
          slot: this.#index,
          error: errorText(error),
          retryMs: pause,
        });
        await this.#sleep(pause);
        continue;
      }
      if (this.#closing) {
        execution.kill();
        await execution.exited;
        return;
      }
      const started = await this.#live(execution);
      execution = undefined;
      pause = started === 0 ? nextPause(pause) : 0;
      if (pause > 0) await this.#sleep(pause);
    }
  }

  /** Gives jobs to an execution until its death. Returns the job that it had begun last, or 0. */
  async #live(execution: Execution): Promise<number> {
    const { clock, scheduler, observer, sessions } = this.#context;
    const slot = this.#index;
    const { pid } = execution.info;
    observer.processStarted?.({ slot, pid });
    const fields = { slot, python_pid: pid };
    sessions.event(slot, "python_ready", "info", "python process ready", fields);
    this.#execution = execution;
    execution.listen(this);
    scheduler.ready(slot, clock());
    const { exit, started } = await execution.exited;
    this.#execution = undefined;
    if (!this.#closing) {
      // A script ends its own process, with any exit code that it likes.
      const level = this.#isOwn && "exit_code" in exit ? "info" : "warn";
      observer.processDied?.({ slot, pid, exit, level });
      const msg = `python process ended with ${exitText(exit)}`;
      sessions.event(slot, "python_died", level, msg, { python_pid: pid, ...exit });
    }
    scheduler.died(slot, started, exit);
    return started;
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
