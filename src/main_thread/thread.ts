/**
 * The main thread's end of one session: its Web Worker, the table of its pending evals, and the
 * readers of its output. Every way to the session's end goes through `#end`, once.
 *
 * @module
 */
import { formatAddress } from "../common/address.ts";
import { Callers } from "./caller.ts";
import type { FromWorker, ToWorker } from "../bridge/bridge.ts";
import type { ErrorRecord } from "../protocol/error_record.ts";
import {
  EncodeError,
  errorFromRecord,
  ProtocolError,
  type PyProxyError,
  SessionClosedError,
  SessionCrashedError,
  SessionError,
} from "../api/errors.ts";
import { EvalQueue, sentReports } from "./eval_queue.ts";
import { eventOfLog, SessionEvents } from "../api/events.ts";
import { Future, type FutureOwner, type Outcome, settle } from "../api/future.ts";
import { Interrupts } from "./interrupts.ts";
import type { CheckedOpenOptions, EvalOptions } from "../api/options.ts";
import { cancelledError, outcomeOf } from "./outcome.ts";
import type { AnyOutput, OutputOptions } from "../api/output.ts";
import { type PendingEval, PendingEvals } from "./pending.ts";
import { Readers } from "./readers.ts";
import { Questions, type RemoteStatus } from "../api/status.ts";
import type { Address } from "../common/address.ts";
import { readU32 } from "../wire/frame.ts";
import {
  CLOSE_DEADLINE_MS,
  HEADER_BYTES,
  HEARTBEAT_MISSES,
  MAX_REQUEST_ID,
} from "../wire/limits.ts";
import { EvalFlag, Feature, ResultStatus, type ServerHello } from "../wire/messages.ts";
import { WORKER_SOURCE } from "../worker/generated/worker_source.ts";

/**
 * How a session ended.
 *
 * @example Why it ended
 * ```ts
 * import { connect, type SessionEnd } from "@pyproxy/client";
 *
 * const remote = await connect("localhost:9000");
 * await remote.close();
 * const end: SessionEnd = await remote.closed;
 * console.log(end.reason); // CLIENT_CLOSED
 * ```
 */
export interface SessionEnd {
  /** "CLIENT_CLOSED" after `close()`, else the name of what went wrong. */
  reason: string;
  /** What went wrong, unless it was closed on purpose. */
  error?: SessionError;
}

/** Starts the thread of a session; tests have one without a thread. */
export type StartWorker = (name: string) => Worker;

