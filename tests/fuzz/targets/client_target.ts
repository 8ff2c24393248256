/**
 * The client's core against a server that may send anything.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import type { Outcome } from "../../../src/api/future.ts";
import { PyProxyError } from "../../../src/common/error_base.ts";
import { type EvalFacts, outcomeOf } from "../../../src/main_thread/outcome.ts";
import { Connection } from "../../../src/protocol/connection.ts";
import type { ConnectionEvent } from "../../../src/protocol/connection_event.ts";
import type { StreamName } from "../../../src/protocol/rules.ts";
import { proofMessage, type ProofRole } from "../../../src/wire/login.ts";
import { MessageType } from "../../../src/wire/messages.ts";
import { readControl } from "../../raw_client.ts";
import { concat } from "../bytes.ts";
import { type Exchange, framesOf } from "../corpus.ts";

/** The ways in which the client may say that its session is over because of the server's bytes. */
const ENDS = ["ConnectionError", "ProtocolError", "AuthenticationError", "SessionClosedError"];

/** What of an eval is known when its result is read. */
const FACTS: EvalFacts = {
  caller: new Error(),
  timeout: undefined,
  expired: false,
  abortReason: undefined,
};

/** A client's part of an exchange: what it says and asks for. */
export class ClientPart {
  readonly hello: { client: string; name: string; nonce: string | undefined };
  readonly token: string | undefined;
  readonly evals: Uint8Array;
  readonly ids: number[];
  readonly interrupts: number;
  readonly questions: number[];

  /** Reads it from the recording. */
  constructor({ token, frames }: Exchange) {
    const own = frames.filter(({ from }) => from === "client").map(({ bytes }) =>
      framesOf(bytes)[0]!
    );
    this.token = token;
    this.hello = readControl(own[0]!.body) as unknown as ClientPart["hello"];
    const isEval = (bytes: Uint8Array): boolean => bytes[2] === MessageType.EVAL;
    this.evals = concat(
      frames.filter(({ from, bytes }) => from === "client" && isEval(bytes))
        .map(({ bytes }) => bytes),
    );
    this.ids = own.filter(({ type }) => type === MessageType.EVAL).map(({ id }) => id);
    this.questions = own.filter(({ type }) => type === MessageType.STATUS).map(({ id }) => id);
    this.interrupts = own.filter(({ type }) => type === MessageType.INTERRUPT).length;
  }
}

/** One connection, and what it has told. */
export class ClientRun {
  /** A line for each event, without what depends on how the bytes were cut. */
  readonly told: string[] = [];
  readonly #part: ClientPart;
  readonly #connection: Connection;
  readonly #pending = new Set<number>();
  readonly #dialled = new Set<StreamName>(["main"]);
  #interrupts = 0;
  #fed = 0;

  /** Dials. */
  constructor(part: ClientPart) {
    this.#part = part;
    this.#connection = new Connection("host:1", { ...part.hello, nonce: part.hello.nonce });
    this.#connection.dialled("main", 0);
    this.#take();
  }

  /** Whether the session is over. */
  get ended(): boolean {
    return this.#connection.ended;
  }

