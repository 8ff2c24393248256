/**
 * The IO of one session, in its own thread. It owns both sockets and the timers, runs the read and
 * write loops, and drives connection.ts with them.
 *
 * @module
 */
import type { OpenMessage, ToWorker } from "../bridge/bridge.ts";
import { type Address, formatAddress, outputAddress } from "../common/address.ts";
import { VERSION } from "../common/version.ts";
import { Connection } from "../protocol/connection.ts";
import type { ConnectionEvent } from "../protocol/connection_event.ts";
import { CLOSE_DEADLINE_MS } from "../protocol/deadlines.ts";
import type { Transcript } from "../protocol/login.ts";
import { proofsOf } from "../protocol/proofs.ts";
import type { StreamName } from "../protocol/rules.ts";
import { dial } from "../transport/dial.ts";
import type { Dial, Transport } from "../transport/transport.ts";
import { newNonce } from "../wire/login.ts";
import { alarm } from "./alarm.ts";
import { EvalTimers } from "./eval_timers.ts";
import { OpenStreams } from "./open_streams.ts";
import { OutputPause } from "./output_pause.ts";
import type { Post } from "./post.ts";
import { ProgressReports } from "./progress_reports.ts";
import { ResultPosts } from "./result_posts.ts";
import { SentReports } from "./sent_reports.ts";
import { UnreadOutput } from "./unread_output.ts";

/** How often silence and the age of unread output are checked: a dead peer is noticed 1 s later. */
const TICK_MS = 1_000;

/** The buffer of a larger batch of evals is given back for the next one: fresh memory is slow. */
const MIN_USED_BUFFER_BYTES = 256 * 1024;

/** The session in its thread. */
export class Engine {
  readonly #post: Post;
  readonly #dial: Dial;
  readonly #options: OpenMessage;
  readonly #connection: Connection;
  readonly #output: UnreadOutput;
  readonly #results: ResultPosts;
  readonly #streams = new OpenStreams();
  readonly #dialling = new AbortController();
  /** Whether to open the outputstream as soon as the server's hello says where. */
  #connectsNext = false;
  readonly #timers: EvalTimers;
  readonly #progress: ProgressReports;
  readonly #sentReports: SentReports;
  readonly #pause = new OutputPause();
  /** A large batch of EVALs, while it is given to the connection. */
  #batch: Uint8Array<ArrayBuffer> | undefined;
  /** Cancel the next tick, and the deadline of the goodbye. */
  #stopTicks: (() => void) | undefined;
  #stopClosing: (() => void) | undefined;

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
    this.#timers = new EvalTimers((id) => this.#expired(id));
    this.#results = new ResultPosts(post);
    this.#progress = new ProgressReports(post);
    this.#sentReports = new SentReports(options.sentReportEvals, options.sentReportBytes);
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
        this.#timers.start(message.timeouts);
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
      this.#streams.add(name, transport, (error) => {
        this.#connection.lost(name, error);
        this.#work();
      });
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
        await this.#pause.begin();
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
          this.#streams.send(event.stream, event.bytes, this.#doneWith(event.bytes));
          break;
        case "result":
          if (this.#output.has(event.id)) this.#output.settled(event.id, performance.now());
          this.#progress.finish(event.id, event.body.length);
          this.#timers.stop(event.id);
          if (event.isSilent) this.#output.silent(event.id);
          this.#results.add(event.id, event.status, event.body, event.owned);
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
          if (this.#sentReports.isDue(event.id, event.bytes)) {
            this.#post({ kind: "sent", id: event.id });
          }
          break;
        case "closed":
          this.#results.flush();
          this.#end(event);
          return;
        default:
          event satisfies never;
      }
    }
    this.#results.flush();
    this.#postOutput();
    if (!this.#connection.ended) this.#progress.update(this.#streams, this.#connection);
    if (!this.#output.full) this.#pause.end();
    if (!isOpened) return;
    if (this.#connectsNext) this.message({ kind: "connect" });
    if (!this.#connection.ended) this.#stopTicks = alarm(TICK_MS, () => this.#tick());
  }

  #postOutput(everything = false): void {
    for (const { id, bytes } of this.#output.takeDrops()) {
      this.#post({ kind: "dropped", id, bytes });
    }
    const items = this.#output.take(everything);
    if (items.length > 0) this.#post({ kind: "output", items });
  }

  /** What to call once a large batch is written, if all of it was sent: it gives the buffer back. */
  #doneWith(bytes: Uint8Array): (() => void) | undefined {
    const batch = this.#batch;
    if (bytes !== batch) return undefined;
    return () => this.#post({ kind: "used", buffer: batch!.buffer }, [batch!.buffer]);
  }

  #expired(id: number): void {
    this.#post({ kind: "expired", id });
    this.#connection.cancel(id, "timeout");
    this.#work();
  }

  #tick(): void {
    this.#stopTicks = alarm(TICK_MS, () => this.#tick());
    const { seconds } = this.#pause;
    if (seconds > 0) this.#post({ kind: "reader_slow", seconds });
    this.#connection.tick(performance.now());
    this.#output.tick(performance.now());
    this.#work();
  }

  #close(drain: boolean): void {
    this.#connection.close(drain);
    // A drain takes as long as its evals. A goodbye without an answer has a deadline.
    if (drain || this.#stopClosing !== undefined) return;
    this.#stopClosing = alarm(CLOSE_DEADLINE_MS, () => {
      this.#connection.lost("main");
      this.#work();
    });
  }

  /** Ends the session: sends readers what they wait for, then frees everything. */
  async #end(event: Extract<ConnectionEvent, { kind: "closed" }>): Promise<void> {
    this.#postOutput(true);
    this.#stopTicks?.();
    this.#stopClosing?.();
    this.#progress.stop();
    this.#timers.stopAll();
    this.#dialling.abort();
    this.#pause.end();
    await this.#streams.close();
    this.#post(event);
  }
}
