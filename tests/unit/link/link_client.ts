/**
 * The server's end of LINK.md, raw and small: what the tests of the python process drive it with.
 * It shares no code with the server but the python files, so that both stand against the same page.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { decode, encode, type ValueType } from "@std/msgpack";
import { dirname } from "node:path";
import { cachedPackage } from "../../../fake_server/executors/local/package_cache.ts";
import { PYTHON_FILES } from "../../../fake_server/executors/local/python_files.ts";
import { joined, type Piece, PieceReader } from "./link_output.ts";
import { LinkRequests } from "./link_requests.ts";
import { readValue } from "./link_values.ts";

/** Anything that takes longer has hung. */
const DEADLINE_MS = 20_000;

/** So much at once comes of who prints faster than it is read here. */
const FULL_CHUNK_BYTES = 32_768;

/** Status of a RESULT. */
export const Status = { VALUE: 0, PYTHON_ERROR: 1, CANCELLED: 2, UNSENDABLE: 4 } as const;

/** A frame from the python process. */
export interface LinkFrame {
  type: number;
  flags: number;
  id: number;
  body: Uint8Array;
}

/** A RESULT taken apart, or a BROKEN, which has no status. */
export interface Answer {
  job: number;
  status: number | "BROKEN";
  // deno-lint-ignore no-explicit-any
  control: any;
  /** The bytes of the values. */
  bytes: Uint8Array;
  /** The same, read. */
  // deno-lint-ignore no-explicit-any
  value: any;
}

/** What an eval may have beside its code. */
export interface EvalOptions {
  /** No other job is sent before its answer. */
  alone?: boolean;
  session?: number;
  namespace?: string;
  strict?: boolean;
  locs?: ValueType;
  globs?: ValueType;
  /** The bytes of the values instead. */
  values?: Uint8Array;
}

const cached = await cachedPackage();
let folder = cached === undefined ? undefined : `${cached}/pyproxy_worker`;

/** The python files, where what they compile to stays: as servers have them. */
export function workerFolder(): string {
  if (folder === undefined) {
    const path = folder = Deno.makeTempDirSync({ prefix: "pyproxy-link-" });
    addEventListener("unload", () => Deno.removeSync(path, { recursive: true }));
    for (const [name, source] of Object.entries(PYTHON_FILES)) {
      Deno.mkdirSync(dirname(`${path}/${name}`), { recursive: true });
      Deno.writeTextFileSync(`${path}/${name}`, source);
    }
  }
  return folder;
}

/** How a process is started. */
export interface LinkOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Where its files are, if not where servers have them. */
  folder?: string;
}

/** A python process, its guard, and the link to it. */
export class LinkClient implements AsyncDisposable {
  /** What READY said. */
  // deno-lint-ignore no-explicit-any
  ready: any;
  /** The guard's process id. */
  readonly guard: number;
  /** The directory that the guard removes. */
  readonly directory: string;
  /** How the guard has ended. */
  readonly exit: Promise<Deno.CommandStatus>;
  /** All output, each pipe in its order. */
  readonly pieces: Piece[][];
  /** All NOTEs: control, and the job. */
  // deno-lint-ignore no-explicit-any
  readonly notes: { job: number; control: any }[] = [];
  /** Both pipes have come to their end. */
  readonly drained: Promise<unknown>;
  /** The server's end of the socket for requests. */
  requests!: LinkRequests;
  /** While it is set, pipe 1 is not read. */
  paused: Promise<void> | undefined;

  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #readers: PieceReader[];
  readonly #page: Deno.FsFile;
  #link!: Deno.UnixConn;
  #frames: Promise<void> | undefined;
  /** Jobs whose RESULT said that all their output had been read. */
  readonly readJobs: Set<number> = new Set();
  #answers = new Map<number, Answer>();
  #jobs = 0;
  #cancels = 0;
  #interrupts = 0;
  #isOver = false;
  #isDry = false;
  #changed = Promise.withResolvers<void>();

