/**
 * A python process as LINK.md describes it, in memory and in steps: between any two of them it may
 * be signalled or die.
 *
 * The code of an eval is a plan: its marker, then words. `w` works for a step, `p100` prints as
 * many bytes, `P100` to stderr, `r100` writes them raw, `l` loops until it is interrupted, `c` has
 * the next KeyboardInterrupt caught, `s` loops and swallows them all, `e` raises, `u` gives what
 * cannot be sent, `V` gives a large value, `x` ends the process, `k` kills it.
 *
 * @module
 */
import { encode, type ValueType } from "@std/msgpack";
import type { Exit } from "../../../fake_server/common/exit.ts";
import { MAX_JOBS_AHEAD } from "../../../fake_server/common/limits.ts";
import type { Death, PythonInfo } from "../../../fake_server/executors/executor.ts";
import { LinkType, READ_FLAG } from "../../../fake_server/executors/local/link/link.ts";
import type { Process } from "../../../fake_server/executors/local/local_execution.ts";
import type { ProcessEvents } from "../../../fake_server/executors/local/process_events.ts";
import { frameBytes, readU32, writeU32 } from "../../../src/wire/frame.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { HEADER_BYTES, MAX_FRAME_BODY_BYTES } from "../../../src/wire/limits.ts";
import { MessageType, ResultStatus } from "../../../src/wire/messages.ts";
import { evalParts } from "../../eval_body.ts";
import { type EvalModel, type Model, must, outputBytes } from "./model.ts";
import type { Random } from "./random.ts";

/** As much as fits into a pipe. */
const PIPE_BYTES = 64 * 1024;

/** Python lets go of this part of what is raised: in a finalizer, or while it holds a lock. */
const LOST_PART = 0.3;

/** Of the evals that write nothing, so many say so. */
const READ_PART = 0.5;
/** But not of more for one job. */
const MOST_LOST = 4;

interface Job {
  job: number;
  model: EvalModel;
  /** What has been done of it: begun, running, its RESULT half written or whole, output ended. */
  phase: "begun" | "runs" | "answers" | "half" | "answered" | "ended";
  at: number;
  catches: number;
  /** Signals that Python has let go of. */
  lost: number;
  result: Uint8Array;
  isRead: boolean;
  answer: string;
}

/** Bytes on their way to the server. */
class Bytes {
  #chunks: Uint8Array[] = [];
  length = 0;
  /** The server does not read this pipe now. */
  paused = false;

  push(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.length += bytes.length;
  }

  take(random: Random): Uint8Array {
    const chunk = this.#chunks[0]!;
    const count = random.chance(0.7) ? chunk.length : random.between(1, chunk.length);
    if (count === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(count);
    this.length -= count;
    // The reader's buffer goes round.
    return chunk.slice(0, count);
  }
}

/** The process. */
export class FakePython implements Process {
  readonly nonce: Uint8Array;
  readonly exited: Promise<Death>;
  readonly info: PythonInfo;
  readonly guardPid: number;
  readonly #model: Model;
  readonly #random: Random;
  readonly #resolveExited: (death: Death) => void;
  #events: ProcessEvents | undefined;
  #inbox: Uint8Array[] = [];
  #current: Job | undefined;
  /** RESULTs on the link that say READ. */
  #untoldReads = 0;
  #exit: Exit | undefined;
  #reaped = false;
  #killed = false;
  #signals = 0;
  /** The page. */
  #started = 0;
  #running = 0;
  #spentMs = 0;
  #cancels = new Set<number>();
  #interrupts = 0;
  #interrupted = 0;
  /** What the running job has felt. */
  #raised = 0;
  #felt = 0;
  readonly #link = new Bytes();
  readonly #reader = new FrameReader(MAX_FRAME_BODY_BYTES);
  readonly #pipes = [new Bytes(), new Bytes()] as const;

