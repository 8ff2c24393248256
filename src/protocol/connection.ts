/**
 * The client's side of the protocol, without IO: bytes and calls in, events out. It has no socket,
 * timer or clock, so tests drive it byte by byte.
 *
 * Two rules: each stream has a state, and the table in rules.ts says which messages may come in
 * that state; any other message ends the session. And every end goes through `#end`, once.
 *
 * @module
 */
import { UntrustedError } from "../transport/transport.ts";
import { type Frame, frameBytes, FrameError, writeU32 } from "../wire/frame.ts";
import { MAX_HELLO_BODY_BYTES, PROTOCOL_VERSION } from "../wire/limits.ts";
import {
  type Cancel,
  type CancelledControl,
  type ClientHello,
  MessageType,
  type OutputHello,
  type Proof,
  ResultStatus,
  type ServerHello,
  SILENT_FLAG,
} from "../wire/messages.ts";
import {
  parseError,
  parseGoodbye,
  parseInterrupted,
  parseLog,
  parseOutputReady,
  parseRunning,
  parseServerHello,
  parseStatus,
} from "../wire/parse.ts";
import type { ConnectionEvent, OwnHello } from "./connection_event.ts";
import { encodeControl } from "./control.ts";
import { CLOSE_DEADLINE_MS } from "./deadlines.ts";
import type { ErrorRecord, SessionErrorClass } from "./error_record.ts";
import { type Departure, InFlight } from "./in_flight.ts";
import { Login, type Proofs, Unproven } from "./login.ts";
import type { PartFrame } from "./progress.ts";
import {
  checkAllowed,
  checkHeader,
  classOfCode,
  readControl,
  RuleBroken,
  type StreamName,
} from "./rules.ts";
import { Stream } from "./stream.ts";

