/**
 * One session: its two streams, its evals in flight, and every way in which it ends.
 *
 * @module
 */
import { MAX_COPIED_BYTES } from "../../src/transport/outbox.ts";
import type { Frame } from "../../src/wire/frame.ts";
import { MAX_FRAME_BODY_BYTES } from "../../src/wire/limits.ts";
import {
  type CloseReason,
  MessageType,
  type Running,
  SILENT_FLAG,
} from "../../src/wire/messages.ts";
import { Control, controlBody } from "../common/control.ts";
import { BULK_EVALS, QUEUE_HIGH_WATER_BYTES, RESULT_HIGH_WATER_BYTES } from "../common/limits.ts";
import { errorText, type LogFields, type LogLevel } from "../common/log.ts";
import type { Queue } from "../scheduling/job.ts";
import type { JobOwner } from "../scheduling/job_owner.ts";
import type { Connection, Receiver } from "./connections/connection.ts";
import { missedDeadline, type StreamName, type StreamState } from "./deadlines.ts";
import type { Eval, EvalOwner } from "./eval.ts";
import { EvalTable } from "./eval_table.ts";
import { forgetJob } from "./forget.ts";
import { OutputStream } from "./output_stream.ts";
import type { SessionContext } from "./session_context.ts";
import { type Ending, SessionMessages } from "./session_messages.ts";

/** One session. */
export class Session implements EvalOwner {
  /** 32 hexadecimal digits, in every log record about it. */
  readonly id: string = crypto.randomUUID().replaceAll("-", "");
  /** Its number among the sessions of this server. */
  readonly number: number;
  /** Resolves when it is over. */
  readonly closed: Promise<void>;
  readonly #context: SessionContext;
  readonly #main: Connection;
  readonly #queue: Queue<JobOwner>;
  readonly #openedAt: number;
  readonly #output: OutputStream;
  readonly #evals = new EvalTable();
  readonly #messages: SessionMessages;
  #ending: Ending = "no";
  #resume: (() => void) | undefined;
  readonly #resolveClosed: () => void;

