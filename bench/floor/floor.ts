/**
 * The floor: what the product's chain of hops costs when nothing is done on the way. Main thread,
 * Web Worker, TCP on loopback, a Deno server in a process of its own, a unix socket, Python, and
 * back; NODELAY everywhere, what is ready in one turn written together, buffers transferred.
 *
 * @module
 */
import { firstLine } from "../common/processes.ts";
import { bodyLength, HEADER_BYTES, Kind, writeHeader } from "./frame.ts";
import type { FromFloor, ToFloor } from "./session_worker.ts";

const encoder = new TextEncoder();

/** The floor's server, with one python process for each session that will be opened. */
export class Floor implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #port: number;
  readonly #sessions: FloorSession[] = [];

  private constructor(child: Deno.ChildProcess, port: number) {
    this.#child = child;
    this.#stdin = child.stdin.getWriter();
    this.#port = port;
  }

  /** Starts it. */
  static async start(python: string, processes: number): Promise<Floor> {
    const program = new URL("./server.ts", import.meta.url).pathname;
    const args = ["run", "--allow-all", program, python, `${processes}`];
    const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" })
      .spawn();
    return new Floor(child, Number(await firstLine(child.stdout)));
  }

  /** Opens a session. */
  async open(): Promise<FloorSession> {
    const session = await FloorSession.open(this.#port);
    this.#sessions.push(session);
    return session;
  }

  /** Opens several. */
  openAll(count: number): Promise<FloorSession[]> {
    return Promise.all(Array.from({ length: count }, () => this.open()));
  }

  /** Ends the server and what it has started. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.close();
    await this.#stdin.close();
    await this.#child.status;
  }
}

/** One session of the floor. */
export class FloorSession {
  readonly #worker: Worker;
  readonly #waiting: ((body: Uint8Array) => void)[] = [];
  #batch: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  #length = 0;
  #onOutput: ((bytes: Uint8Array) => void) | undefined;

  private constructor() {
    const url = new URL("./session_worker.ts", import.meta.url);
    this.#worker = new Worker(url, { type: "module" });
  }

  /** Starts the thread, which dials. */
  static async open(port: number): Promise<FloorSession> {
    const session = new FloorSession();
    const { promise, resolve } = Promise.withResolvers<void>();
    session.#worker.onmessage = ({ data }: MessageEvent<FromFloor>) => {
      if (data.kind === "frames") session.#frames(data.bytes);
      else if (data.kind === "output") session.#onOutput?.(data.bytes);
      else resolve();
    };
    session.#worker.postMessage({ port } satisfies ToFloor);
    await promise;
    return session;
  }

  /** Gives the bytes back. A large buffer is transferred, and so lost to the caller. */
  echo(body: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    return this.#call(Kind.ECHO, body);
  }

  /** The same after a compile and an eval in Python. */
  eval(code: string): Promise<Uint8Array> {
    return this.#call(Kind.EVAL, encoder.encode(code));
  }

  /** Prints `count` lines and gives them. */
  print(count: number): AsyncIterableIterator<string> {
    const lines = new FloorLines(count);
    this.#onOutput = (bytes) => lines.push(bytes);
    this.#call(Kind.PRINT, encoder.encode(`${count}`));
    return lines;
  }

  /** Ends its thread. */
  close(): void {
    this.#worker.terminate();
  }

  #call(kind: number, body: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    if (body.length > 16 * 1024) {
      this.#flush();
      const header = new Uint8Array(HEADER_BYTES);
      writeHeader(header, 0, kind, body.length);
      this.#post([header, body], [body.buffer]);
    } else this.#add(kind, body);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #add(kind: number, body: Uint8Array): void {
    const end = this.#length + HEADER_BYTES + body.length;
    if (end > this.#batch.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#batch.subarray(0, this.#length));
      this.#batch = larger;
    }
    if (this.#length === 0) queueMicrotask(() => this.#flush());
    writeHeader(this.#batch, this.#length, kind, body.length);
    this.#batch.set(body, this.#length + HEADER_BYTES);
    this.#length = end;
  }

  #flush(): void {
    if (this.#length === 0) return;
    const bytes = this.#batch.slice(0, this.#length);
    this.#length = 0;
    this.#post([bytes], [bytes.buffer]);
  }

  #post(pieces: Uint8Array<ArrayBuffer>[], transfer: ArrayBuffer[]): void {
    this.#worker.postMessage({ pieces } satisfies ToFloor, transfer);
  }

  #frames(bytes: Uint8Array): void {
    const { length } = bytes;
    let answered = 0;
    for (let at = 0; at < length;) {
      const end = at + HEADER_BYTES + bodyLength(bytes, at);
      this.#waiting[answered++]!(bytes.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    this.#waiting.splice(0, answered);
  }
}

/** Lines for `for await`, with nothing between them and their reader but a promise each. */
class FloorLines implements AsyncIterableIterator<string> {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #lines: string[] = [];
  #at = 0;
  #left: number;
  #wake: ((result: IteratorResult<string>) => void) | undefined;

  constructor(count: number) {
    this.#left = count;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  push(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop()!;
    if (this.#at === this.#lines.length) {
      this.#lines = lines;
      this.#at = 0;
    } else this.#lines.push(...lines);
    if (lines.length > 0) this.#wake?.(this.#take());
  }

  next(): Promise<IteratorResult<string>> {
    if (this.#at < this.#lines.length || this.#left === 0) return Promise.resolve(this.#take());
    return new Promise((resolve) => this.#wake = resolve);
  }

  #take(): IteratorResult<string> {
    this.#wake = undefined;
    if (this.#left === 0) return { done: true, value: undefined };
    this.#left--;
    return { done: false, value: this.#lines[this.#at++]! };
  }
}
