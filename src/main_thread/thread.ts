/**
 * The main thread's end of one session: its Web Worker, its evals, and the readers of its output.
 * Every end of the session goes through `#end`, once.
 *
 * @module
 */
import type { CheckedOpenOptions } from "../api/check_options.ts";
import { ProtocolError, type SessionError } from "../api/errors.ts";
import { eventOfLog, SessionEvents } from "../api/events.ts";
import type { Future, FutureOwner } from "../api/future.ts";
import type { EvalOptions } from "../api/options.ts";
import type { AnyOutput, OutputOptions } from "../api/output.ts";
import type { SessionEnd } from "../api/session_end.ts";
import { errorFromRecord } from "../api/session_errors.ts";
import { Questions, type RemoteStatus } from "../api/status.ts";
import type { FromWorker } from "../bridge/bridge.ts";
import { takeResults } from "../bridge/result_batch.ts";
import { type Address, formatAddress } from "../common/address.ts";
import { CLOSE_DEADLINE_MS } from "../protocol/deadlines.ts";
import type { ErrorRecord } from "../protocol/error_record.ts";
import { EvalFlag, Feature, type ServerHello } from "../wire/messages.ts";
import { Evals, type PostToWorker } from "./evals.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Interrupts } from "./interrupts.ts";
import { openMessage } from "./open_message.ts";
import { Readers } from "./readers.ts";
import { SessionState } from "./session_state.ts";
import { type StartWorker, startWorker } from "./start_worker.ts";