  /** The session of the client at the other end of `main`. */
  constructor(context: SessionContext, number: number, main: Connection) {
    this.number = number;
    this.#context = context;
    this.#main = main;
    this.#queue = context.own?.queue ?? context.pool.scheduler.open();
    this.#openedAt = context.clock();
    this.#output = new OutputStream(this.id, {
      clientError: (frame) => this.#clientError(frame),
      fault: (fault) => this.fail(fault.code, fault.message),
      lost: (error) => this.#lost("output", error),
    });
    this.#messages = new SessionMessages(context, this.#queue, this.#evals, main, {
      evals: this,
      id: this.id,
      session: number,
      takes: () => this.#output.isThere ? this.#ending : "no outputstream",
      goodbye: (drain) => this.#goodbye(drain),
      clientError: (frame) => this.#clientError(frame),
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    main.established = true;
    main.maxBody = MAX_FRAME_BODY_BYTES;
    main.receiver = {
      frame: (frame) => this.#messages.frame(frame),
      pressure: () => this.#pressure(),
      fault: (fault) => this.fail(fault.code, fault.message),
      lost: (error) => this.#lost("main", error),
    } satisfies Receiver;
  }

  /** The outputstream has come. */
  attach(output: Connection): void {
    this.#output.attach(output);
    const { peer } = output;
    this.#context.observer.sessionConnected?.({ session: this.id, peer });
    this.tell("info", "session connected", { peer });
  }

  /** Looks at the session's deadlines; to be called several times a second. */
  tick(now: number): void {
    const { limits } = this.#context;
    if (this.#ending === "over") return;
    if (!this.#output.isThere && now - this.#openedAt >= limits.connectAfterHelloMs) {
      const seconds = limits.connectAfterHelloMs / 1_000;
      return this.fail("TIMEOUT", `the outputstream has not come within ${seconds} s of the hello`);
    }
    const slowness: [StreamName, StreamState | undefined][] = [
      ["mainstream", this.#main.check(now, RESULT_HIGH_WATER_BYTES)],
      ["outputstream", this.#output.check(now)],
    ];
    for (const [stream, state] of slowness) {
      const missed = missedDeadline(stream, state, limits);
      if (missed === undefined) continue;
      // Nobody will read what waits there, and it keeps a Python process waiting.
      if (state === "slow" && stream === "outputstream") this.#output.close();
      return this.fail(missed.code, missed.message);
    }
  }

  /** Sends the client a record of the log, from info on. */
  tell(level: LogLevel, msg: string, fields: LogFields = {}): void {
    this.#output.log(level, msg, fields);
  }

  /** The slot of its Python process. */
  get slot(): number {
    return this.#queue.slot;
  }

  /** Takes what a thread wrote after its eval's end; `id` is undefined if the eval is unknown. */
  late(
    id: number | undefined,
    fd: 1 | 2,
    bytes: Uint8Array,
    pieceBytes: number,
  ): Promise<void> | undefined {
    this.#context.observer.outputLate?.({
      session: this.id,
      eval: id,
      fd,
      bytes: bytes.length,
      text: undefined,
    });
    this.#output.late({ future_id: id, fd }, bytes, pieceBytes);
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
    this.#output.fail(code, message);
  }

  /** Ends the session with a GOODBYE; what is in flight is stopped. */
  end(reason: CloseReason): void {
    if (this.#ending === "over") return;
    this.#output.sendEnd();
    this.#over(reason, { level: "info" });
    this.#main.end(MessageType.GOODBYE, { reason });
    // The client must learn the reason before it sees the outputstream end.
    this.#main.gone.then(() => this.#output.close());
  }

  /** An eval has its result. */
  settle(done: Eval, status: number, body: Uint8Array, owned: boolean): void {
    if (!this.#evals.settle(done)) return;
    this.ended(done, status, body.length);
    if (this.#ending === "over") return;
    if (this.#evals.heldBytes <= QUEUE_HIGH_WATER_BYTES) this.#resume?.();
    done.saidSilent = done.maySaySilent;
    const flags = done.saidSilent ? status | SILENT_FLAG : status;
    const { id } = done.evalId;
    // A client with many evals waiting gets results together: one write for all is cheaper.
    const isBulk = this.#queue.waiting.length >= BULK_EVALS && body.length <= MAX_COPIED_BYTES;
    if (isBulk) this.#main.sendSoon(MessageType.RESULT, flags, id, body);
    else this.#main.send(MessageType.RESULT, flags, id, body, owned);
    if (this.#main.waiting > RESULT_HIGH_WATER_BYTES) this.#waitForResults();
    this.advance();
  }

  /** See {@linkcode EvalOwner.starts}. */
  starts(started: Eval, now: number): void {
    const { queuedMs } = started.times(now);
    this.#context.observer.evalStarted?.({ session: this.id, eval: started.evalId.id, queuedMs });
  }

  /** See {@linkcode EvalOwner.ended}. */
  ended(done: Eval, status: number | undefined, bytes: number): void {
    const { observer, clock } = this.#context;
    if (observer.evalEnded === undefined) return;
    const times = done.times(clock());
    observer.evalEnded({ session: this.id, eval: done.evalId.id, status, ...times, bytes });
  }

  /** See {@linkcode EvalOwner.letGo}. */
  letGo(body: Uint8Array): void {
    this.#context.buffers.give(body.buffer);
  }

  /** The code of one of its evals runs. */
  runs(id: number, ms: number): void {
    if (this.#ending === "over") return;
    this.#main.send(MessageType.RUNNING, 0, id, controlBody({ ms } satisfies Running));
  }

  /** Output of one of its evals. */
  output(id: number, fd: 1 | 2, pieces: readonly Uint8Array[], length: number): void {
    this.#output.output(id, fd, pieces, length);
  }

  /** What has to happen before more output is read; undefined if nothing. */
  outputPressure(): Promise<void> | undefined {
    return this.#output.pressure();
  }

  /** Removes complete evals, in order: an OUTPUT_END stands for all evals before it, too. */
  advance(): void {
    if (this.#ending === "over") return;
    const last = this.#evals.complete();
    if (last !== undefined) this.#output.end(last);
    if (this.#evals.isEmpty) this.#finishIfDone();
  }

  #goodbye(drain: boolean): void {
    if (!drain) return this.end("CLIENT_CLOSED");
    if (this.#ending === "no") this.#ending = "drain";
    this.#finishIfDone();
  }

  /** Runs no more evals until the client has taken the results of earlier ones. */
  async #waitForResults(): Promise<void> {
    if (this.#queue.paused) return;
    const { pool, clock } = this.#context;
    pool.scheduler.pause(this.#queue);
    await this.#main.below(RESULT_HIGH_WATER_BYTES);
    pool.scheduler.resume(this.#queue, clock());
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

  async #finishIfDone(): Promise<void> {
    const ending = this.#ending;
    if ((ending !== "drain" && ending !== "shutdown") || !this.#evals.isEmpty) return;
    this.#output.sendEnd();
    await this.#output.written();
    this.end(ending === "drain" ? "CLIENT_CLOSED" : "SHUTDOWN");
  }

  #clientError(frame: Frame): void {
    const control = new Control("ERROR", frame.body);
    const code = control.required("code", "string");
    const message = control.required("message", "string");
    this.#over("CLIENT_ERROR", { level: "warn", code, message });
    this.#main.close();
    this.#output.close();
  }

  #lost(stream: "main" | "output", error: unknown): void {
    if (this.#ending === "over") return;
    const why = error === undefined ? "the client closed it" : errorText(error);
    const message = `the ${stream}stream has ended: ${why}`;
    this.#over("STREAM_LOST", { level: "info", message });
    this.#main.fail("STREAM_LOST", message);
    this.#output.fail("STREAM_LOST", message);
  }

  /** Ends the session. Every way to its end comes through here, once. */
  #over(reason: string, { level, ...fields }: LogFields & { level: LogLevel }): void {
    this.#ending = "over";
    this.#output.stop();
    this.#resume?.();
    const { pool, observer, clock, own } = this.#context;
    const forget = this.#messages.usesNamespaces && own === undefined
      ? forgetJob(this.#queue, this.number, this.id, observer)
      : undefined;
    pool.scheduler.close(this.#queue, clock(), forget);
    own?.close();
    this.#evals.clear();
    observer.sessionClosed?.({ session: this.id, reason, level, details: fields });
    this.#context.closed(this);
    this.#resolveClosed();
  }
}