/** One session, seen from the main thread. */
export class SessionThread implements FutureOwner {
  readonly #where: string;
  readonly #heartbeatInterval: number;
  readonly #worker: Worker;
  /** Who reads its output and log. */
  readonly readers: Readers = new Readers((message) => this.#post(message));
  /** What has happened to it. */
  readonly events: SessionEvents = new SessionEvents();
  readonly #questions = new Questions((id) => this.#post({ kind: "status", id }));
  readonly #queue: EvalQueue;
  readonly #pending = new PendingEvals();
  readonly #callers = new Callers();
  readonly #interrupts = new Interrupts(() => this.#post({ kind: "interrupt" }));
  #lastId = 0;
  #flushing = false;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #missed = 0;
  #hello: ServerHello | undefined;
  #closing = false;
  #ended: SessionEnd | undefined;
  // Made once, where each call would make its own.
  readonly #cancel = (id: number): void => this.cancel(id);
  readonly #flushLater = (): void => this.#flush();
  readonly #wantsOwn: boolean;
  readonly #opened = Promise.withResolvers<ServerHello>();
  readonly #connected = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<SessionEnd>();

  /** Starts the thread with `startWorker`; it dials at once. */
  constructor(
    address: Address,
    options: CheckedOpenOptions,
    startWorker: StartWorker = startSessionWorker,
  ) {
    this.#where = formatAddress(address);
    this.#heartbeatInterval = options.limits.heartbeatInterval;
    this.#queue = new EvalQueue(options.limits);
    // What these two reject with is told by `closed` and by every future too: awaited or not.
    this.#opened.promise.catch(() => undefined);
    this.#connected.promise.catch(() => undefined);
    this.#wantsOwn = options.ownProcess;
    this.#worker = startWorker(`pyproxy ${this.#where}`);
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#message(data);
    this.#worker.onmessageerror = () => this.#crashed("it sent a message that cannot be read");
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#crashed(`it failed: ${event.message}`);
    };
    this.#worker.addEventListener("close", () => this.#crashed("it ended"));
    this.#heartbeat = setInterval(() => this.#beat(), options.limits.heartbeatInterval);
    this.#post({
      kind: "open",
      address,
      name: options.name,
      ownProcess: options.ownProcess,
      token: options.token,
      tls: options.tls,
      unreadOutputPerEval: options.limits.unreadOutputPerEval,
      unreadOutputPerSession: options.limits.unreadOutputPerSession,
      ...sentReports(options.limits),
    });
  }

  /** The server's hello. Rejects if the session ends before it. */
  get opened(): Promise<ServerHello> {
    return this.#opened.promise;
  }

  /** How the session ended. Never rejects. */
  get closed(): Promise<SessionEnd> {
    return this.#closed.promise;
  }

  /** Whether the session is over, or closing. */
  get over(): boolean {
    return this.#closing || this.#ended !== undefined;
  }

  /** Evals without an outcome. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Opens the outputstream; may be called before the session is open. */
  connect(): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#overError("connect"));
    this.#post({ kind: "connect" });
    return this.#connected.promise;
  }

  /** Ends the session with an error of this side's. */
  fail(reason: string, error: SessionError): void {
    this.#end(reason, error);
  }

  /**
   * Sends an eval; the arguments have been checked.
   *
   * @returns Its future; that of an eval with a value that cannot be sent has the EncodeError already.
   * @throws {SessionError} If the session is over, or the queue full.
   */
  eval<T>(code: string, options: EvalOptions, caller: Error): Future<T> {
    if (this.over) throw this.#overError("eval");
    const { timeout, signal } = options;
    const id = this.#lastId + 1;
    if (id > MAX_REQUEST_ID) {
      throw new SessionError("Cannot eval: this session has used up its request ids; open another");
    }
    const future = new Future<T>(id, this);
    const pending: PendingEval = {
      future,
      caller,
      timeout,
      expired: false,
      abortReason: signal?.aborted ? signal.reason : undefined,
      onProgress: options.onProgress,
      release: undefined,
    };
    if (signal?.aborted) return this.#neverSent(future, cancelledError(id, pending, "queued"));
    try {
      this.#queue.add(id, code, options, this.#hello!.limits.frame_bytes);
    } catch (error) {
      if (error instanceof EncodeError) return this.#neverSent(future, error);
      throw error;
    }
    this.#lastId = id;
    this.#callers.called(code, caller, this.#pending.size);
    this.#pending.add(id, pending);
    if (signal !== undefined) this.#pending.heed(id, signal, this.#cancel);
    if (!this.#flushing) {
      this.#flushing = true;
      queueMicrotask(this.#flushLater);
    }
    return future;
  }

  /** An eval that has failed before it was sent; its id is used all the same: it names this future. */
  #neverSent<T>(future: Future<T>, error: PyProxyError): Future<T> {
    this.#lastId = future.id;
    this.#post({ kind: "never_sent", id: future.id });
    settle(future, { ok: false, error });
    return future;
  }

  /** Where an eval was called whose stack does for this one's; undefined if it needs its own. */
  callerOf(code: string): Error | undefined {
    return this.#callers.of(code, this.#pending.size);
  }

  /** Stops an eval. */
  cancel(id: number): void {
    if (this.#pending.get(id) === undefined) return;
    this.#flush();
    this.#post({ kind: "cancel", id });
  }

  /** Interrupts the eval that runs; says whether one did. */
  interrupt(): Promise<boolean> {
    if (this.over) return Promise.reject(this.#overError("interrupt"));
    if (!this.#offers(Feature.INTERRUPT)) return Promise.reject(this.#lacks("interrupt"));
    this.#flush();
    return this.#interrupts.ask();
  }

  /** Asks the server how things are. */
  async status(): Promise<RemoteStatus> {
    const doing = "ask for the status";
    if (this.over) throw this.#overError(doing);
    if (!this.#offers(Feature.STATUS)) throw this.#lacks(doing);
    this.#flush();
    const [{ python, running, process }, latency] = await this.#questions.ask();
    return {
      latency,
      python: { ...python, pid: python.pid },
      running,
      queued: Math.max(0, this.pending - (running === undefined ? 0 : 1)),
      process,
    };
  }

  /** Since when an eval's code runs, if that is known. */
  runningSince(id: number): number | undefined {
    return this.#pending.runningSince(id);
  }

  /** The output of one eval. */
  output(id: number, options?: OutputOptions): AnyOutput {
    this.#flush();
    return this.readers.output(id, options);
  }

  /** Bytes of an eval's output that were dropped. */
  outputDropped(id: number): number {
    return this.readers.dropped(id);
  }

  /** Ends the session on purpose. May be called again. */
  async close(drain: boolean): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#flush();
    this.#closing = true;
    this.#post({ kind: "close", drain });
    if (drain) {
      await this.#closed.promise;
      return;
    }
    this.#pending.settleAll(this.#overError("wait for this eval"));
    this.#interrupts.end(this.#overError("interrupt"));
    this.#questions.end(this.#overError("ask for the status"));
    // The goodbye is a courtesy: a thread that does not answer must not hold the caller.
    const timer = setTimeout(() => this.#end("CLIENT_CLOSED", undefined), 2 * CLOSE_DEADLINE_MS);
    await this.#closed.promise;
    clearTimeout(timer);
  }

  #post(message: ToWorker, transfer?: ArrayBuffer[]): void {
    // An empty list is not as quick as none: see session_worker.ts.
    if (transfer === undefined) this.#worker.postMessage(message);
    else this.#worker.postMessage(message, transfer);
  }

  #message(message: FromWorker): void {
    this.#missed = 0;
    if (this.#ended !== undefined) return;
    switch (message.kind) {
      case "opened":
        this.#hello = message.hello;
        if (this.#wantsOwn && !this.#offers(Feature.OWN_PROCESS)) {
          return this.#end("VERSION", this.#lacks("open a session with a process of its own"));
        }
        if (this.#offers(Feature.RUNNING)) this.#queue.flags |= EvalFlag.RUNNING;
        if (this.#offers(Feature.SILENT)) this.#queue.flags |= EvalFlag.SILENT;
        this.#opened.resolve(message.hello);
        break;
      case "connected":
        this.events.push({ type: "connected", at: Date.now() });
        this.#connected.resolve();
        break;
      case "running":
        this.#pending.runs(message.id, Date.now() - message.ms);
        break;
      case "progress":
        this.#pending.get(message.id)?.onProgress?.(message.progress);
        break;
      case "status":
        this.#questions.answered(message.id, message.status);
        break;
      case "log_event": {
        const event = eventOfLog(message.record);
        if (event !== undefined) this.events.push(event);
        break;
      }
      case "reader_slow":
        this.events.push({ type: "reader_slow", at: Date.now(), seconds: message.seconds });
        break;
      case "results":
        this.#results(message.bytes);
        break;
      case "result":
        this.#result(message.id, message.status, message.body, 0, message.body.length);
        break;
      case "interrupted":
        this.#interrupts.answered(message.id !== undefined);
        break;
      case "output":
        for (const item of message.items) this.readers.item(item);
        break;
      case "dropped":
        this.readers.reported(message.id, message.bytes);
        break;
      case "sent":
        this.#queue.sentUpTo(message.id);
        break;
      case "used":
        this.#queue.reuse(message.buffer);
        break;
      case "expired": {
        const pending = this.#pending.get(message.id);
        if (pending !== undefined) pending.expired = true;
        break;
      }
      case "closed":
        this.#end(message.reason, message.error);
        break;
      case "fatal":
        this.#crashed(`it failed: ${message.message}`);
        break;
      case "pong":
        break;
      default:
        message satisfies never;
    }
  }

  /** Posts the evals of this turn together. */
  #flush(): void {
    this.#flushing = false;
    if (this.#ended !== undefined) return;
    const batch = this.#queue.take();
    if (batch !== undefined) this.#post({ kind: "evals", ...batch }, [batch.bytes.buffer]);
  }

  #results(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && this.#ended === undefined) {
      const body = at + HEADER_BYTES;
      const end = body + readU32(bytes, at + 4);
      this.#result(readU32(bytes, at + 8), bytes[at + 3]!, bytes, body, end);
      at = end;
    }
  }

  #result(id: number, status: number, bytes: Uint8Array, start: number, end: number): void {
    const asked = this.#pending.get(id);
    if (asked === undefined) return; // settled already, by close()
    let outcome: Outcome<unknown>;
    try {
      outcome = outcomeOf(id, asked, status, bytes, start, end);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message =
        `Cannot go on with session ${this.#hello!.session_id} at ${this.#where}: the result of ` +
        `eval ${id} cannot be read: ${why}`;
      this.#end("PROTOCOL", new ProtocolError(message, { cause: error }));
      return;
    }
    // One cancelled in the queue says nothing of those before it.
    if (status === ResultStatus.CANCELLED) this.#queue.drop(id);
    else this.#queue.sentUpTo(id);
    this.#pending.settle(id, outcome);
  }

  #beat(): void {
    if (this.#missed >= HEARTBEAT_MISSES) {
      const seconds = HEARTBEAT_MISSES * this.#heartbeatInterval / 1000;
      this.#crashed(`it has not answered for ${seconds} s`);
      return;
    }
    this.#missed++;
    this.#queue.rest();
    this.#post({ kind: "ping" });
  }

  #offers(feature: string): boolean {
    return this.#hello!.features?.includes(feature) ?? false;
  }

  #lacks(doing: string): SessionError {
    return new SessionError(
      `Cannot ${doing}: the server ${this.#hello!.server} does not offer it`,
    );
  }

  #crashed(why: string): void {
    const session = this.#hello === undefined
      ? `the session at ${this.#where}`
      : `session ${this.#hello.session_id} at ${this.#where}`;
    this.#end("CRASHED", new SessionCrashedError(`The thread of ${session} is gone: ${why}`));
  }

  #overError(doing: string): SessionError {
    if (this.#ended?.error !== undefined) {
      const { error } = this.#ended;
      return new SessionClosedError(`Cannot ${doing}: the session is over: ${error.message}`, {
        cause: error,
      });
    }
    return new SessionClosedError(`Cannot ${doing}: the session is closed`);
  }

  #end(reason: string, cause: SessionError | ErrorRecord | undefined): void {
    if (this.#ended !== undefined) return;
    const error = cause === undefined || cause instanceof Error ? cause : errorFromRecord(cause);
    this.#ended = error === undefined ? { reason } : { reason, error };
    clearInterval(this.#heartbeat);
    this.#worker.terminate();
    const lost = error ?? this.#overError("go on");
    this.#opened.reject(lost);
    this.#connected.reject(lost);
    this.#pending.settleAll(lost);
    this.#interrupts.end(lost);
    this.#questions.end(lost);
    this.readers.end(error, lost);
    this.events.push({ type: "closed", at: Date.now(), ...this.#ended });
    this.#closed.resolve(this.#ended);
  }
}

/** Where the thread's module is, for as long as the program runs. */
let workerUrl: string | undefined;

function startSessionWorker(name: string): Worker {
  workerUrl ??= URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }));
  return new Worker(workerUrl, { type: "module", name });
}
