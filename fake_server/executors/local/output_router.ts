/**
 * Whose output it is: gives what comes through a python process's two pipes to the evals it belongs
 * to, and knows when an eval's output is complete.
 *
 * @module
 */
import { REMEMBERED_JOBS } from "../../common/limits.ts";
import { notAfter } from "../job_ids.ts";
import { type OutputEvent, OutputRecords } from "./output_records.ts";

/** Where an eval came from: its session's number and its own id there. */
export interface Origin {
  session: number;
  request: number;
}

/** Takes the output of one eval. */
export interface OutputTarget {
  readonly origin: Origin;
  /** The pieces are good until this returns; `length` is their bytes together. */
  output(fd: 1 | 2, pieces: readonly Uint8Array[], length: number): void;
  /** Nothing more comes. */
  outputEnd(): void;
  /** What has to happen before more is read; undefined if nothing. */
  pressure(): Promise<void> | undefined;
}

/**
 * Takes output that belongs to no running eval: written by a thread after its eval's end, or before
 * there was any. Gives back what has to happen before more is read.
 */
export type LateOutput = (
  origin: Origin | undefined,
  fd: 1 | 2,
  bytes: Uint8Array,
) => Promise<void> | undefined;

interface Entry {
  job: number;
  target: OutputTarget;
  /** No END comes: all of its output has been read. */
  isRead: boolean;
}

/** The output of one python process. */
export class OutputRouter {
  readonly #pipes: readonly [OutputRecords, OutputRecords];
  readonly #late: LateOutput;
  /** Jobs handed over whose output has not ended on both pipes, in order. */
  readonly #open: Entry[] = [];
  /** How many of those have ended on pipe 1 and on pipe 2. */
  readonly #ended: [number, number] = [0, 0];
  /** Where jobs that have ended came from, each at its id modulo the length. */
  readonly #past: { job: number; origin: Origin }[] = [];
  #lastPast: Origin | undefined;

  /** Makes one for the process that was given `nonce`. */
  constructor(nonce: Uint8Array, late: LateOutput) {
    this.#pipes = [new OutputRecords(nonce), new OutputRecords(nonce)];
    this.#late = late;
  }

  /** The process has been given a job. */
  begin(job: number, target: OutputTarget): void {
    this.#open.push({ job, target, isRead: false });
  }

  /** Where a job came from, if it is not too long ago. */
  origin(job: number): Origin | undefined {
    return this.#pastOrigin(job) ?? this.#open.find((entry) => entry.job === job)?.target.origin;
  }

  /** Takes what was read from a pipe; gives back what has to happen before more is read. */
  read(pipe: 1 | 2, chunk: Uint8Array): Promise<void> | undefined {
    return this.#route(pipe, this.#pipes[pipe - 1]!.push(chunk));
  }

  /** All output of a job has come to `read()`, and no END of it will. */
  allRead(job: number): void {
    const first = this.#open[0];
    const entry = first?.job === job ? first : this.#open.find((entry) => entry.job === job);
    if (entry === undefined) return;
    this.#letGo(1, entry);
    this.#letGo(2, entry);
    entry.isRead = true;
    this.#advance();
  }

  /** The process is dead and its pipes are read: what `isSettled` has no more output. */
  finish(isSettled: (target: OutputTarget) => boolean): void {
    for (const pipe of [1, 2] as const) this.#route(pipe, this.#pipes[pipe - 1]!.end());
    for (const { target } of this.#open.splice(0)) if (isSettled(target)) target.outputEnd();
  }

  /** What was held back as the possible start of a record is none: those are written whole. */
  #letGo(pipe: 1 | 2, entry: Entry): void {
    const records = this.#pipes[pipe - 1]!;
    const isCurrent = this.#open[this.#ended[pipe - 1]!] === entry;
    if (isCurrent && records.isHolding) this.#route(pipe, records.end());
  }

  #route(pipe: 1 | 2, events: OutputEvent[]): Promise<void> | undefined {
    // Pieces of one eval and descriptor that follow each other become one message.
    let pieces: Uint8Array[] = [];
    let length = 0;
    let target: OutputTarget | undefined;
    let fd: 1 | 2 = 1;
    let pressure: Promise<void> | undefined;
    const flush = (): void => {
      if (target === undefined || length === 0) return;
      target.output(fd, pieces, length);
      pressure = target.pressure() ?? pressure;
      pieces = [];
      length = 0;
    };
    for (const event of events) {
      if (event.kind === "end") {
        flush();
        this.#end(pipe, event.job);
        continue;
      }
      const eventFd = event.kind === "data" ? event.fd : pipe;
      const entry = this.#owner(pipe, event);
      if (entry === undefined) {
        flush();
        const origin = event.kind === "data" ? this.#pastOrigin(event.job) : this.#lastPast;
        pressure = this.#late(origin, eventFd, event.bytes) ?? pressure;
        continue;
      }
      if (entry.target !== target || eventFd !== fd) flush();
      target = entry.target;
      fd = eventFd;
      pieces.push(event.bytes);
      length += event.bytes.length;
    }
    flush();
    return pressure;
  }

  /** The running eval that wrote this; undefined if there is none. */
  #owner(pipe: 1 | 2, event: OutputEvent & { kind: "raw" | "data" }): Entry | undefined {
    const first = this.#open[this.#ended[pipe - 1]!];
    if (event.kind === "raw" || first === undefined || first.job === event.job) return first;
    return this.#open.find(({ job }, i) => i >= this.#ended[pipe - 1]! && job === event.job);
  }

  #end(pipe: 1 | 2, job: number): void {
    const ended = this.#ended;
    const i = pipe - 1 as 0 | 1;
    while (ended[i] < this.#open.length && notAfter(this.#open[ended[i]]!.job, job)) ended[i]++;
    this.#advance();
  }

  /** Lets go of the jobs that have ended on both pipes. */
  #advance(): void {
    const ended = this.#ended;
    while (this.#open[ended[0]]?.isRead) ended[0]++;
    while (this.#open[ended[1]]?.isRead) ended[1]++;
    while (ended[0] > 0 && ended[1] > 0) {
      ended[0]--;
      ended[1]--;
      const { job, target } = this.#open.shift()!;
      this.#remember(job, target.origin);
      target.outputEnd();
    }
  }

  #remember(job: number, origin: Origin): void {
    this.#lastPast = origin;
    const past = this.#past[job % REMEMBERED_JOBS];
    if (past === undefined) this.#past[job % REMEMBERED_JOBS] = { job, origin };
    else {
      past.job = job;
      past.origin = origin;
    }
  }

  #pastOrigin(job: number): Origin | undefined {
    const entry = this.#past[job % REMEMBERED_JOBS];
    return entry?.job === job ? entry.origin : undefined;
  }
}
