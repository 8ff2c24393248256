/**
 * A client of the protocol that shares nothing with ours but the frame: its bodies are written and
 * read by `@std/msgpack`. For tests that want to see the wire, break its rules, or hold many
 * sessions cheaply. Deno only.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { decode, encode, type ValueType } from "@std/msgpack";
import { createHmac } from "node:crypto";
import { frameBytes, readU32 } from "../src/wire/frame.ts";
import { FrameReader } from "../src/wire/frame_reader.ts";
import { MAX_FRAME_BODY_BYTES } from "../src/wire/limits.ts";
import {
  EvalFlag,
  MessageType,
  type ResultStatus,
  type ServerHello,
  SILENT_FLAG,
} from "../src/wire/messages.ts";
import { evalBody } from "./eval_body.ts";

/** How long a condition is waited for: far more than it ever takes. */
const PATIENCE_MS = 20_000;

/** A frame with a body of its own. */
export interface RawFrame {
  type: number;
  flags: number;
  id: number;
  body: Uint8Array<ArrayBuffer>;
}

/** A control body as an object. */
export function readControl(body: Uint8Array): Record<string, unknown> {
  return body.length === 0 ? {} : decode(body) as Record<string, unknown>;
}

/** A proof of a login, made with another HMAC than the client's. */
export function rawProof(
  token: string,
  role: "client" | "server" | "output",
  hello: Uint8Array,
  challenge: Uint8Array,
): string {
  return createHmac("sha256", token).update(role).update(hello).update(challenge).digest("hex");
}

/** Random bytes as the nonces of a login are written. */
export function rawNonce(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}

/** The whole frame of a control message without an id. */
export function controlFrame(type: number, map: object): Uint8Array {
  return frameBytes(type, 0, 0, encode(map as ValueType));
}

/** One TCP stream of frames. */
export class RawStream implements Disposable {
  readonly #socket: Deno.Conn;
  readonly #reader = new FrameReader(MAX_FRAME_BODY_BYTES);
  readonly #frames: RawFrame[] = [];

  private constructor(socket: Deno.Conn) {
    this.#socket = socket;
  }

  /** Dials `host:port`, or `unix:/path`; talks TLS if an authority's certificate is given. */
  static async dial(addr: string, authority?: string): Promise<RawStream> {
    if (addr.startsWith("unix:")) {
      return new RawStream(await Deno.connect({ transport: "unix", path: addr.slice(5) }));
    }
    const { hostname, port } = new URL(`tcp://${addr}`);
    const socket = await Deno.connect({
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port),
    });
    socket.setNoDelay(true);
    if (authority === undefined) return new RawStream(socket);
    const secure = await Deno.startTls(socket, { hostname, caCerts: [authority] });
    try {
      await secure.handshake();
    } catch (error) {
      secure.close();
      throw error;
    }
    return new RawStream(secure);
  }

  /** Over a socket that was dialled or accepted elsewhere. */
  static of(socket: Deno.Conn): RawStream {
    return new RawStream(socket);
  }

  /** Sends bytes, whatever they are. */
  async send(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) at += await this.#socket.write(bytes.subarray(at));
  }

  /** Sends a frame. */
  frame(type: number, flags: number, id: number, body: Uint8Array): Promise<void> {
    return this.send(frameBytes(type, flags, id, body));
  }

  /** Sends a control message. */
  control(type: number, map: object, id = 0): Promise<void> {
    return this.frame(type, 0, id, encode(map as ValueType));
  }

  /** The next frame; null at the end of the stream, however it ended. */
  async next(): Promise<RawFrame | null> {
    while (this.#frames.length === 0) {
      let count: number | null;
      try {
        count = await this.#socket.read(this.#reader.space());
      } catch (error) {
        if (isEnd(error)) return null;
        throw error;
      }
      if (count === null) return null;
      for (const { type, flags, id, body } of this.#reader.filled(count)) {
        this.#frames.push({ type, flags, id, body: body.slice() });
      }
    }
    return this.#frames.shift()!;
  }

  /** Says that nothing more will be sent. */
  closeWrite(): Promise<void> {
    return this.#socket.closeWrite();
  }

  /** Cuts the stream. */
  close(): void {
    try {
      this.#socket.close();
    } catch (error) {
      if (!isEnd(error)) throw error;
    }
  }

  /** See {@linkcode RawStream.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Whether the error says that the stream is over, by whichever side. */
function isEnd(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.UnexpectedEof;
}

/** A RESULT. */
export interface RawResult {
  status: ResultStatus;
  control: Record<string, unknown>;
  /** The bytes of the values. */
  values: Uint8Array<ArrayBuffer>;
}

/** What an eval may be given. */
export interface RawEvalOptions {
  locs?: Record<string, unknown>;
  globs?: Record<string, unknown>;
  namespace?: string;
  strict?: boolean;
  /** The RESULT may say SILENT. */
  silent?: boolean;
}

