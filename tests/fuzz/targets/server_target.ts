/**
 * The server against clients that may send anything: its real listener, handshake, sessions and
 * scheduler on sockets in memory and a clock that is turned by hand. Python only answers.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Connection } from "../../../fake_server/clients/connections/connection.ts";
import type { Visitor } from "../../../fake_server/clients/connections/handshake.ts";
import { Listener } from "../../../fake_server/clients/connections/listener.ts";
import type { Socket } from "../../../fake_server/clients/connections/socket.ts";
import { Session } from "../../../fake_server/clients/session.ts";
import { Sessions } from "../../../fake_server/clients/sessions.ts";
import { Fault } from "../../../fake_server/common/fault.ts";
import { KeptBuffers } from "../../../fake_server/common/kept_buffers.ts";
import { DEFAULT_LIMITS } from "../../../fake_server/common/limits.ts";
import { Log } from "../../../fake_server/common/log.ts";
import { logObserver } from "../../../fake_server/common/log_observer.ts";
import { Reserve } from "../../../fake_server/common/reserve.ts";
import { Shortage } from "../../../fake_server/common/shortage.ts";
import type { JobOwner } from "../../../fake_server/scheduling/job_owner.ts";
import { Scheduler } from "../../../fake_server/scheduling/scheduler.ts";
import { Slot } from "../../../fake_server/scheduling/slot.ts";
import type { StreamName } from "../../../src/protocol/rules.ts";
import { type Frame, frameBytes, readU32 } from "../../../src/wire/frame.ts";
import {
  HEADER_BYTES,
  MAX_EVALS_IN_FLIGHT,
  MAX_FRAME_BODY_BYTES,
} from "../../../src/wire/limits.ts";
import { Feature, MessageType } from "../../../src/wire/messages.ts";
import { evalBody } from "../../eval_body.ts";
import { FakeTime } from "../../faults/simulator/time.ts";
import { controlFrame, rawNonce, rawProof, readControl } from "../../raw_client.ts";
import { concat } from "../bytes.ts";
import { framesOf } from "../corpus.ts";
import { IdlePython } from "./python.ts";
import { MemorySocket } from "./socket.ts";

/** Why the server may end a connection for what came on it. */
const CODES = [
  "PROTOCOL",
  "VERSION",
  "AUTHENTICATION",
  "STREAM_TOKEN",
  "TIMEOUT",
  "LIMIT",
  "STREAM_LOST",
];

/** Coarser than the server's own, so that a visit takes fewer turns. */
const TICK_MS = 1_000;

/** One client, honest so far as its user is. */
export class Client {
  readonly #server: ServerUnderTest;
  readonly sockets: Record<StreamName, MemorySocket | undefined> = {
    main: undefined,
    output: undefined,
  };
  /** A line for each frame of the server's. */
  readonly told: string[] = [];
  /** The whole CLIENT_HELLO and CHALLENGE, once they have gone by. */
  #hello: Uint8Array | undefined;
  #challenge: Uint8Array | undefined;
  streamToken: string | undefined;

  /** One that has not dialled. */
  constructor(server: ServerUnderTest) {
    this.#server = server;
  }

  /** Sends on a stream, which is dialled at its first bytes. */
  async send(stream: StreamName, pieces: readonly Uint8Array[]): Promise<void> {
    this.sockets[stream] ??= await this.#server.dial();
    this.sockets[stream].push(pieces);
    await this.#server.turn();
    this.read();
  }

  /** Remembers what the proofs are about. */
  said(bytes: Uint8Array): void {
    if (bytes.length < HEADER_BYTES || bytes[2] !== MessageType.CLIENT_HELLO) return;
    this.#hello ??= bytes.slice(0, HEADER_BYTES + readU32(bytes, 4));
  }

