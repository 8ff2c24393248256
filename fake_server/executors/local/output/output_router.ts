/**
 * Gives the output in a Python process's two pipes to the jobs that wrote it, and knows when the
 * output of a job is complete.
 *
 * @module
 */
import { REMEMBERED_JOBS } from "../../../common/limits.ts";
import type { EvalId, LateOutput, OutputSink } from "../../executor.ts";
import { notAfter } from "../../job_ids.ts";
import { type OutputEvent, OutputRecords } from "./output_records.ts";

interface Entry {
  job: number;
  sink: OutputSink;
  /** All of its output has been read, so no END record comes. */
  isRead: boolean;
}

/** The output of one Python process. */
export class OutputRouter {
  readonly #pipes: readonly [OutputRecords, OutputRecords];
  readonly #late: LateOutput;
  /** Jobs handed over whose output has not ended on both pipes, in order. */
  readonly #open: Entry[] = [];
  /** How many of those have ended on pipe 1 and on pipe 2. */
  readonly #ended: [number, number] = [0, 0];
  /** The evals of jobs that have ended, each at its id modulo the length. */
  readonly #past: { job: number; evalId: EvalId }[] = [];
  #lastPast: EvalId | undefined;
  /** The job whose result was told last. */
  #lastOver = 0;

  /** Makes one for the process that was given `nonce`. */
  constructor(nonce: Uint8Array, late: LateOutput) {
    this.#pipes = [new OutputRecords(nonce), new OutputRecords(nonce)];
    this.#late = late;
  }

  /** The process has been given a job. */
  begin(job: number, sink: OutputSink): void {
    this.#open.push({ job, sink, isRead: false });
  }

  /** Whose job it is, or was not too long ago. */
  evalId(job: number): EvalId | undefined {
    return this.#pastEval(job) ?? this.#open.find((entry) => entry.job === job)?.sink.evalId;
  }

  /** The result of a job has come. */
  over(job: number): void {
    this.#lastOver = job;
  }

  /** Takes what was read from a pipe. Returns what has to happen before more is read. */
  read(pipe: 1 | 2, chunk: Uint8Array): Promise<void> | undefined {
    return this.#route(pipe, this.#pipes[pipe - 1]!.push(chunk));
  }

  /** `read()` has had all output of a job, and no END record of it comes. */
  allRead(job: number): void {
    const first = this.#open[0];
    const entry = first?.job === job ? first : this.#open.find((entry) => entry.job === job);
    if (entry === undefined) return;
    this.#letGo(1, entry);
    this.#letGo(2, entry);
    entry.isRead = true;
    this.#advance();
  }

  /** The process is dead and its pipes are read: jobs that have a result have no more output. */
  finish(): void {
    for (const pipe of [1, 2] as const) this.#route(pipe, this.#pipes[pipe - 1]!.end());
    for (const { job, sink } of this.#open.splice(0)) {
      if (this.#lastOver !== 0 && notAfter(job, this.#lastOver)) sink.outputEnd();
    }
  }

  /** Bytes that might have been the start of a record are none: records are written whole. */
  #letGo(pipe: 1 | 2, entry: Entry): void {
    const records = this.#pipes[pipe - 1]!;
    const isCurrent = this.#open[this.#ended[pipe - 1]!] === entry;
    if (isCurrent && records.isHolding) this.#route(pipe, records.end());
  }

  #route(pipe: 1 | 2, events: OutputEvent[]): Promise<void> | undefined {
    // Pieces of one eval and descriptor that follow each other become one message.
    let pieces: Uint8Array[] = [];
    let length = 0;
    let sink: OutputSink | undefined;
    let fd: 1 | 2 = 1;
    let pressure: Promise<void> | undefined;
    const flush = (): void => {
      if (sink === undefined || length === 0) return;
      sink.output(fd, pieces, length);
      pressure = sink.pressure() ?? pressure;
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
        const evalId = event.kind === "data" ? this.#pastEval(event.job) : this.#lastPast;
        pressure = this.#late(evalId, eventFd, event.bytes) ?? pressure;
        continue;
      }
      if (entry.sink !== sink || eventFd !== fd) flush();
      sink = entry.sink;
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

  /** Removes the jobs that have ended on both pipes. */
  #advance(): void {
    const ended = this.#ended;
    while (this.#open[ended[0]]?.isRead) ended[0]++;
    while (this.#open[ended[1]]?.isRead) ended[1]++;
    while (ended[0] > 0 && ended[1] > 0) {
      ended[0]--;
      ended[1]--;
      const { job, sink } = this.#open.shift()!;
      this.#remember(job, sink.evalId);
      sink.outputEnd();
    }
  }

  #remember(job: number, evalId: EvalId): void {
    this.#lastPast = evalId;
    const past = this.#past[job % REMEMBERED_JOBS];
    if (past === undefined) this.#past[job % REMEMBERED_JOBS] = { job, evalId };
    else {
      past.job = job;
      past.evalId = evalId;
    }
  }

  #pastEval(job: number): EvalId | undefined {
    const entry = this.#past[job % REMEMBERED_JOBS];
    return entry?.job === job ? entry.evalId : undefined;
  }
}