/** One session, which notes down all that comes. */
export class RawSession implements AsyncDisposable {
  readonly hello: ServerHello;
  readonly main: RawStream;
  /** Set by `connect`. */
  output: RawStream | undefined;
  readonly results: Map<number, RawResult> = new Map();
  /** Evals whose RESULT said that they wrote nothing. */
  readonly silent: Set<number> = new Set();
  /** Every OUTPUT by request id, in order. */
  readonly written: Map<number, { fd: number; bytes: Uint8Array }[]> = new Map();
  readonly logs: Record<string, unknown>[] = [];
  /** For how long an eval had been running when the server said so. */
  readonly running: Map<number, unknown> = new Map();
  /** Answers to STATUS. */
  readonly statuses: Map<number, Record<string, unknown>> = new Map();
  /** The id of the last OUTPUT_END. */
  ended = 0;
  /** The `code` of the ERROR, or the `reason` of the GOODBYE, that came on the mainstream. */
  closeReason: string | undefined;
  closeMessage: string | undefined;
  /** Which streams have ended. */
  mainEnded = false;
  outputEnded = false;
  #lastId = 0;
  #waiting: (() => void)[] = [];
  readonly #loops: Promise<void>[] = [];

  readonly #outputProof: string | undefined;
  readonly #authority: string | undefined;

  private constructor(
    main: RawStream,
    hello: ServerHello,
    outputProof?: string,
    authority?: string,
  ) {
    this.#authority = authority;
    this.main = main;
    this.hello = hello;
    this.#outputProof = outputProof;
    this.#loops.push(this.#read(main, () => this.mainEnded = true));
  }

  /** Opens a session: mainstream and hello, with a login where there is a token. */
  static async open(
    addr: string,
    name?: string,
    token?: string,
    authority?: string,
  ): Promise<RawSession> {
    const main = await RawStream.dial(addr, authority);
    try {
      const hello = controlFrame(MessageType.CLIENT_HELLO, {
        protocol: 2,
        client: "raw",
        ...(name === undefined ? {} : { name }),
        ...(token === undefined ? {} : { nonce: rawNonce() }),
      });
      await main.send(hello);
      let frame = await main.next();
      let outputProof: string | undefined;
      if (frame?.type === MessageType.CHALLENGE && token !== undefined) {
        const challenge = frameBytes(frame.type, frame.flags, frame.id, frame.body);
        const proof = rawProof(token, "client", hello, challenge);
        await main.control(MessageType.PROOF, { proof });
        frame = await main.next();
        outputProof = rawProof(token, "output", hello, challenge);
      }
      if (frame?.type !== MessageType.SERVER_HELLO) {
        throw new Error(`no hello but ${frame && JSON.stringify(readControl(frame.body))}`);
      }
      const server = readControl(frame.body) as unknown as ServerHello;
      return new RawSession(main, server, outputProof, authority);
    } catch (error) {
      main.close();
      throw error;
    }
  }

