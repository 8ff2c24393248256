/**
 * One client: its two streams, its evals in flight, and every way in which that ends.
 *
 * @module
 */
import { type Frame, writeHeader } from "../../src/wire/frame.ts";
import { MAX_COPIED_BYTES } from "../../src/transport/outbox.ts";
import { HEADER_BYTES, MAX_FRAME_BODY_BYTES } from "../../src/wire/limits.ts";
import {
  type CloseReason,
  EvalFlag,
  type Interrupted,
  type LogEvent,
  MessageType,
  type Running,
  SILENT_FLAG,
  type Status,
} from "../../src/wire/messages.ts";
import type { Connection, Receiver } from "./connection.ts";
import { checkControlPart, Control, controlBody, controlPart } from "../common/control.ts";
import { Eval, type EvalOwner } from "./eval.ts";
import { EvalTable } from "./eval_table.ts";
import { Fault } from "../common/fault.ts";
import { Forget } from "./forget.ts";
import type { KeptBuffers } from "../common/kept_buffers.ts";
import {
  BULK_EVALS,
  FORGET_MS,
  MAX_NAMESPACES,
  OUTPUT_HIGH_WATER_BYTES,
  QUEUE_HIGH_WATER_BYTES,
  RESULT_HIGH_WATER_BYTES,
  type ServerLimits,
} from "../common/limits.ts";
import { evalFrame } from "../executors/local/link.ts";
import { errorText, type Log, type LogFields, type LogLevel, logRecord } from "../common/log.ts";
import type { OwnProcess, Pool } from "../scheduling/pool.ts";
import { namespaceOf } from "./namespace.ts";
import { Job, type Line } from "../scheduling/scheduler.ts";
import type { Task } from "../scheduling/slot.ts";

const KNOWN_FLAGS = EvalFlag.NAMESPACE | EvalFlag.RUNNING | EvalFlag.SILENT;

/** What a session needs of the server around it. */
export interface SessionContext {
  readonly pool: Pick<Pool, "scheduler" | "pid" | "python">;
  /** Given if the session has a python process of its own. */
  readonly own?: OwnProcess | undefined;
  readonly log: Log;
  readonly clock: () => number;
  readonly limits: ServerLimits;
  /** Used buffers, for large bodies. */
  readonly buffers: KeptBuffers;
  /** The session is over. */
  closed(session: Session): void;
}

/** One session. */
export class Session implements EvalOwner {
  /** 32 hexadecimal digits, in every log record about it. */
  readonly id: string = crypto.randomUUID().replaceAll("-", "");
  /** Its number on the link to its python process. */
  readonly number: number;
  /** Resolves when it is over. */
  readonly closed: Promise<void>;
  readonly #context: SessionContext;
  readonly #main: Connection;
  readonly #line: Line<Task>;
  readonly #openedAt: number;
  #output: Connection | undefined;
  readonly #evals = new EvalTable();
  #usesNamespaces = false;
  /** OUTPUT_END that is due for all evals up to this. */
  #endDue = 0;
  #ending: "no" | "drain" | "shutdown" | "over" = "no";
  #resume: (() => void) | undefined;
  readonly #resolveClosed: () => void;

  /** A session of whoever is at the other end of `main`. */
  constructor(context: SessionContext, number: number, main: Connection) {
    this.number = number;
    this.#context = context;
    this.#main = main;
    this.#line = context.own?.line ?? context.pool.scheduler.open();
    this.#openedAt = context.clock();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    main.established = true;
    main.maxBody = MAX_FRAME_BODY_BYTES;
    main.receiver = {
      frame: (frame) => this.#frame(frame),
      pressure: () => this.#pressure(),
      fault: (fault) => this.fail(fault.code, fault.message),
      lost: (error) => this.#lost("main", error),
    } satisfies Receiver;
  }

  /** The outputstream has come. */
  attach(output: Connection): void {
    this.#output = output;
    output.established = true;
    output.receiver = {
      frame: (frame) => {
        if (frame.type !== MessageType.ERROR) {
          const type = typeText(frame.type);
          throw new Fault("PROTOCOL", `type ${type} has no place on an outputstream`);
        }
        checkPlain(frame);
        this.#clientError(frame);
      },
      // Of who takes no answers to his PINGs no more are read.
      pressure: () => this.outputPressure(),
      fault: (fault) => this.fail(fault.code, fault.message),
      lost: (error) => this.#lost("output", error),
    } satisfies Receiver;
    output.sendControl(MessageType.OUTPUT_READY, {});
  }