  /** Starts one. */
  constructor(pid: number, model: Model, random: Random) {
    this.#model = model;
    this.#random = random;
    this.info = {
      pid,
      executable: "python3",
      version: "3.11.7",
      implementation: "CPython",
      msgpack: "c",
      descriptors: 0,
    };
    this.guardPid = pid;
    this.nonce = Uint8Array.from({ length: 16 }, (_, i) => i === 0 ? 0xff : random.below(256));
    const { promise, resolve } = Promise.withResolvers<Death>();
    this.exited = promise;
    this.#resolveExited = resolve;
  }

  // What the server does with it.

  get running(): number {
    return this.#running;
  }

  spentMs(): number {
    return this.#spentMs;
  }

  listen(events: ProcessEvents): void {
    this.#events = events;
  }

  send(pieces: readonly Uint8Array[]): void {
    const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    if (bytes[2] === MessageType.EVAL) this.#evalOf(bytes).model.handOvers++;
    if (this.#exit !== undefined) return;
    this.#inbox.push(bytes);
    const ahead = this.#inbox.length + (this.#current === undefined ? 0 : 1);
    must(ahead <= MAX_JOBS_AHEAD + 10, () => `${ahead} messages wait in a python process`);
  }

  cancel(job: number): void {
    if (this.#exit !== undefined) return;
    this.#cancels.add(job);
    this.#signals++;
  }

  interrupt(job: number): void {
    if (this.#exit !== undefined) return;
    this.#interrupts++;
    this.#interrupted = job;
    this.#signals++;
  }

  remind(): void {
    this.#signals++;
  }

  kill(): void {
    this.#killed = true;
  }

  // What the schedule does with it.

  /** The eval whose code has begun and not answered. */
  get busyWith(): EvalModel | undefined {
    const current = this.#current;
    return current === undefined || current.phase === "answered" || current.phase === "ended"
      ? undefined
      : current.model;
  }

  get isDead(): boolean {
    return this.#exit !== undefined;
  }

  /** The number of the job that it has begun and not answered, 0 if none. */
  get busyJob(): number {
    return this.busyWith === undefined ? 0 : this.#current!.job;
  }

  /** What can happen next. */
  actions(): (() => void)[] {
    const list: (() => void)[] = [];
    const pipes = this.#pipes;
    if (this.#exit === undefined) {
      if (this.#killed) list.push(() => this.die({ signal: "SIGKILL" }));
      if (this.#canStep()) list.push(() => this.#step());
      if (this.#signals > 0) list.push(() => this.#signal());
    } else if (this.#link.length + pipes[0].length + pipes[1].length === 0 && !this.#reaped) {
      list.push(() => {
        this.#reaped = true;
        this.#resolveExited({ exit: this.#exit!, started: this.#started });
      });
    }
    if (this.#events === undefined) return list;
    if (this.#link.length > 0) list.push(() => this.#deliverLink());
    for (const pipe of [1, 2] as const) {
      const bytes = pipes[pipe - 1]!;
      // As the server does not take raw bytes before it knows of all that were silent before.
      if (bytes.length > 0 && (!bytes.paused || this.isDead) && this.#untoldReads === 0) {
        list.push(() => this.#deliverPipe(pipe, bytes));
      }
    }
    return list;
  }

  /** Ends the process, wherever it is. */
  die(exit: Exit): void {
    if (this.#exit !== undefined) return;
    this.#exit = exit;
    this.#running = 0;
    this.#inbox = [];
    this.#model.count("process deaths");
    const model = this.busyWith;
    this.#current = undefined;
    if (model === undefined) return;
    model.running = false;
    model.lost = true;
  }

  #canStep(): boolean {
    const current = this.#current;
    if (current === undefined) return this.#inbox.length > 0;
    if (current.phase !== "runs") return true;
    const word = current.model.plan[current.at] ?? "";
    if (word === "l" || word === "s") return false;
    return !/^[pPr]/.test(word) || this.#pipes[0].length < PIPE_BYTES;
  }

  #step(): void {
    const current = this.#current;
    if (current === undefined) return this.#next();
    const { job } = current;
    switch (current.phase) {
      case "begun":
        current.phase = "runs";
        this.#running = job;
        break;
      case "runs":
        this.#run(current);
        break;
      case "answers":
        // Its two halves are one write, which its death may cut.
        this.#link.push(current.result.slice(0, current.result.length >> 1));
        current.phase = "half";
        break;
      case "half":
        this.#link.push(current.result.slice(current.result.length >> 1));
        current.phase = "answered";
        current.model.answer = current.answer;
        current.model.running = false;
        if (current.isRead) {
          this.#untoldReads++;
          this.#current = undefined;
        }
        break;
      case "answered":
        this.#pipes[0].push(this.#record(2, 0, job, new Uint8Array(0)));
        current.phase = "ended";
        break;
      case "ended":
        this.#pipes[1].push(this.#record(2, 0, job, new Uint8Array(0)));
        this.#current = undefined;
        break;
    }
  }

  #evalOf(frame: Uint8Array): { model: EvalModel; namespace: string | undefined } {
    const { control, code } = evalParts(frame.subarray(HEADER_BYTES + 4));
    return { model: this.#model.ofCode(code), namespace: control.namespace as string | undefined };
  }

  #next(): void {
    const frame = this.#inbox.shift()!;
    const job = readU32(frame, 8);
    if (frame[2] === LinkType.FORGET) {
      this.#started = job;
      const body = Uint8Array.of(0, 0, 0, 1, 0x80);
      this.#link.push(frameBytes(MessageType.RESULT, ResultStatus.VALUE, job, body));
      for (const pipe of this.#pipes) pipe.push(this.#record(2, 0, job, new Uint8Array(0)));
      return;
    }
    const { model, namespace } = this.#evalOf(frame);
    const { marker } = model;
    const current: Job = {
      job,
      model,
      phase: "begun",
      at: 0,
      catches: 0,
      lost: 0,
      result: new Uint8Array(),
      isRead: false,
      answer: "",
    };
    this.#current = current;
    if (this.#cancels.has(job)) return this.#answer(current, "cancelled queued");
    this.#started = job;
    model.starts++;
    this.#model.count("evals started");
    must(model.starts === 1, () => `eval ${marker} was started ${model.starts} times`);
    must(namespace === model.namespace, () => `eval ${marker} came with namespace ${namespace}`);
    for (const other of this.#model.evals.values()) {
      must(
        !other.running || other.session !== model.session,
        () => `evals ${other.marker} and ${marker} of session ${model.session} run at once`,
      );
    }
    model.running = true;
    if (namespace === undefined) return;
    const name = `${model.session}/${namespace}`;
    const lives = this.#model.namespaces.get(name) ?? this.info.pid;
    must(lives === this.info.pid, () => `eval ${marker} runs although its namespace is gone`);
    this.#model.namespaces.set(name, this.info.pid);
  }

  #run(current: Job): void {
    const { model, job } = current;
    const word = model.plan[current.at++];
    if (word === undefined) return this.#answer(current, "value");
    const size = Number(word.slice(1));
    switch (word[0]) {
      case "w":
        return;
      case "p":
      case "P": {
        const fd = word[0] === "p" ? 1 : 2;
        for (let left = size; left > 0; left -= 4_000) {
          const bytes = this.#output(model, fd, Math.min(left, 4_000));
          this.#pipes[0].push(this.#record(1, fd, job, bytes));
        }
        return;
      }
      case "r":
        return this.#pipes[0].push(this.#output(model, 1, size));
      case "c":
        current.catches++;
        return;
      case "e":
        return this.#answer(current, "error ValueError");
      case "u":
        return this.#answer(current, "unsendable");
      case "V":
        return this.#answer(current, "large value");
      case "x":
        return this.die({ exit_code: 3 });
      case "k":
        return this.die({ signal: "SIGSEGV" });
    }
    throw new Error(`there is no word ${word}`);
  }

  #signal(): void {
    this.#signals--;
    const current = this.#current;
    const job = this.#running;
    if (job === 0 || current === undefined) return;
    const isCancelled = this.#cancels.has(job) && this.#raised !== job;
    const isInterrupted = this.#interrupts !== this.#felt && this.#interrupted === job;
    if (!isCancelled && !isInterrupted) return;
    if (current.lost < MOST_LOST && this.#random.chance(LOST_PART)) {
      current.lost++;
      return;
    }
    this.#felt = this.#interrupts;
    const { model } = current;
    const { marker } = model;
    this.#model.count("KeyboardInterrupts raised");
    if (isInterrupted) {
      must(model.interruptible, () => `eval ${marker} was interrupted, and nobody had asked`);
    }
    if (isCancelled) this.#raised = job;
    if (model.plan[current.at] === "s") return;
    if (current.catches > 0) {
      current.catches--;
      if (model.plan[current.at] === "l") current.at++;
      return;
    }
    this.#answer(current, isCancelled ? "cancelled interrupted" : "error KeyboardInterrupt");
  }

  /** The RESULT is made; it takes two steps to write it. */
  #answer(current: Job, answer: string): void {
    this.#running = 0;
    this.#spentMs += this.#random.pick([0.005, 0.01, 0.1, 0.5, 10]);
    current.phase = "answers";
    current.answer = answer;
    const [kind, detail] = answer.split(" ") as [string, string];
    const { marker } = current.model;
    const { VALUE, PYTHON_ERROR, CANCELLED, UNSENDABLE } = ResultStatus;
    const [status, control, values]: [number, ValueType, ValueType?] = kind === "value"
      ? [VALUE, {}, marker]
      : kind === "large"
      ? [VALUE, {}, new Uint8Array(40_000).fill(marker & 0xff)]
      : kind === "error"
      ? [PYTHON_ERROR, {}, exceptionRecord(detail)]
      : kind === "cancelled"
      ? [CANCELLED, { how: detail }]
      : [UNSENDABLE, { message: "no", path: "result", type: "x" }];
    const { written } = current.model;
    // As python does where the pipes are left unread: what has written nothing gets no END.
    current.isRead = written[1] === 0 && written[2] === 0 && this.#random.chance(READ_PART);
    const flags = current.isRead ? status | READ_FLAG : status;
    current.result = frameBytes(MessageType.RESULT, flags, current.job, resultOf(control, values));
  }

  #output(model: EvalModel, fd: 1 | 2, size: number): Uint8Array {
    const start = model.written[fd];
    model.written[fd] += size;
    return outputBytes(model.marker, start, size);
  }

  #record(kind: number, fd: number, job: number, payload: Uint8Array): Uint8Array {
    const record = new Uint8Array(24 + payload.length);
    record.set(this.nonce);
    record[16] = kind;
    record[17] = fd;
    record[18] = payload.length >> 8;
    record[19] = payload.length;
    writeU32(record, 20, job);
    record.set(payload, 24);
    return record;
  }

  #deliverLink(): void {
    const events = this.#events!;
    const bytes = this.#link.take(this.#random);
    for (let at = 0; at < bytes.length;) {
      const space = this.#reader.space();
      const part = bytes.subarray(at, at + space.length);
      space.set(part);
      at += part.length;
      for (const frame of this.#reader.filled(part.length)) {
        const { type, id, flags, body, owned } = frame;
        if (type === LinkType.NOTE) events.note(id, {});
        else {
          const isRead = (flags & READ_FLAG) !== 0;
          if (isRead) this.#untoldReads--;
          events.result(id, flags & ~READ_FLAG, body, owned, isRead);
        }
      }
    }
    events.turn();
  }

  #deliverPipe(pipe: 1 | 2, bytes: Bytes): void {
    const pressure = this.#events!.output(pipe, bytes.take(this.#random));
    if (pressure === undefined) return;
    bytes.paused = true;
    pressure.then(() => bytes.paused = false);
  }
}

function resultOf(control: ValueType, values: ValueType | undefined): Uint8Array {
  const first = encode(control);
  const second = values === undefined ? new Uint8Array(0) : encode(values);
  const body = new Uint8Array(4 + first.length + second.length);
  writeU32(body, 0, first.length);
  body.set(first, 4);
  body.set(second, 4 + first.length);
  return body;
}

function exceptionRecord(type: string): ValueType {
  return {
    type,
    module: "builtins",
    message: "",
    args: [],
    mro: [type],
    traceback: "",
    frames: [],
    notes: [],
    cause: null,
    context: null,
    errors: null,
    syntax: null,
  };
}
