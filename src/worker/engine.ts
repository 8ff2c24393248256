/**
 * The IO of one session, in its own thread. It owns both sockets and the timers, runs the read and
 * write loops, and drives connection.ts with them.
 *
 * @module
 */
import type { FromWorker, OpenMessage, ToWorker } from "../bridge/bridge.ts";
import { ResultBatch } from "../bridge/result_batch.ts";
import { formatAddress, outputAddress } from "../common/address.ts";
import type { Address } from "../common/address.ts";
import { VERSION } from "../common/version.ts";
import { Connection } from "../protocol/connection.ts";
import type { ConnectionEvent } from "../protocol/connection_event.ts";
import { CLOSE_DEADLINE_MS } from "../protocol/deadlines.ts";
import type { Transcript } from "../protocol/login.ts";
import { ProgressWatch } from "../protocol/progress.ts";
import { proofsOf } from "../protocol/proofs.ts";
import type { StreamName } from "../protocol/rules.ts";
import { dial } from "../transport/dial.ts";
import { Outbox } from "../transport/outbox.ts";
import type { Dial, Transport } from "../transport/transport.ts";
import { newNonce } from "../wire/login.ts";
import { alarm } from "./alarm.ts";
import { UnreadOutput } from "./unread_output.ts";

/** How often silence and the age of unread output are checked: a dead peer is noticed 1 s later. */
const TICK_MS = 1_000;

/** A result with a larger body goes to the main thread by itself, without a copy. */
const LARGE_RESULT_BYTES = 32 * 1024;

/**
 * The buffer of a larger batch of evals is given back, to be used for the next: fresh memory is
 * slow.
 */
const MIN_USED_BUFFER_BYTES = 256 * 1024;

/** `onProgress` is called at most this often: enough for a smooth bar. */
const PROGRESS_INTERVAL_MS = 100;

/** Posts a message to the main thread. */
export type Post = (message: FromWorker, transfer?: ArrayBuffer[]) => void;

interface Stream {
  transport: Transport;
  outbox: Outbox;
}

/** The session in its thread. */
export class Engine {
  readonly #post: Post;
  readonly #dial: Dial;
  readonly #options: OpenMessage;
  readonly #connection: Connection;
  readonly #output: UnreadOutput;
  readonly #results = new ResultBatch();
  readonly #streams: Partial<Record<StreamName, Stream>> = {};
  readonly #dialling = new AbortController();
  /** Whether to open the outputstream as soon as the server's hello says where. */
  #connectsNext = false;
  /** Timers of evals with a `timeout`. */
  readonly #timeouts = new Map<number, ReturnType<typeof setTimeout>>();
  /** A large batch of EVALs, while it is given to the connection. */
  #batch: Uint8Array<ArrayBuffer> | undefined;
  #reportedId = 0;
  #unreportedBytes = 0;
  readonly #progress = new ProgressWatch();
  #progressTimer: ReturnType<typeof setInterval> | undefined;
  /** Since when the outputstream has not been read because its readers are behind. */
  #pausedAt: number | undefined;
  /** Cancel the next tick, and the deadline of the goodbye. */
  #stopTicks: (() => void) | undefined;
  #stopClosing: (() => void) | undefined;
  /** Set while the outputstream is not read because its readers are behind. */
  #resume: (() => void) | undefined;