  /** Opens a session with its outputstream; `read: false` leaves that unread. */
  static async connect(
    addr: string,
    options: { read?: boolean; token?: string; authority?: string } = {},
  ): Promise<RawSession> {
    const session = await RawSession.open(addr, undefined, options.token, options.authority);
    try {
      await session.connect(options);
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where the outputstream goes. */
  get outputAddr(): string {
    const { output_addr } = this.hello;
    return output_addr.startsWith(":") ? `127.0.0.1${output_addr}` : output_addr;
  }

  /** Opens the outputstream. */
  async connect({ read = true }: { read?: boolean } = {}): Promise<void> {
    this.output = await RawStream.dial(this.outputAddr, this.#authority);
    const { stream_token } = this.hello;
    await this.output.control(MessageType.OUTPUT_HELLO, {
      stream_token,
      ...(this.#outputProof === undefined ? {} : { proof: this.#outputProof }),
    });
    const frame = await this.output.next();
    if (frame?.type !== MessageType.OUTPUT_READY) {
      throw new Error(`no OUTPUT_READY but ${frame && JSON.stringify(readControl(frame.body))}`);
    }
    if (read) this.readOutput();
  }

  /** Begins to read the outputstream that `connect({ read: false })` left. */
  readOutput(): void {
    this.#loops.push(this.#read(this.output!, () => this.outputEnded = true));
  }

  /** Sends an EVAL and gives its id. */
  async send(code: string, options: RawEvalOptions = {}): Promise<number> {
    const { locs, globs, namespace, strict, silent } = options;
    const id = ++this.#lastId;
    const control = {
      ...(namespace === undefined ? {} : { namespace }),
      ...(strict === undefined ? {} : { strict }),
    };
    const values = locs === undefined && globs === undefined
      ? undefined
      : [locs ?? null, globs ?? null];
    const flags = silent ? EvalFlag.SILENT : 0;
    await this.main.frame(MessageType.EVAL, flags, id, evalBody(code, values, control));
    return id;
  }

  /** The RESULT of an eval. */
  result(id: number): Promise<RawResult> {
    return this.until(() => this.results.get(id), `a RESULT for ${id}`);
  }

  /** Evaluates and gives the RESULT. */
  async eval(code: string, options?: RawEvalOptions): Promise<RawResult> {
    return this.result(await this.send(code, options));
  }

  /** Evaluates and gives the value, which must be one that plain MessagePack has. */
  async value(code: string, options?: RawEvalOptions): Promise<unknown> {
    const { status, control, values } = await this.eval(code, options);
    if (status === 0) return decode(values);
    const text = status === 1 ? new TextDecoder().decode(values) : JSON.stringify(control);
    throw new Error(`the RESULT has status ${status}: ${text}`);
  }

  /** The whole output of an eval as text, descriptor by descriptor or both. */
  async text(id: number, fd?: number): Promise<string> {
    await this.until(() => this.ended >= id || undefined, `OUTPUT_END for ${id}`);
    const pieces = (this.written.get(id) ?? []).filter((piece) =>
      fd === undefined || piece.fd === fd
    );
    const decoder = new TextDecoder();
    return pieces.map(({ bytes }) => decoder.decode(bytes, { stream: true })).join("") +
      decoder.decode();
  }

  /** Sends a CANCEL. */
  cancel(id: number): Promise<void> {
    return this.main.control(MessageType.CANCEL, { reason: "cancel" }, id);
  }

  /** Says goodbye. */
  goodbye(drain = false): Promise<void> {
    return this.main.control(MessageType.GOODBYE, { drain });
  }

  /** Waits until both streams have ended, and says why. */
  async closed(): Promise<string | undefined> {
    await this.until(
      () => this.mainEnded && (this.output === undefined || this.outputEnded) || undefined,
      "the end of both streams",
    );
    return this.closeReason;
  }

  /** Waits for a condition, looked at whenever something has come. */
  until<T>(condition: () => T | undefined, what: string): Promise<T> {
    const wait = async (): Promise<T> => {
      for (;;) {
        const value = condition();
        if (value !== undefined) return value;
        if (this.mainEnded && (this.output === undefined || this.outputEnded)) {
          throw new Error(
            `the session ended (${this.closeReason}: ${this.closeMessage}) before ${what} came`,
          );
        }
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    };
    return deadline(wait(), PATIENCE_MS);
  }

  /** Cuts both streams. */
  close(): void {
    this.main.close();
    this.output?.close();
  }

  /** Cuts both streams and waits for their loops. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await Promise.all(this.#loops);
  }

  async #read(stream: RawStream, ended: () => void): Promise<void> {
    for (;;) {
      const frame = await stream.next();
      if (frame === null) {
        // As a client should: the server waits a moment for this before it cuts.
        stream.close();
        break;
      }
      this.#note(stream, frame);
      this.#wake();
    }
    ended();
    this.#wake();
  }

  #note(stream: RawStream, { type, flags, id, body }: RawFrame): void {
    switch (type) {
      case MessageType.RESULT: {
        if (this.results.has(id)) throw new Error(`a second RESULT came for ${id}`);
        const end = 4 + readU32(body, 0);
        const control = readControl(body.subarray(4, end));
        const status = (flags & ~SILENT_FLAG) as ResultStatus;
        if (flags !== status) this.silent.add(id);
        this.results.set(id, { status, control, values: body.slice(end) });
        break;
      }
      case MessageType.OUTPUT: {
        if (id <= this.ended || this.silent.has(id)) {
          throw new Error(`OUTPUT for ${id} came after its end`);
        }
        const pieces = this.written.get(id) ?? [];
        pieces.push({ fd: flags, bytes: body });
        this.written.set(id, pieces);
        break;
      }
      case MessageType.RUNNING:
        this.running.set(id, readControl(body).ms);
        break;
      case MessageType.STATUS_REPLY:
        this.statuses.set(id, readControl(body));
        break;
      case MessageType.OUTPUT_END:
        if (id <= this.ended) throw new Error(`OUTPUT_END for ${id} came after ${this.ended}`);
        this.ended = id;
        break;
      case MessageType.LOG:
        this.logs.push(readControl(body));
        break;
      case MessageType.ERROR:
      case MessageType.GOODBYE: {
        const { code, reason, message } = readControl(body);
        this.closeReason ??= (code ?? reason) as string;
        this.closeMessage ??= message as string | undefined;
        break;
      }
      case MessageType.PING:
        // A socket that is gone needs no answer.
        stream.frame(MessageType.PONG, 0, id, new Uint8Array(0)).catch(() => {});
        break;
      case MessageType.PONG:
      case MessageType.INTERRUPTED:
        break;
      default:
        throw new Error(`a frame of type ${type} came`);
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