/** The state of one session's two streams. */
export class Connection {
  readonly #where: string;
  readonly #hello: OwnHello;
  readonly #streams: Record<StreamName, Stream> = {
    main: new Stream(),
    output: new Stream(),
  };
  #events: ConnectionEvent[] = [];
  #server: ServerHello | undefined;
  readonly #login: Login;
  readonly #evals = new InFlight();
  /** The number of INTERRUPTs that are not answered. */
  #interrupts = 0;
  /** The ids of STATUS messages that are not answered. */
  readonly #asked = new Set<number>();
  #closing: "no" | "drain" | "now" = "no";
  #goodbyeSent = false;
  /** Set once the server has said goodbye, while the rest of the output comes. */
  #farewell: { end: () => void; since: number } | undefined;
  #ended = false;

  /** Makes one; `where` is the server's address for error messages. */
  constructor(where: string, hello: OwnHello) {
    this.#where = where;
    this.#hello = hello;
    this.#login = new Login(hello.nonce !== undefined);
  }

  /** The server's hello, once it has come. */
  get server(): ServerHello | undefined {
    return this.#server;
  }

  /** Whether the session is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the output of this eval has ended, as far as the events that were taken say. */
  hasEnded(id: number): boolean {
    return this.#evals.hasEnded(id);
  }

  /** What happened since the last call, in order. */
  takeEvents(): ConnectionEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Where the next bytes of a stream go. */
  space(stream: StreamName): Uint8Array {
    return this.#streams[stream].reader.space();
  }

  /** A stream is connected. */
  dialled(name: StreamName, now: number): void {
    this.#streams[name].dialled(now);
    if (name === "main") {
      const { client, name, ownProcess, nonce } = this.#hello;
      const body: ClientHello = {
        protocol: PROTOCOL_VERSION,
        client,
        ...(name === undefined ? {} : { name }),
        ...(ownProcess ? { process: "own" as const } : {}),
        ...(nonce === undefined ? {} : { nonce }),
      };
      this.#login.said(this.#sendControl("main", MessageType.CLIENT_HELLO, 0, body));
    } else {
      const proof = this.#login.outputProof;
      const body: OutputHello = {
        stream_token: this.#server!.stream_token,
        ...(proof === undefined ? {} : { proof }),
      };
      this.#sendControl("output", MessageType.OUTPUT_HELLO, 0, body);
    }
  }

  /** Takes the proofs that a challenge asked for. */
  proofs(proofs: Proofs): void {
    if (this.#ended) return;
    this.#login.computed(proofs);
    this.#sendControl("main", MessageType.PROOF, 0, { proof: proofs.client } satisfies Proof);
  }

  /** Takes `count` bytes of a stream, which were put at the start of `space(stream)`. */
  received(name: StreamName, count: number, now: number): void {
    if (this.#ended) return;
    const stream = this.#streams[name];
    stream.heard(now);
    try {
      for (const frame of stream.reader.filled(count)) {
        this.#frame(name, stream, frame);
        if (this.#ended) return;
      }
    } catch (error) {
      if (error instanceof Unproven) return this.#unproven(error.message);
      if (!(error instanceof FrameError || error instanceof RuleBroken)) throw error;
      this.#broken(name, error.message, error instanceof FrameError ? error.code : "PROTOCOL");
    }
  }

  /** A stream has ended, or failed with an error. */
  lost(name: StreamName, error?: unknown): void {
    if (this.#ended) return;
    if (this.#farewell !== undefined) {
      // After its goodbye the server closes the mainstream, then the outputstream.
      if (name === "output") this.#farewell.end();
      return;
    }
    if (this.#goodbyeSent) return this.#end("CLIENT_CLOSED", undefined);
    const stream = this.#streams[name];
    const what = error !== undefined
      ? `the ${name}stream broke`
      : stream.state !== "open"
      ? `the server closed the ${name}stream before its hello` +
        (stream.reader.midFrame ? `, in the middle of it` : this.#hello.tls ? "" : NO_TLS)
      : `the server closed the ${name}stream` +
        (stream.reader.midFrame ? ` in the middle of a message` : "");
    this.#fail("CONNECTION_LOST", "ConnectionError", what, error);
  }

  /** A stream could not be dialled. */
  notDialled(name: StreamName, error: unknown): void {
    if (this.#ended) return;
    if (error instanceof UntrustedError) {
      const what = `the server is not the one it should be`;
      return this.#fail("AUTHENTICATION", "AuthenticationError", what, error);
    }
    this.#fail("CONNECTION_LOST", "ConnectionError", `cannot dial the ${name}stream`, error);
  }

  /** Takes whole EVAL frames, one after another; sends those that the server has room for. */
  evals(bytes: Uint8Array): void {
    if (this.#ended || this.#closing !== "no") return;
    this.#depart(this.#evals.add(bytes, this.#limit));
  }

  /** Cancels an eval. One that waits here is settled at once, one in flight by the server. */
  cancel(id: number, reason: "cancel" | "timeout"): void {
    if (this.#ended) return;
    if (this.#evals.takeBack(id)) {
      this.#settleHere(id);
    } else if (this.#evals.has(id)) {
      this.#sendControl("main", MessageType.CANCEL, id, { reason } satisfies Cancel);
    }
  }

  /** Interrupts the eval that is running. Each call is answered by `interrupted`. */
  interrupt(): void {
    if (this.#ended || this.#closing === "now") return;
    this.#interrupts++;
    this.#sendControl("main", MessageType.INTERRUPT, 0, {});
  }

  /** Asks for the status; answered by `status` with the same id. */
  status(id: number): void {
    if (this.#ended || this.#closing === "now") return;
    this.#asked.add(id);
    this.#sendControl("main", MessageType.STATUS, id, {});
  }

  /** What has come of a large frame on the mainstream. */
  get part(): PartFrame | undefined {
    return this.#streams.main.reader.part;
  }

  /** Says goodbye: at once, or after everything in flight is settled. */
  close(drain: boolean): void {
    if (this.#ended || this.#closing === "now") return;
    this.#closing = drain ? "drain" : "now";
    if (this.#streams.main.state !== "open") return this.#end("CLIENT_CLOSED", undefined);
    if (!drain) this.#evals.drop();
    this.#goodbyeIfDue();
  }

  /**
   * Call it every second. It pings a silent peer, and ends the session if the peer does not answer.
   */
  tick(now: number): void {
    if (this.#farewell !== undefined && now - this.#farewell.since >= CLOSE_DEADLINE_MS) {
      this.#farewell.end();
    }
    for (const name of ["main", "output"] as const) {
      if (this.#ended) return;
      const silent = this.#streams[name].check(now);
      if (silent === "ask") this.#send(name, frameBytes(MessageType.PING, 0, 0, NOTHING));
      else if (silent !== undefined) {
        const what = `nothing came on the ${name}stream for ${Math.round(silent / 1000)} s, ` +
          `not even the answer to a ping`;
        this.#fail("PEER_LOST", "ConnectionError", what);
      }
    }
  }

  /** The stream is not read from now on, because its readers are behind. */
  paused(name: StreamName): void {
    this.#streams[name].pause();
  }

  /** The stream is read again; its silence counts from now on. */
  resumed(name: StreamName, now: number): void {
    this.#streams[name].resume(now);
  }

  /** The number of evals that the server takes at once. */
  get #limit(): number {
    return this.#server!.limits.evals_in_flight;
  }

  #frame(name: StreamName, stream: Stream, frame: Frame): void {
    checkAllowed(name, stream.state, frame.type);
    checkHeader(frame);
    switch (frame.type) {
      case MessageType.CHALLENGE:
        this.#events.push({ kind: "challenged", transcript: this.#login.challenge(frame) });
        break;
      case MessageType.SERVER_HELLO: {
        const hello = readControl(frame, parseServerHello, MAX_HELLO_BODY_BYTES);
        this.#login.check(hello);
        this.#server = hello;
        stream.opened();
        this.#events.push({ kind: "opened", hello });
        break;
      }
      case MessageType.OUTPUT_READY:
        readControl(frame, parseOutputReady);
        stream.opened();
        this.#events.push({ kind: "connected" });
        break;
      case MessageType.RESULT:
        this.#result(frame);
        break;
      case MessageType.INTERRUPTED: {
        if (this.#interrupts === 0) throw new RuleBroken("an INTERRUPTED was not asked for");
        this.#interrupts--;
        this.#events.push({ kind: "interrupted", ...readControl(frame, parseInterrupted) });
        break;
      }
      case MessageType.RUNNING: {
        const { id } = frame;
        if (!this.#evals.has(id)) {
          throw new RuleBroken(`a RUNNING came for request ${id}, which is not in flight`);
        }
        this.#events.push({ kind: "running", id, ...readControl(frame, parseRunning) });
        break;
      }
      case MessageType.STATUS_REPLY: {
        const { id } = frame;
        if (!this.#asked.delete(id)) {
          throw new RuleBroken(`a STATUS_REPLY came for ${id}, which was not asked`);
        }
        this.#events.push({ kind: "status", id, status: readControl(frame, parseStatus) });
        break;
      }
      case MessageType.OUTPUT:
        if (frame.flags !== 1 && frame.flags !== 2) {
          throw new RuleBroken(`an OUTPUT has the descriptor ${frame.flags}, not 1 or 2`);
        }
        this.#evals.checkHasOutput(frame.id);
        this.#events.push({ kind: "output", id: frame.id, fd: frame.flags, bytes: frame.body });
        stream.reader.reuse(frame.body);
        break;
      case MessageType.OUTPUT_END:
        this.#evals.checkHasOutput(frame.id);
        this.#evals.endOutputsTo(frame.id);
        this.#events.push({ kind: "output_end", id: frame.id });
        this.#goodbyeIfDue();
        this.#endIfComplete();
        break;
      case MessageType.LOG: {
        const record = readControl(frame, parseLog);
        this.#events.push({ kind: "log", record, bytes: frame.length });
        break;
      }
      case MessageType.PING:
        this.#send(name, frameBytes(MessageType.PONG, 0, frame.id, NOTHING));
        break;
      case MessageType.PONG:
        break;
      case MessageType.ERROR: {
        const { code, message } = readControl(frame, parseError);
        this.#fail(code, classOfCode(code), `the server said: ${message}${this.#login.hint(code)}`);
        break;
      }
      case MessageType.GOODBYE: {
        const { reason } = readControl(frame, parseGoodbye);
        const end = () => {
          if (this.#goodbyeSent) return this.#end("CLIENT_CLOSED", undefined);
          const what = `the server ended the session (${reason ?? "no reason given"})`;
          this.#fail(reason ?? "SHUTDOWN", "ConnectionError", what);
        };
        this.#farewell = { end, since: stream.heardAt };
        this.#endIfComplete();
        break;
      }
    }
  }

  #result({ id, flags, body, owned }: Frame): void {
    this.#evals.answered(id);
    const status = flags & ~SILENT_FLAG;
    const isSilent = (flags & SILENT_FLAG) !== 0;
    if (status > ResultStatus.NAMESPACE_GONE) {
      throw new RuleBroken(`a RESULT has the status ${status}, which is none`);
    }
    if (isSilent) this.#evals.endOutput(id);
    this.#events.push({ kind: "result", id, status, body, owned, isSilent });
    // An eval is answered, so there is room for another.
    this.#depart(this.#evals.next(this.#limit));
    this.#goodbyeIfDue();
  }

  /** Sends evals, if there are any. */
  #depart(evals: Departure | undefined): void {
    if (evals === undefined) return;
    const { bytes, last } = evals;
    this.#send("main", bytes);
    this.#events.push({ kind: "sent", id: last, bytes: bytes.length });
  }

  /** Settles an eval that was never sent with a RESULT, as the server would. */
  #settleHere(id: number): void {
    const body = queuedResult();
    this.#events.push({
      kind: "result",
      id,
      status: ResultStatus.CANCELLED,
      body,
      owned: true,
      isSilent: false,
    });
    this.#events.push({ kind: "never_sent", id });
    this.#goodbyeIfDue();
  }

  #goodbyeIfDue(): void {
    if (this.#closing === "no" || this.#goodbyeSent) return;
    if (this.#closing === "drain" && !this.#evals.isEmpty) return;
    this.#goodbyeSent = true;
    this.#sendControl("main", MessageType.GOODBYE, 0, { drain: this.#closing === "drain" });
  }

  /** Ends the session after the server's goodbye, once all output has come. */
  #endIfComplete(): void {
    if (this.#closing === "now" || this.#evals.hasAllOutput) this.#farewell?.end();
  }

  #sendControl(stream: StreamName, type: number, id: number, body: object): Uint8Array {
    const bytes = frameBytes(type, 0, id, encodeControl(body));
    this.#send(stream, bytes);
    return bytes;
  }

  #send(stream: StreamName, bytes: Uint8Array): void {
    this.#events.push({ kind: "send", stream, bytes });
  }

  /** The server broke a rule: reports it to the server, and ends the session. */
  #broken(name: StreamName, message: string, code: "PROTOCOL" | "VERSION"): void {
    this.#sendControl(name, MessageType.ERROR, 0, { code, message });
    this.#fail(code, "ProtocolError", message);
  }

  /** One end could not prove itself: reports it to the server, and ends the session. */
  #unproven(message: string): void {
    this.#sendControl("main", MessageType.ERROR, 0, { code: "AUTHENTICATION", message });
    this.#fail("AUTHENTICATION", "AuthenticationError", message);
  }

  #fail(reason: string, errorClass: SessionErrorClass, why: string, cause?: unknown): void {
    const doing = this.#server === undefined
      ? `Cannot open a session at ${this.#where}`
      : this.#streams.output.state !== "open"
      ? `Cannot connect session ${this.#server.session_id} at ${this.#where}`
      : `Cannot go on with session ${this.#server.session_id} at ${this.#where}`;
    const told = cause instanceof Error
      ? cause.message
      : cause === undefined
      ? undefined
      : `${cause}`;
    const message = `${doing}: ${why}${told === undefined ? "" : `: ${told}`}`;
    this.#end(reason, { class: errorClass, message, cause: told });
  }

  #end(reason: string, error: ErrorRecord | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#evals.drop();
    this.#events.push({ kind: "closed", reason, error });
  }
}

/** A server with TLS closes a stream without TLS and does not say why. */
const NO_TLS = " (if it talks TLS, give the option 'tls')";

const NOTHING = new Uint8Array(0);

/** The body of the RESULT of an eval that was cancelled before it was sent. */
function queuedResult(): Uint8Array {
  const control = encodeControl({ how: "queued" } satisfies CancelledControl);
  const body = new Uint8Array(4 + control.length);
  writeU32(body, 0, control.length);
  body.set(control, 4);
  return body;
}