/** One session, seen from the main thread. */
export class SessionThread implements FutureOwner {
  readonly #worker: Worker;
  readonly #state: SessionState;
  readonly #evals: Evals;
  readonly #heartbeat: Heartbeat;
  /** The readers of its output and log. */
  readonly readers: Readers = new Readers((message) => this.#post(message));
  /** What has happened to it. */
  readonly events: SessionEvents = new SessionEvents();
  readonly #questions = new Questions((id) => this.#post({ kind: "status", id }));
  readonly #interrupts = new Interrupts(() => this.#post({ kind: "interrupt" }));
  readonly #wantsOwn: boolean;

  /** Starts the thread, which dials at once. */
  constructor(address: Address, options: CheckedOpenOptions, start: StartWorker = startWorker) {
    const { limits } = options;
    const where = formatAddress(address);
    this.#state = new SessionState(where);
    this.#evals = new Evals(this, limits, this.#post);
    this.#wantsOwn = options.ownProcess;
    this.#worker = start(`pyproxy ${where}`);
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#message(data);
    this.#worker.onmessageerror = () => this.#crashed("it sent a message that cannot be read");
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#crashed(`it failed: ${event.message}`);
    };
    this.#worker.addEventListener("close", () => this.#crashed("it ended"));
    this.#heartbeat = new Heartbeat(limits.heartbeatInterval, {
      ask: () => {
        this.#evals.rest();
        this.#post({ kind: "ping" });
      },
      silent: (seconds) => this.#crashed(`it has not answered for ${seconds} s`),
    });
    this.#post(openMessage(address, options));
  }

  /** The server's hello. Rejects if the session ends before it. */
  get opened(): Promise<ServerHello> {
    return this.#state.opened;
  }

  /** How the session ended. Never rejects. */
  get closed(): Promise<SessionEnd> {
    return this.#state.closed;
  }

  /** Whether the session is over, or closing. */
  get over(): boolean {
    return this.#state.over;
  }

  /** The number of evals without an outcome. */
  get pending(): number {
    return this.#evals.size;
  }

  /** Opens the outputstream; may be called before the session is open. */
  connect(): Promise<void> {
    if (this.#state.ended) return Promise.reject(this.#state.overError("connect"));
    this.#post({ kind: "connect" });
    return this.#state.connected;
  }

  /** Ends the session with an error of this side. */
  fail(reason: string, error: SessionError): void {
    this.#end(reason, error);
  }

  /**
   * Sends an eval; the arguments have been checked. See {@linkcode Evals.call}.
   *
   * @throws {SessionError} If the session is over, or the queue full.
   */
  eval<T>(code: string, options: EvalOptions, caller: Error | undefined): Future<T> {
    if (this.#state.over) throw this.#state.overError("eval");
    return this.#evals.call(code, options, caller, this.#state.hello.limits.frame_bytes);
  }

  /** See {@linkcode Evals.takesStack}. */
  takesStack(): boolean {
    return this.#evals.takesStack();
  }

  /** Stops an eval. */
  cancel(id: number): void {
    this.#evals.cancel(id);
  }

  /** Interrupts the eval that is running; resolves with whether there was one. */
  interrupt(): Promise<boolean> {
    const state = this.#state;
    if (state.over) return Promise.reject(state.overError("interrupt"));
    if (!state.offers(Feature.INTERRUPT)) return Promise.reject(state.lacks("interrupt"));
    this.#evals.flush();
    return this.#interrupts.ask();
  }

  /** Asks the server for the status. */
  async status(): Promise<RemoteStatus> {
    const state = this.#state;
    const doing = "ask for the status";
    if (state.over) throw state.overError(doing);
    if (!state.offers(Feature.STATUS)) throw state.lacks(doing);
    this.#evals.flush();
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
    return this.#evals.runningSince(id);
  }

  /** The output of one eval. */
  output(id: number, options?: OutputOptions): AnyOutput {
    this.#evals.flush();
    return this.readers.output(id, options);
  }

  /** Bytes of an eval's output that were dropped. */
  outputDropped(id: number): number {
    return this.readers.dropped(id);
  }

  /** Ends the session on purpose. May be called again. */
  async close(drain: boolean): Promise<void> {
    const state = this.#state;
    if (state.ended) return;
    this.#evals.flush();
    state.close();
    this.#post({ kind: "close", drain });
    if (drain) {
      await state.closed;
      return;
    }
    this.#evals.settleAll(state.overError("wait for this eval"));
    this.#interrupts.end(state.overError("interrupt"));
    this.#questions.end(state.overError("ask for the status"));
    // A thread that does not answer the goodbye must not keep the caller waiting.
    const timer = setTimeout(() => this.#end("CLIENT_CLOSED", undefined), 2 * CLOSE_DEADLINE_MS);
    await state.closed;
    clearTimeout(timer);
  }

  readonly #post: PostToWorker = (message, transfer) => {
    // An empty list is slower than none: see session_worker.ts.
    if (transfer === undefined) this.#worker.postMessage(message);
    else this.#worker.postMessage(message, transfer);
  };

  #message(message: FromWorker): void {
    this.#heartbeat.heard();
    if (this.#state.ended) return;
    switch (message.kind) {
      case "opened":
        this.#opened(message.hello);
        break;
      case "connected":
        this.events.push({ type: "connected", at: Date.now() });
        this.#state.connect();
        break;
      case "running":
        this.#evals.runs(message.id, message.ms);
        break;
      case "progress":
        this.#evals.progress(message.id, message.progress);
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
        takeResults(message.bytes, this.#result);
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
        this.#evals.sentUpTo(message.id);
        break;
      case "used":
        this.#evals.reuse(message.buffer);
        break;
      case "expired":
        this.#evals.expired(message.id);
        break;
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

  #opened(hello: ServerHello): void {
    const state = this.#state;
    state.greeted(hello);
    if (this.#wantsOwn && !state.offers(Feature.OWN_PROCESS)) {
      return this.#end("VERSION", state.lacks("open a session with a process of its own"));
    }
    if (state.offers(Feature.RUNNING)) this.#evals.flag(EvalFlag.RUNNING);
    if (state.offers(Feature.SILENT)) this.#evals.flag(EvalFlag.SILENT);
    state.open();
  }

  /** Takes a result; false if the session is over. */
  readonly #result = (
    id: number,
    status: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean => {
    try {
      this.#evals.result(id, status, bytes, start, end);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const { name } = this.#state;
      const message = `Cannot go on with ${name}: the result of eval ${id} cannot be read: ${why}`;
      this.#end("PROTOCOL", new ProtocolError(message, { cause: error }));
    }
    return !this.#state.ended;
  };

  #crashed(why: string): void {
    this.#end("CRASHED", this.#state.crashedError(why));
  }

  #end(reason: string, cause: SessionError | ErrorRecord | undefined): void {
    if (this.#state.ended) return;
    const error = cause === undefined || cause instanceof Error ? cause : errorFromRecord(cause);
    const lost = this.#state.end(reason, error);
    this.#heartbeat.stop();
    this.#worker.terminate();
    this.#evals.end(lost);
    this.#interrupts.end(lost);
    this.#questions.end(lost);
    this.readers.end(error, lost);
    this.events.push({ type: "closed", at: Date.now(), ...this.#state.publishEnd() });
  }
}