  /** Starts the session: dials the mainstream with `dialStream` and says hello. */
  constructor(options: OpenMessage, post: Post, dialStream: Dial = dial) {
    this.#post = post;
    this.#dial = dialStream;
    this.#options = options;
    this.#connection = new Connection(formatAddress(options.address), {
      client: `pyproxy-js/${VERSION}`,
      name: options.name,
      ownProcess: options.ownProcess,
      nonce: options.token === undefined ? undefined : newNonce(),
      tls: options.tls !== undefined,
    });
    this.#output = new UnreadOutput({
      perEval: options.unreadOutputPerEval,
      perSession: options.unreadOutputPerSession,
    }, (id) => this.#connection.hasEnded(id));
    this.#run("main", options.address);
  }

  /** Takes a message from the main thread. */
  message(message: Exclude<ToWorker, OpenMessage>): void {
    switch (message.kind) {
      case "connect":
        if (this.#connection.server === undefined) this.#connectsNext = true;
        else this.#connect();
        break;
      case "evals":
        for (const [id, ms] of message.timeouts) {
          this.#timeouts.set(id, setTimeout(() => this.#expired(id), ms));
        }
        this.#progress.add(message.watched, message.bytes);
        if (message.bytes.length > MIN_USED_BUFFER_BYTES) this.#batch = message.bytes;
        this.#connection.evals(message.bytes);
        break;
      case "cancel":
        this.#connection.cancel(message.id, "cancel");
        break;
      case "interrupt":
        this.#connection.interrupt();
        break;
      case "status":
        this.#connection.status(message.id);
        break;
      case "never_sent":
        this.#output.neverSent(message.id);
        break;
      case "watch":
        this.#output.watch(message.what, message.on);
        break;
      case "credit":
        this.#output.giveCredit(message.bytes);
        break;
      case "close":
        this.#close(message.drain);
        break;
      case "ping":
        this.#post({ kind: "pong" });
        break;
      default:
        message satisfies never;
        throw new TypeError(`there is no message of kind '${(message as ToWorker).kind}'`);
    }
    this.#work();
    this.#batch = undefined;
  }

  #connect(): void {
    try {
      const { output_addr } = this.#connection.server!;
      this.#run("output", outputAddress(output_addr, this.#options.address));
    } catch (error) {
      this.#connection.notDialled("output", error);
    }
  }

  async #prove(transcript: Transcript): Promise<void> {
    this.#connection.proofs(await proofsOf(this.#options.token!, transcript));
    this.#work();
  }

  /** Dials a stream and reads it to its end. */
  async #run(name: StreamName, address: Address): Promise<void> {
    try {
      let transport: Transport;
      try {
        transport = await this.#dial(address, this.#options.tls, this.#dialling.signal);
      } catch (error) {
        this.#connection.notDialled(name, error);
        return;
      }
      if (this.#connection.ended) return transport.close();
      const outbox = new Outbox(transport, (error) => {
        this.#connection.lost(name, error);
        this.#work();
      });
      this.#streams[name] = { transport, outbox };
      this.#connection.dialled(name, performance.now());
      this.#work();
      await this.#read(name, transport);
    } finally {
      this.#work();
    }
  }

  async #read(name: StreamName, transport: Transport): Promise<void> {
    while (!this.#connection.ended) {
      let count: number | null;
      try {
        count = await transport.read(this.#connection.space(name));
      } catch (error) {
        return this.#connection.lost(name, error);
      }
      if (count === null) return this.#connection.lost(name);
      this.#connection.received(name, count, performance.now());
      this.#work();
      if (name === "output" && this.#output.full && !this.#connection.ended) {
        this.#connection.paused("output");
        this.#pausedAt = performance.now();
        await new Promise<void>((resolve) => this.#resume = resolve);
        this.#pausedAt = undefined;
        this.#connection.resumed("output", performance.now());
      }
    }
  }

  /** Carries out the events of the connection, and reports to the main thread. */
  #work(): void {
    let isOpened = false;
    for (const event of this.#connection.takeEvents()) {
      switch (event.kind) {
        case "send":
          if (event.stream === "main") this.#progress.given(event.bytes);
          this.#streams[event.stream]?.outbox.send(event.bytes, this.#doneWith(event.bytes));
          break;
        case "result":
          this.#settled(event.id, event.body.length);
          if (event.isSilent) this.#output.silent(event.id);
          if (event.body.length <= LARGE_RESULT_BYTES) {
            this.#results.add(event.id, event.status, event.body);
          } else {
            const body = event.owned
              ? event.body as Uint8Array<ArrayBuffer>
              : event.body.slice() as Uint8Array<ArrayBuffer>;
            const { id, status } = event;
            this.#post({ kind: "result", id, status, body }, [body.buffer]);
          }
          break;
        case "output":
          this.#output.output(event.id, event.fd, event.bytes);
          break;
        case "output_end":
          this.#output.end(event.id);
          break;
        case "never_sent":
          this.#output.neverSent(event.id);
          break;
        case "log":
          if (event.record.event !== undefined) {
            this.#post({ kind: "log_event", record: event.record });
          }
          this.#output.log(event.record, event.bytes);
          break;
        case "challenged":
          this.#prove(event.transcript);
          break;
        case "opened":
          this.#post(event);
          isOpened = true;
          break;
        case "connected":
        case "interrupted":
        case "running":
        case "status":
          this.#post(event);
          break;
        case "sent":
          this.#sent(event);
          break;
        case "closed":
          this.#postResults();
          this.#end(event);
          return;
        default:
          event satisfies never;
      }
    }
    this.#postResults();
    this.#postOutput();
    if (this.#progressTimer !== undefined || !this.#progress.isEmpty) this.#watchProgress();
    if (!this.#output.full) {
      this.#resume?.();
      this.#resume = undefined;
    }
    if (isOpened) this.#opened();
  }

  #opened(): void {
    if (this.#connectsNext) this.message({ kind: "connect" });
    if (!this.#connection.ended) this.#tickLater();
  }

  #postResults(): void {
    const bytes = this.#results.take();
    if (bytes !== undefined) this.#post({ kind: "results", bytes }, [bytes.buffer]);
  }

  #postOutput(everything = false): void {
    for (const { id, bytes } of this.#output.takeDrops()) {
      this.#post({ kind: "dropped", id, bytes });
    }
    const items = this.#output.take(everything);
    if (items.length > 0) this.#post({ kind: "output", items });
  }

  #settled(id: number, length: number): void {
    if (this.#output.has(id)) this.#output.settled(id, performance.now());
    const progress = this.#progress.finish(id, length);
    if (progress !== undefined) this.#post({ kind: "progress", id, progress });
    if (this.#timeouts.size === 0) return;
    clearTimeout(this.#timeouts.get(id));
    this.#timeouts.delete(id);
  }

  /** Reports what was sent. A result says so of its eval, so a single eval needs no report. */
  #sent({ id, bytes }: { id: number; bytes: number }): void {
    this.#unreportedBytes += bytes;
    const { sentReportEvals, sentReportBytes } = this.#options;
    if (id - this.#reportedId < sentReportEvals && this.#unreportedBytes < sentReportBytes) return;
    this.#reportedId = id;
    this.#unreportedBytes = 0;
    this.#post({ kind: "sent", id });
  }

  /**
   * What to call once a large batch is written, if all of it was sent: it gives the buffer back.
   */
  #doneWith(bytes: Uint8Array): (() => void) | undefined {
    const batch = this.#batch;
    if (bytes !== batch) return undefined;
    return () => this.#post({ kind: "used", buffer: batch!.buffer }, [batch!.buffer]);
  }

  #expired(id: number): void {
    this.#timeouts.delete(id);
    this.#post({ kind: "expired", id });
    this.#connection.cancel(id, "timeout");
    this.#work();
  }

  #postProgress(): void {
    const written = this.#streams.main?.transport.written ?? 0;
    for (const [id, progress] of this.#progress.moved(written, this.#connection.part)) {
      this.#post({ kind: "progress", id, progress });
    }
  }

  /** Runs the timer of the progress while an eval is watched. */
  #watchProgress(): void {
    if (this.#progress.isEmpty || this.#connection.ended) {
      clearInterval(this.#progressTimer);
      this.#progressTimer = undefined;
    } else this.#progressTimer ??= setInterval(() => this.#postProgress(), PROGRESS_INTERVAL_MS);
  }

  #tickLater(): void {
    this.#stopTicks = alarm(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#tickLater();
    if (this.#pausedAt !== undefined) {
      const seconds = Math.round((performance.now() - this.#pausedAt) / 1000);
      if (seconds > 0) this.#post({ kind: "reader_slow", seconds });
    }
    this.#connection.tick(performance.now());
    this.#output.tick(performance.now());
    this.#work();
  }

  #close(drain: boolean): void {
    this.#connection.close(drain);
    // A drain takes as long as its evals. A goodbye without an answer has a deadline.
    if (!drain && this.#stopClosing === undefined) {
      this.#stopClosing = alarm(CLOSE_DEADLINE_MS, () => {
        this.#connection.lost("main");
        this.#work();
      });
    }
  }

  /** Ends the session: sends readers what they wait for, then frees everything. */
  async #end(event: Extract<ConnectionEvent, { kind: "closed" }>): Promise<void> {
    this.#postOutput(true);
    this.#stopTicks?.();
    this.#stopClosing?.();
    if (this.#progressTimer !== undefined) clearInterval(this.#progressTimer);
    for (const timer of this.#timeouts.values()) clearTimeout(timer);
    this.#timeouts.clear();
    this.#dialling.abort();
    this.#resume?.();
    const streams = Object.values(this.#streams);
    // A last ERROR or GOODBYE should reach the server, but a full socket must not block the end.
    const written = Promise.all(streams.map(({ outbox }) => outbox.idle()));
    const deadline = Promise.withResolvers<void>();
    const stopWaiting = alarm(CLOSE_DEADLINE_MS, deadline.resolve);
    await Promise.race([written, deadline.promise]);
    stopWaiting();
    for (const { transport } of streams) transport.close();
    this.#post(event);
  }
}