  /** Looks at the session's deadlines; to be called several times a second. */
  tick(now: number): void {
    const { limits } = this.#context;
    if (this.#ending === "over") return;
    if (this.#output === undefined && now - this.#openedAt >= limits.connectAfterHelloMs) {
      const seconds = limits.connectAfterHelloMs / 1_000;
      return this.fail("TIMEOUT", `the outputstream has not come within ${seconds} s of the hello`);
    }
    const states = [
      ["mainstream", this.#main.check(now, RESULT_HIGH_WATER_BYTES)],
      ["outputstream", this.#output?.check(now, OUTPUT_HIGH_WATER_BYTES)],
    ] as const;
    for (const [stream, state] of states) {
      if (state === "slow") {
        const seconds = limits.slowReaderMs / 1_000;
        // What waits there is not going to be read, and holds a python process until it is gone.
        if (stream === "outputstream") this.#output!.close();
        return this.fail("SLOW_READER", `nothing was taken from the ${stream} for ${seconds} s`);
      }
      if (state === "silent") {
        const seconds = (limits.pingIntervalMs + limits.pingTimeoutMs) / 1_000;
        return this.fail(
          "TIMEOUT",
          `nothing came on the ${stream} for ${seconds} s, no PONG either`,
        );
      }
    }
  }

  /** Writes a record about this session to the server's log and, from info on, to the client. */
  log(level: LogLevel, msg: string, fields: LogFields = {}): void {
    this.#context.log.write(level, msg, { session_id: this.id, ...fields });
    this.#logToClient(level, msg, fields);
  }

  /** The slot of its python process. */
  get slot(): number {
    return this.#line.slot;
  }

  /** Tells the client of something that its python process did; the server's log has it already. */
  event(event: LogEvent, level: LogLevel, msg: string, fields: LogFields): void {
    this.#logToClient(level, msg, { event, ...fields });
  }

  /** Takes what a thread wrote after its eval's end; `request` is undefined if that is unknown. */
  late(
    request: number | undefined,
    fd: 1 | 2,
    bytes: Uint8Array,
    pieceBytes: number,
  ): Promise<void> | undefined {
    const fields = { future_id: request, fd };
    this.#context.log.info("late output", { session_id: this.id, ...fields, bytes: bytes.length });
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes);
      const text = new TextDecoder().decode(piece);
      this.#logToClient("info", "late output", { ...fields, text, bytes: piece.length });
    }
    return this.outputPressure();
  }

  /** The server goes down: what is in flight may finish. */
  shutdown(): void {
    if (this.#ending !== "no" && this.#ending !== "drain") return;
    this.#ending = "shutdown";
    this.#finishIfDone();
  }

  /** Ends the session with an ERROR on both streams. */
  fail(code: CloseReason, message: string): void {
    if (this.#ending === "over") return;
    this.#over(code, { level: "warn", message });
    this.#main.fail(code, message);
    this.#output?.fail(code, message);
  }

  /** Ends the session with a GOODBYE; what is in flight is stopped. */
  end(reason: CloseReason): void {
    if (this.#ending === "over") return;
    this.#sendEnd();
    this.#over(reason, { level: "info" });
    this.#main.end(MessageType.GOODBYE, { reason });
    // The client must not see an outputstream end before it has seen why.
    this.#main.gone.then(() => this.#output?.close());
  }

  /** An eval has its result. */
  settle(done: Eval, status: number, body: Uint8Array, owned: boolean): void {
    if (!this.#evals.settle(done) || this.#ending === "over") return;
    if (this.#evals.heldBytes <= QUEUE_HIGH_WATER_BYTES) this.#resume?.();
    done.saidSilent = done.maySaySilent;
    const flags = done.saidSilent ? status | SILENT_FLAG : status;
    const { request } = done.origin;
    // Whoever has many more waiting here does not go short for the sake of one.
    const isBulk = this.#line.waiting.length >= BULK_EVALS && body.length <= MAX_COPIED_BYTES;
    if (isBulk) this.#main.sendSoon(MessageType.RESULT, flags, request, body);
    else this.#main.send(MessageType.RESULT, flags, request, body, owned);
    if (this.#main.waiting > RESULT_HIGH_WATER_BYTES) this.#waitForResults();
    this.advance();
  }

  /** See {@linkcode EvalOwner.letGo}. */
  letGo(body: Uint8Array): void {
    this.#context.buffers.give(body.buffer);
  }

  /** The code of one of its evals runs. */
  runs(request: number, ms: number): void {
    if (this.#ending === "over") return;
    this.#main.send(MessageType.RUNNING, 0, request, controlBody({ ms } satisfies Running));
  }

  /** Output of one of its evals. */
  output(request: number, fd: 1 | 2, pieces: readonly Uint8Array[], length: number): void {
    if (this.#ending === "over") return;
    const bytes = new Uint8Array(HEADER_BYTES + length);
    writeHeader(bytes, 0, MessageType.OUTPUT, fd, length, request);
    let at = HEADER_BYTES;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.#output!.sendBytes(bytes);
  }

  /** What has to happen before more output is read; undefined if nothing. */
  outputPressure(): Promise<void> | undefined {
    if (this.#ending === "over" || this.#output === undefined) return undefined;
    if (this.#output.waiting <= OUTPUT_HIGH_WATER_BYTES) return undefined;
    return this.#output.below(OUTPUT_HIGH_WATER_BYTES);
  }

  /** Lets go of evals that are complete: OUTPUT_END is cumulative, so in order. */
  advance(): void {
    if (this.#ending === "over") return;
    const last = this.#evals.complete();
    if (last !== undefined) {
      // Ends of one turn are one message.
      if (this.#endDue === 0) queueMicrotask(() => this.#sendEnd());
      this.#endDue = last;
    }
    if (this.#evals.isEmpty) this.#finishIfDone();
  }

  #frame(frame: Frame): void {
    const { type, id } = frame;
    if (type === MessageType.EVAL) return this.#eval(frame);
    checkPlain(frame);
    switch (type) {
      case MessageType.CANCEL: {
        new Control("CANCEL", frame.body).optional("reason", "string");
        const job = this.#evals.find(id)?.job;
        if (job !== undefined) this.#context.pool.scheduler.cancel(job, this.#context.clock());
        break;
      }
      case MessageType.INTERRUPT: {
        new Control("INTERRUPT", frame.body);
        const { pool, clock } = this.#context;
        const job = pool.scheduler.interrupt(this.#line, clock());
        const id = job?.payload.origin.request;
        this.#main.sendControl(MessageType.INTERRUPTED, { id } satisfies Interrupted);
        break;
      }
      case MessageType.STATUS:
        new Control("STATUS", frame.body);
        this.#status(id);
        break;
      case MessageType.GOODBYE: {
        const drain = new Control("GOODBYE", frame.body).optional("drain", "boolean") ?? false;
        if (!drain) return this.end("CLIENT_CLOSED");
        if (this.#ending === "no") this.#ending = "drain";
        this.#finishIfDone();
        break;
      }
      case MessageType.ERROR:
        return this.#clientError(frame);
      default:
        throw new Fault("PROTOCOL", `type ${typeText(type)} has no place on an open mainstream`);
    }
  }

  #eval({ id, flags, body, owned }: Frame): void {
    if (this.#output === undefined) {
      throw new Fault("PROTOCOL", "EVAL came before the outputstream");
    }
    if (this.#ending === "drain") throw new Fault("PROTOCOL", "EVAL came after GOODBYE");
    // The client cannot know yet; the GOODBYE that follows tells it that this one has not run.
    if (this.#ending !== "no") return;
    if ((flags & ~KNOWN_FLAGS) !== 0) {
      throw new Fault("PROTOCOL", `EVAL has the flags ${flags}`);
    }
    this.#evals.admit(id);
    checkControlPart("EVAL", body);
    const namespace = (flags & EvalFlag.NAMESPACE) === 0 ? undefined : this.#namespaceOf(body);
    const origin = { session: this.number, request: id };
    const link = evalFrame(this.number, flags & EvalFlag.NAMESPACE, body, owned);
    const task = new Eval(this, origin, link, body.length, flags);
    task.job = new Job<Task>(this.#line, task, namespace);
    this.#evals.add(task);
    this.#context.pool.scheduler.submit(task.job, this.#context.clock());
  }

  #status(id: number): void {
    const { pool, clock } = this.#context;
    const { running, queued, evals, sessions } = pool.scheduler.load(this.#line, clock());
    const { version, implementation } = pool.python;
    const pid = pool.pid(this.#line.slot);
    const status: Status = {
      python: { ...(pid === undefined ? {} : { pid }), version, implementation },
      queued,
      process: { evals, sessions },
    };
    if (running !== undefined) status.running = running.payload.origin.request;
    this.#main.send(MessageType.STATUS_REPLY, 0, id, controlBody(status));
  }

  #namespaceOf(body: Uint8Array): string {
    const namespace = namespaceOf(controlPart("EVAL", body));
    if (this.#line.namespaces.size >= MAX_NAMESPACES) {
      throw new Fault("LIMIT", `the session has more than ${MAX_NAMESPACES} namespaces`);
    }
    this.#usesNamespaces = true;
    return namespace;
  }

  /** Runs none of its evals until the client has taken their results. */
  async #waitForResults(): Promise<void> {
    if (this.#line.paused) return;
    const { pool, clock } = this.#context;
    pool.scheduler.pause(this.#line);
    await this.#main.below(RESULT_HIGH_WATER_BYTES);
    pool.scheduler.resume(this.#line, clock());
  }

  /** What has to happen before more is read from the mainstream. */
  #pressure(): Promise<void> | undefined {
    if (this.#ending === "over") return undefined;
    if (this.#main.waiting > RESULT_HIGH_WATER_BYTES) {
      return this.#main.below(RESULT_HIGH_WATER_BYTES);
    }
    if (this.#evals.heldBytes > QUEUE_HIGH_WATER_BYTES) {
      return new Promise((resolve) => this.#resume = resolve);
    }
    return undefined;
  }

  #sendEnd(): void {
    if (this.#endDue === 0 || this.#ending === "over") return;
    this.#output!.send(MessageType.OUTPUT_END, 0, this.#endDue, new Uint8Array(0));
    this.#endDue = 0;
  }

  async #finishIfDone(): Promise<void> {
    const ending = this.#ending;
    if ((ending !== "drain" && ending !== "shutdown") || !this.#evals.isEmpty) return;
    this.#sendEnd();
    await this.#output?.written();
    this.end(ending === "drain" ? "CLIENT_CLOSED" : "SHUTDOWN");
  }

  #logToClient(level: LogLevel, msg: string, fields: LogFields): void {
    if (level === "debug" || this.#ending === "over" || this.#output === undefined) return;
    // Records must not pile up for a client that does not read; the server's own log has them.
    if (this.#output.waiting > 2 * OUTPUT_HIGH_WATER_BYTES) return;
    const record = logRecord(level, msg, { session_id: this.id, ...fields });
    this.#output.send(MessageType.LOG, 0, 0, controlBody(record));
  }

  #clientError(frame: Frame): void {
    const control = new Control("ERROR", frame.body);
    const code = control.required("code", "string");
    const message = control.required("message", "string");
    this.#over("CLIENT_ERROR", { level: "warn", code, message });
    this.#main.close();
    this.#output?.close();
  }

  #lost(stream: "main" | "output", error: unknown): void {
    if (this.#ending === "over") return;
    const why = error === undefined ? "the client closed it" : errorText(error);
    const message = `the ${stream}stream has ended: ${why}`;
    this.#over("STREAM_LOST", { level: "info", message });
    this.#main.fail("STREAM_LOST", message);
    this.#output?.fail("STREAM_LOST", message);
  }

  /** Every end of a session comes through here, once. */
  #over(reason: string, { level, ...fields }: LogFields & { level: LogLevel }): void {
    this.#ending = "over";
    this.#resume?.();
    const { pool, log, clock, own } = this.#context;
    // A job as any other: its finalizers are user code, and may take as long.
    const forget = this.#usesNamespaces && own === undefined
      ? new Job<Task>(this.#line, new Forget(this.number, this.id, log))
      : undefined;
    if (forget !== undefined) forget.limitMs = FORGET_MS;
    pool.scheduler.close(this.#line, clock(), forget);
    own?.close();
    this.#evals.clear();
    log.write(level, "session closed", { session_id: this.id, reason, ...fields });
    this.#context.closed(this);
    this.#resolveClosed();
  }
}

/** Only EVAL has flags, and only CANCEL and STATUS an id beside it. */
function checkPlain({ type, flags, id }: Frame): void {
  if (flags !== 0) {
    throw new Fault("PROTOCOL", `a message of type ${typeText(type)} has the flags ${flags}`);
  }
  if (id !== 0 && type !== MessageType.CANCEL && type !== MessageType.STATUS) {
    throw new Fault("PROTOCOL", `a message of type ${typeText(type)} has the id ${id}`);
  }
}

function typeText(type: number): string {
  return `0x${type.toString(16).padStart(2, "0")}`;
}