  /** The right proof, or none. */
  proof(role: "client" | "output"): string | undefined {
    const { token } = this.#server;
    if (token === undefined || this.#hello === undefined || this.#challenge === undefined) return;
    return rawProof(token, role, this.#hello, this.#challenge);
  }

  /** Takes in what the server has sent. */
  read(): void {
    for (const stream of ["main", "output"] as const) {
      const bytes = concat(this.sockets[stream]?.take() ?? []);
      for (const frame of framesOf(bytes)) this.#note(stream, frame);
    }
  }

  #note(stream: StreamName, { type, flags, id, body }: Frame): void {
    let more = "";
    if (type === MessageType.CHALLENGE) this.#challenge = frameBytes(type, flags, id, body);
    if (type === MessageType.SERVER_HELLO) {
      this.streamToken = String(readControl(body).stream_token);
    }
    if (type === MessageType.PING) {
      this.sockets[stream]!.push([frameBytes(MessageType.PONG, 0, id, new Uint8Array(0))]);
      return;
    }
    if (type === MessageType.ERROR) {
      const { code, message } = readControl(body);
      if (!CODES.includes(String(code))) throw new Error(`the server said ${code}: ${message}`);
      more = ` ${code}: ${String(message).replace(/, got ".*/s, "")}`;
    }
    if (type !== MessageType.LOG) this.told.push(`${stream} ${type} ${flags} ${id}${more}`);
  }
}

/** The server, and a session on it that must not notice anything. */
export class ServerUnderTest implements AsyncDisposable {
  readonly token: string | undefined;
  readonly #time = new FakeTime();
  readonly #sessions: Sessions;
  readonly #listener: Listener;
  readonly #scheduler: Scheduler<JobOwner>;
  readonly #slot: Slot;
  readonly #python = new IdlePython(1);
  readonly #reserve = new Reserve();
  readonly #unfinished = { bytes: 0 };
  readonly #buffers = new KeptBuffers(() => this.#time.now);
  readonly #waiting: ((connection: Deno.Conn) => void)[] = [];
  readonly #ticker: ReturnType<typeof setInterval>;
  readonly #errors: unknown[] = [];
  readonly #log = new Log("error", (record) => this.#errors.push(record));
  readonly #observer = logObserver(this.#log);
  #canary: Client;
  #canaryEvals = 0;
  #lastSession = 0;