  /** Gives it bytes, in pieces; nothing of what they ask for is done before the last. */
  feed(stream: StreamName, pieces: readonly Uint8Array[]): void {
    if (!this.#dialled.has(stream)) return;
    const todo: ConnectionEvent[] = [];
    for (const piece of pieces) {
      for (let at = 0; at < piece.length && !this.ended;) {
        const space = this.#connection.space(stream);
        if (space.length === 0) throw new Error("there is no space for what comes next");
        const part = piece.subarray(at, at + space.length);
        space.set(part);
        at += part.length;
        this.#fed += part.length;
        const held = space.buffer.byteLength;
        if (!(held <= Math.max(64 * 1024, 16 * this.#fed))) {
          throw new Error(`${held} bytes of buffer are held after ${this.#fed} have come`);
        }
        this.#connection.received(stream, part.length, 0);
        todo.push(...this.#take());
      }
    }
    for (const event of todo) this.#act(event);
  }

  /** The server's end of both streams. */
  end(): void {
    for (const stream of ["main", "output"] as const) this.#connection.lost(stream);
    this.#take();
    const closed = this.told.filter((line) => line.startsWith("closed"));
    if (!this.ended || closed.length !== 1 || this.told.at(-1) !== closed[0]) {
      throw new Error(`it has ended in this way: ${this.told.join("; ")}`);
    }
  }

  #act(event: ConnectionEvent): void {
    const connection = this.#connection;
    if (connection.ended) return;
    if (event.kind === "challenged") {
      const { hello, challenge } = event.transcript;
      const proof = (role: ProofRole): string =>
        createHmac("sha256", this.#part.token!).update(proofMessage(role, hello, challenge))
          .digest("hex");
      connection.proofs({
        client: proof("client"),
        server: proof("server"),
        output: proof("output"),
      });
    } else if (event.kind === "opened") {
      connection.dialled("output", 0);
      this.#dialled.add("output");
    } else if (event.kind === "connected") {
      for (const id of this.#part.ids) this.#pending.add(id);
      connection.evals(this.#part.evals);
      for (let i = 0; i < this.#part.interrupts; i++) connection.interrupt();
      for (const id of this.#part.questions) connection.status(id);
      this.#interrupts += this.#part.interrupts;
    }
    this.#take();
  }

  /** Notes what has happened, and checks what must hold of it. */
  #take(): ConnectionEvent[] {
    const events = this.#connection.takeEvents();
    for (const event of events) {
      if (this.told.at(-1)?.startsWith("closed")) {
        throw new Error(`${event.kind} was told after the end: ${this.told.at(-1)}`);
      }
      this.told.push(this.#line(event));
    }
    return events;
  }

  #line(event: ConnectionEvent): string {
    switch (event.kind) {
      case "send": {
        // Whatever is sent is whole frames; their text may name what has come of a broken one.
        const frames = framesOf(event.bytes).map(({ type, id }) => `${type}/${id}`);
        return `send ${event.stream} ${frames}`;
      }
      case "opened":
        return `opened ${JSON.stringify(event.hello)}`;
      case "result": {
        if (!this.#pending.delete(event.id)) throw new Error(`a second result for ${event.id}`);
        return `result ${event.id} ${this.#outcome(event)}`;
      }
      case "interrupted":
        if (--this.#interrupts < 0) throw new Error("more interrupts were answered than sent");
        return `interrupted ${event.id}`;
      case "output":
        return `output ${event.id} ${event.fd} ${event.bytes.toHex()}`;
      case "output_end":
      case "never_sent":
      case "sent":
        return `${event.kind} ${event.id}`;
      case "closed": {
        const { reason, error } = event;
        if (error !== undefined && !ENDS.includes(error.class)) {
          throw new Error(`the session ended with a ${error.class}`);
        }
        // How much of what is no frame is shown depends on how much has come with it.
        const message = error?.message.replace(/, got ".*/s, "");
        return `closed ${reason} ${error?.class} ${message}`;
      }
      default:
        return event.kind;
    }
  }

  /** As the main thread does: whatever is thrown ends the session with a ProtocolError. */
  #outcome({ id, status, body }: ConnectionEvent & { kind: "result" }): string {
    let outcome: Outcome<unknown>;
    try {
      outcome = outcomeOf(id, FACTS, status, body.slice());
    } catch (error) {
      if (error instanceof Error) return `unreadable: ${error.message}`;
      throw error;
    }
    if (outcome.ok) return "value";
    const { error } = outcome;
    if (!(error instanceof PyProxyError) || typeof error.message !== "string") {
      throw new Error(`eval ${id} failed with ${error}`);
    }
    // Printing it must not fail either.
    return `${error.name} ${String(error.stack).length > 0}`;
  }
}