  /** Starts a process and waits until it is READY. */
  static async start(
    python: string,
    options: LinkOptions = {},
  ): Promise<LinkClient> {
    const directory = await Deno.makeTempDir({ prefix: "pyproxy-link-" });
    const listener = Deno.listen({ transport: "unix", path: `${directory}/link` });
    const client = new LinkClient(python, directory, options);
    try {
      const ended = client.exit.then(({ code }) => {
        throw new Error(`the python process ended with ${code} before it was READY`);
      });
      const accepted = async (): Promise<Deno.UnixConn> =>
        await deadline(Promise.race([listener.accept(), ended]), DEADLINE_MS);
      client.#link = await accepted();
      client.requests = new LinkRequests(await accepted());
      client.#frames = client.#readFrames();
      await client.until(() => client.ready !== undefined, "READY");
    } catch (error) {
      client.#killGuard();
      await client.exit;
      throw error;
    } finally {
      listener.close();
    }
    return client;
  }

  private constructor(
    python: string,
    directory: string,
    { folder = workerFolder(), ...options }: LinkOptions,
  ) {
    this.directory = directory;
    const page = `${directory}/page`;
    Deno.writeFileSync(page, new Uint8Array(20_480));
    this.#page = Deno.openSync(page, { read: true, write: true });
    const nonce = crypto.getRandomValues(new Uint8Array(16));
    nonce[0] = 0xff;
    this.#readers = [new PieceReader(1, nonce), new PieceReader(2, nonce)];
    this.pieces = [[], ...this.#readers.map((reader) => reader.pieces)];
    this.#child = new Deno.Command(python, {
      args: [`${folder}/main.py`],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
      ...options,
    }).spawn();
    this.guard = this.#child.pid;
    this.exit = this.#child.status;
    this.#stdin = this.#child.stdin.getWriter();
    this.drained = Promise.all([
      this.#readPipe(1, this.#child.stdout),
      this.#readPipe(2, this.#child.stderr),
    ]).then(() => {
      this.#isDry = true;
      this.#notify();
    });
    const boot = {
      socket: `${directory}/link`,
      secret: "the secret",
      page,
      nonce: nonce.toHex(),
      directory,
    };
    this.command(JSON.stringify(boot) + "\n");
  }

  #killGuard(): void {
    try {
      Deno.kill(this.guard, "SIGKILL");
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Ends it all, as a server does that is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdin.close().catch(() => {
      // Tests that end the guard leave a broken pipe.
    });
    await deadline(this.exit, DEADLINE_MS);
    await deadline(this.drained, DEADLINE_MS);
    await this.#frames;
    await this.requests[Symbol.asyncDispose]();
    clearInterval(this.#look);
    this.#link.close();
    this.#page.close();
    await Deno.remove(this.directory, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }

  /** Writes to the guard's stdin. */
  command(text: string): void {
    this.#stdin.write(new TextEncoder().encode(text)).catch(() => {
      // It has ended; tests look at `exit`.
    });
  }

  /** Closes the guard's stdin: the server is gone. */
  async hangUp(): Promise<void> {
    await this.#stdin.close();
  }

  /** Shuts the link. */
  closeLink(): void {
    this.#link.closeWrite();
  }

  /** How often something has come on the link. */
  reads = 0;
  /** Looks for RESULTs that are held back behind a job that takes long. */
  readonly #look = setInterval(() => this.#takeHeld(), 20);
  /** The job that was answered last. */
  #told = 0;

  /** The RESULTs that python holds back, as they stand in the page; none while it sends them. */
  held(): LinkFrame[] {
    const turn = this.#readPage(4096);
    const held = this.#readBytes(4104, this.#readPage(4100));
    if (this.#readPage(4096) !== turn) return []; // others may be there by now
    const frames: LinkFrame[] = [];
    for (let at = 0; at < held.byteLength;) {
      const [type, flags] = [held.getUint8(at + 2), held.getUint8(at + 3)];
      const start = at + 12;
      at = start + held.getUint32(at + 4);
      const body = new Uint8Array(held.buffer.slice(start, at));
      frames.push({ type, flags, id: held.getUint32(start - 4), body });
    }
    return frames;
  }

  /** Says that its pipes are left unread from now on, if `rests` is odd, or read again. */
  rest(rests: number): void {
    this.#writePage(16, rests);
  }

  /** Sends an EVAL; gives its job. */
  send(code: string, options: EvalOptions = {}): number {
    const { session = 1, namespace, strict, locs, globs } = options;
    const control: Record<string, ValueType> = {};
    if (namespace !== undefined) control.namespace = namespace;
    if (strict !== undefined) control.strict = strict;
    let values = options.values ?? new Uint8Array();
    if (locs !== undefined || globs !== undefined) values = encode([locs ?? null, globs ?? null]);
    const flags = options.alone ? 0x80 : 0;
    return this.sendBody(session, encode(control), encode(code), values, flags);
  }

  /** Sends an EVAL of these bytes; gives its job. */
  sendBody(
    session: number,
    control: Uint8Array,
    code: Uint8Array,
    values: Uint8Array,
    flags = 0,
  ): number {
    const codeAt = 8 + control.length;
    const body = new Uint8Array(codeAt + code.length + values.length);
    const view = new DataView(body.buffer);
    view.setUint32(0, session);
    view.setUint32(4, control.length);
    body.set(control, 8);
    body.set(code, codeAt);
    body.set(values, codeAt + code.length);
    this.sendFrame(0x10, ++this.#jobs, body, flags);
    return this.#jobs;
  }

  /** Sends a FORGET for a session; gives its job. */
  sendForget(session: number): number {
    const body = new Uint8Array(4);
    new DataView(body.buffer).setUint32(0, session);
    this.sendFrame(0x61, ++this.#jobs, body);
    return this.#jobs;
  }

  /** Sends a frame. */
  sendFrame(type: number, id: number, body: Uint8Array, flags = 0): void {
    const frame = new Uint8Array(12 + body.length);
    const view = new DataView(frame.buffer);
    frame[1] = 2;
    frame[2] = type;
    frame[3] = flags;
    view.setUint32(4, body.length);
    view.setUint32(8, id);
    frame.set(body, 12);
    this.#writes = this.#writes.then(async () => {
      for (let at = 0; at < frame.length;) at += await this.#link.write(frame.subarray(at));
    }).catch(() => {
      // It has died; tests look at `exit`.
    });
  }
  #writes: Promise<void> = Promise.resolve();

  /** Sends an EVAL and waits for its answer. */
  eval(code: string, options: EvalOptions = {}): Promise<Answer> {
    return this.answer(this.send(code, options));
  }

  /** The answer to a job. */
  async answer(job: number): Promise<Answer> {
    await this.until(() => this.#answers.has(job), `the RESULT of job ${job}`);
    const answer = this.#answers.get(job)!;
    this.#answers.delete(job);
    return answer;
  }

  /** Notes a cancel in the page and interrupts. */
  cancel(job: number): void {
    this.#writePage(68 + 4 * (this.#cancels % 64), job);
    this.#cancels++;
    this.#writePage(64, this.#cancels);
    this.command("I");
  }

  /** Notes an interrupt in the page and sends it. */
  interrupt(job: number): void {
    this.#writePage(328 + 4 * (this.#interrupts % 2), job);
    this.#interrupts++;
    this.#writePage(324, this.#interrupts);
    this.command("I");
  }

  /** The job that the page says to be running code. */
  running(): number {
    return this.#readPage(4);
  }

  /** Cancels a job, and reminds python of it until it has answered. */
  async stop(job: number): Promise<Answer> {
    this.cancel(job);
    const reminder = setInterval(() => this.command("I"), 250);
    try {
      return await this.answer(job);
    } finally {
      clearInterval(reminder);
    }
  }

  /** The job that the page says was begun last. */
  started(): number {
    return this.#readPage(0);
  }

  /** What a job wrote: waits for its END on both pipes. */
  async output(job: number): Promise<Piece[]> {
    await this.until(
      () => this.readJobs.has(job) || this.#readers.every(({ ends }) => ends.has(job)),
      `the ENDs of job ${job}`,
    );
    return this.#readers.flatMap((reader) => reader.of(job)).filter(({ kind }) => kind !== "end");
  }

  /** Waits until a job has written something through pipe 1. */
  async untilWritten(job: number, what: string): Promise<void> {
    await this.until(() => this.#readers[0]!.of(job).length > 0, what);
  }

  /** What a job wrote through pipe 1, raw bytes included, as one text. */
  async text(job: number): Promise<string> {
    return joined(await this.output(job));
  }

  /** An eval whose output is wanted. */
  async run(code: string, options: EvalOptions = {}): Promise<{ answer: Answer; text: string }> {
    const job = this.send(code, options);
    const answer = await this.answer(job);
    return { answer, text: await this.text(job) };
  }

  /** Waits until something has come, or `pollMs` have passed, that makes `condition` true. */
  async until(condition: () => boolean, what: string, pollMs?: number): Promise<void> {
    const end = Date.now() + DEADLINE_MS;
    while (!condition()) {
      if (this.#isOver && this.#isDry) throw new Error(`all has ended, waited for ${what}`);
      try {
        if (pollMs !== undefined && Date.now() < end) await delay(pollMs);
        else await deadline(this.#changed.promise, Math.max(1, end - Date.now()));
      } catch (error) {
        const text = this.pieces.flat().map((piece) => piece.text).join("").slice(-2000);
        throw new Error(`waited too long for ${what}; output so far: ${text}`, { cause: error });
      }
    }
  }

  #readPage(at: number): number {
    return this.#readBytes(at, 4).getUint32(0, true);
  }

  #readBytes(at: number, length: number): DataView<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    this.#page.seekSync(at, Deno.SeekMode.Start);
    this.#page.readSync(bytes);
    return new DataView(bytes.buffer);
  }

  #writePage(at: number, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    this.#page.seekSync(at, Deno.SeekMode.Start);
    this.#page.writeSync(bytes);
  }

  /** No END of this job comes. */
  #allRead(job: number): void {
    this.readJobs.add(job);
    for (const reader of this.#readers) reader.ended(job);
    this.#notify();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  async #readFrames(): Promise<void> {
    let buffer = new Uint8Array(65_536);
    let have = 0;
    for (;;) {
      if (have === buffer.length) {
        const larger = new Uint8Array(2 * have);
        larger.set(buffer);
        buffer = larger;
      }
      const count = await this.#link.read(buffer.subarray(have)).catch(() => null);
      if (count === null) break;
      this.reads++;
      have += count;
      let at = 0;
      while (have - at >= 12) {
        const view = new DataView(buffer.buffer, at);
        const end = at + 12 + view.getUint32(4);
        if (end > have) break;
        const body = buffer.slice(at + 12, end);
        this.#frame({ type: buffer[at + 2]!, flags: buffer[at + 3]!, id: view.getUint32(8), body });
        at = end;
      }
      buffer.copyWithin(0, at, have);
      have -= at;
      this.#notify();
    }
    this.#takeHeld();
    this.#isOver = true;
    this.#notify();
  }

  #takeHeld(): void {
    for (const frame of this.held()) if (frame.id === this.#told + 1) this.#frame(frame);
    this.#notify();
  }

  #frame({ type, flags, id, body }: LinkFrame): void {
    if (type === 0x11) {
      if (id <= this.#told) return; // it was in the page before
      this.#told = id;
      const length = new DataView(body.buffer).getUint32(0);
      const bytes = body.subarray(4 + length);
      const value = bytes.length > 0 ? readValue(bytes) : undefined;
      const control = decode(body.subarray(4, 4 + length));
      this.#answers.set(id, { job: id, status: flags & 0x7f, control, bytes, value });
      // What was read by now is on its way here.
      if (flags & 0x80) setImmediate(() => this.#allRead(id));
    } else if (type === 0x63) {
      this.#told = id;
      const answer = { control: decode(body), bytes: body, value: undefined };
      this.#answers.set(id, { job: id, status: "BROKEN", ...answer });
    } else if (type === 0x62) {
      this.notes.push({ job: id, control: decode(body) });
    } else if (type === 0x60) {
      this.ready = decode(body);
    } else {
      throw new Error(`frame of type 0x${type.toString(16)}`);
    }
  }

  async #readPipe(pipe: 1 | 2, stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const chunk of stream) {
      this.#readers[pipe - 1]!.push(chunk);
      this.#notify();
      // Deno would take 128 chunks that are ready before it looks at a timer, as that of a cancel.
      if (chunk.length >= FULL_CHUNK_BYTES) await delay(0);
      if (pipe === 1 && this.paused !== undefined) await this.paused;
    }
  }
}