  private constructor(token: string | undefined) {
    this.token = token;
    const log = this.#log;
    const clock = (): number => this.#time.now;
    const observer = this.#observer;
    this.#sessions = new Sessions(observer);
    const scheduler = this.#scheduler = new Scheduler<JobOwner>(1, DEFAULT_LIMITS.cancelGraceMs, {
      handOver: (_, job) => this.#slot.handOver(job),
      cancel: (_, job) => this.#slot.cancel(job),
      running: () => this.#slot.running,
      interrupt: (_, job) => this.#slot.interrupt(job),
      remind: () => this.#slot.remind(),
      kill: () => this.#slot.kill(),
      settle: (job, outcome) => job.payload.outcome(outcome),
    });
    this.#slot = new Slot(0, {
      observer,
      clock,
      scheduler,
      sessions: this.#sessions,
      start: () => Promise.reject(new Error("python has died")),
      lacking: () => {},
    }, this.#python);
    const listener = {
      accept: () => new Promise<Deno.Conn>((resolve) => this.#waiting.push(resolve)),
    };
    const bound = {
      listener: listener as unknown as Deno.Listener<Deno.Conn>,
      address: { hostname: "127.0.0.1", port: 1 },
      close: () => {},
    };
    this.#listener = new Listener([bound], {
      socket: (connection) => connection as unknown as Socket,
      limits: DEFAULT_LIMITS,
      observer,
      clock,
      unfinished: this.#unfinished,
      buffers: this.#buffers,
      token: () => token,
      reserve: this.#reserve,
      shortage: new Shortage(log, clock, 0),
      hello: (connection, visitor) => this.#hello(connection, visitor),
      outputHello: (connection, given, proof) => {
        const session = this.#sessions.claim(given, proof);
        if (session === undefined) throw new Fault("STREAM_TOKEN", "the stream token is not valid");
        session.attach(connection);
      },
    });
    this.#ticker = setInterval(() => {
      scheduler.tick(clock());
      this.#sessions.tick(clock());
    }, TICK_MS);
    this.#canary = new Client(this);
  }

  /** Starts one, with a session on it. */
  static async start(token?: string): Promise<ServerUnderTest> {
    const server = new ServerUnderTest(token);
    await server.turn();
    await server.#greet(server.#canary);
    await server.check();
    return server;
  }

  /** Gives the runtime its clock back. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticker);
    this.#time[Symbol.dispose]();
    this.#reserve[Symbol.dispose]();
    this.#python.isClosing = true;
    await this.#slot.close();
  }

  /** A client with both streams open. */
  async login(): Promise<Client> {
    const client = new Client(this);
    await this.#greet(client);
    return client;
  }

  /** A client goes, and his connections with him. */
  async bye({ sockets }: Client): Promise<void> {
    for (const socket of Object.values(sockets)) socket?.end();
    await this.#pass(2_000);
  }

  /** A new connection. */
  async dial(): Promise<MemorySocket> {
    const socket = new MemorySocket();
    while (this.#waiting.length === 0) await this.turn();
    this.#waiting.shift()!(socket as unknown as Deno.Conn);
    return socket;
  }

  /** Everything that follows by itself follows. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(() => resolve()));
    this.#python.answer();
    await new Promise<void>((resolve) => setImmediate(() => resolve()));
  }

  /** One session of somebody who sends this; gives what he is told. */
  async visit(
    segments: {
      stream: StreamName;
      pieces: (fresh: (bytes: Uint8Array) => Uint8Array) => Uint8Array[];
    }[],
    recorded: { streamToken: string; proofs: Record<"client" | "output", string | undefined> },
    patience: "closes" | "stays",
  ): Promise<string[]> {
    const client = new Client(this);
    const fresh = (bytes: Uint8Array): Uint8Array => {
      let text = bytes.toHex();
      const put = (old: string | undefined, now: string | undefined): void => {
        if (old === undefined || now === undefined) return;
        const encoder = new TextEncoder();
        text = text.replace(encoder.encode(old).toHex(), encoder.encode(now).toHex());
      };
      put(recorded.streamToken, client.streamToken);
      put(recorded.proofs.client, client.proof("client"));
      put(recorded.proofs.output, client.proof("output"));
      return Uint8Array.fromHex(text);
    };
    for (const { stream, pieces } of segments) {
      const list = pieces(fresh);
      client.said(concat(list));
      await client.send(stream, list);
    }
    if (patience === "stays") await this.#pass(DEFAULT_LIMITS.handshakeMs);
    client.read();
    const told = client.told.slice();
    await this.bye(client);
    client.read();
    return told;
  }

  /** Nothing is left of a visitor, and the session beside him works. */
  async check(): Promise<void> {
    const canary = this.#canary;
    const id = ++this.#canaryEvals;
    const body = evalBody("canary", [{ n: id }, null]);
    await canary.send("main", [frameBytes(MessageType.EVAL, 0, id, body)]);
    const { told } = canary;
    const wanted = [`main ${MessageType.RESULT} 0 ${id}`, `output ${MessageType.OUTPUT} 1 ${id}`];
    wanted.push(`output ${MessageType.OUTPUT_END} 0 ${id}`);
    if (told.join() !== wanted.join()) throw new Error(`the canary was told ${told.join("; ")}`);
    told.length = 0;
    const left = {
      errors: this.#errors,
      sessions: this.#sessions.size - 1,
      connections: this.#listener.connections - 2,
      handshakes: this.#listener.handshakes,
      jobs: this.#scheduler.jobs,
      unfinished: this.#unfinished.bytes,
    };
    if (Object.values(left).some((what) => what !== 0 && (what as unknown[]).length !== 0)) {
      throw new Error(`of a visitor is left: ${JSON.stringify(left)}`);
    }
  }

  async #greet(client: Client): Promise<void> {
    const hello = controlFrame(MessageType.CLIENT_HELLO, {
      protocol: 2,
      client: "canary",
      ...(this.token === undefined ? {} : { nonce: rawNonce() }),
    });
    client.said(hello);
    await client.send("main", [hello]);
    const proof = client.proof("client");
    if (proof !== undefined) {
      await client.send("main", [controlFrame(MessageType.PROOF, { proof })]);
    }
    const output = { stream_token: client.streamToken!, proof: client.proof("output") };
    if (output.proof === undefined) delete output.proof;
    await client.send("output", [controlFrame(MessageType.OUTPUT_HELLO, output)]);
    client.told.length = 0;
  }

  async #pass(ms: number): Promise<void> {
    const end = this.#time.now + ms;
    while ((this.#time.next ?? Infinity) <= end) {
      this.#time.fire();
      await this.turn();
      this.#canary.read();
    }
    this.#time.now = end;
  }

  #hello(connection: Connection, { proofs }: Visitor): void {
    const session = new Session(
      {
        pool: {
          scheduler: this.#scheduler,
          pid: () => this.#slot.pid,
          python: this.#python.info,
        },
        observer: this.#observer,
        clock: () => this.#time.now,
        limits: DEFAULT_LIMITS,
        buffers: this.#buffers,
        closed: (session) => this.#sessions.remove(session, token),
      },
      ++this.#lastSession,
      connection,
    );
    const token = this.#sessions.add(session, proofs?.output);
    connection.sendControl(MessageType.SERVER_HELLO, {
      session_id: session.id,
      stream_token: token,
      output_addr: ":2",
      limits: { frame_bytes: MAX_FRAME_BODY_BYTES, evals_in_flight: MAX_EVALS_IN_FLIGHT },
      server: "test",
      python: { version: "3", implementation: "CPython", msgpack: "c" },
      features: Object.values(Feature),
      ...(proofs === undefined ? {} : { proof: proofs.server }),
    });
  }
}
