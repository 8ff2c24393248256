/**
 * One python process and its guard (LINK.md): started, talked to, read to its last byte, ended.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { type Frame, FrameReader } from "../src/wire/frame.ts";
import { MAX_FRAME_BODY_BYTES, MAX_HELLO_BODY_BYTES } from "../src/wire/limits.ts";
import { MessageType } from "../src/wire/messages.ts";
import { Outbox } from "../src/transport/outbox.ts";
import { Control } from "./control.ts";
import { Guard } from "./guard.ts";
import type { KeptBuffers } from "./kept_buffers.ts";
import { LAST_BYTES_DEADLINE_MS, START_TEXT_BYTES } from "./limits.ts";
import { LinkType, parseReady, type PythonInfo, READ_FLAG } from "./link.ts";
import { errorText } from "./log.ts";
import { Page } from "./page.ts";
import { Rest } from "./rest.ts";
import { Results } from "./results.ts";
import type { Exit } from "./scheduler.ts";

/** How to start a python process. */
export interface ProcessOptions {
  /** The interpreter. */
  python: string;
  /** The private directory, and `main.py` in it. */
  directory: string;
  main: string;
  /** Tells the files of this process from those of others in the directory. */
  name: string;
  startMs: number;
  /** In bytes; 0 is no limit. */
  memoryLimit: number;
  env: Record<string, string>;
  /** Used buffers, for large results. */
  buffers: KeptBuffers;
  /** Gives the start up. */
  signal: AbortSignal;
}

/** What a python process has to tell. Bodies and chunks are good until the call returns. */
export interface ProcessEvents {
  /** `isRead`: the job has no more output than what has been told. */
  result(job: number, status: number, body: Uint8Array, owned: boolean, isRead: boolean): void;
  broken(job: number, message: string): void;
  note(job: number, fields: Record<string, string | number | boolean>): void;
  /** All that came together has been told. */
  turn(): void;
  /** Gives back what has to happen before more is read. */
  output(pipe: 1 | 2, chunk: Uint8Array): Promise<void> | undefined;
  /** The process breaks the rules of the link, and is being ended for it. */
  fault(message: string): void;
}

/** What is known of a dead process. */
export interface Death {
  exit: Exit;
  /** The job it had begun last, 0 if none. */
  started: number;
}

/**
 * Thrown when a python process does not come up.
 *
 * @example An interpreter that is not there
 * ```ts
 * import { StartError, startServer } from "@pyproxy/client/fake_server";
 *
 * try {
 *   await startServer({ bindAddr: "127.0.0.1:0", outputAddr: "127.0.0.1:0", python: "no-python" });
 * } catch (error) {
 *   console.log(error instanceof StartError); // true
 * }
 * ```
 */
export class StartError extends Error {
  /** Always "StartError". */
  override name = "StartError";
}

/** The oldest Python that the worker is written for. */
const MIN_VERSION = [3, 9] as const;

/** As much as Linux keeps in a pipe. */
const PIPE_BUFFER_BYTES = 64 * 1024;

/** One python process. */
export class PythonProcess {
  /** 16 random bytes after 0xFF mark the records in its pipes. */
  readonly nonce: Uint8Array;
  readonly #page: Page;
  readonly #buffers: KeptBuffers;
  /** Resolves when the process is dead and everything it has sent has been told. */
  readonly exited: Promise<Death>;
  #info: PythonInfo | undefined;
  #events: ProcessEvents | undefined;
  readonly #guard: Guard;
  readonly #pipes: readonly ReadableStreamBYOBReader[];
  readonly #reads: Promise<void>[];
  readonly #connections: Deno.UnixConn[] = [];
  #link: Deno.UnixConn | undefined;
  #outbox: Outbox | undefined;
  readonly #rest: Rest;
  readonly #results: Results;
  #startText = "";
  #pauses = new Set<() => void>();

  /**
   * Starts a python process and waits until it is READY.
   *
   * @throws {StartError} If it does not come up; nothing of it is left then.
   */
  static async start(options: ProcessOptions): Promise<PythonProcess> {
    const socket = `${options.directory}/${options.name}.sock`;
    const page = `${options.directory}/${options.name}.page`;
    let listener: Deno.UnixListener | undefined;
    let process: PythonProcess | undefined;
    try {
      listener = Deno.listen({ transport: "unix", path: socket });
      process = new PythonProcess(options, page);
      await process.#handshake(listener, options, { socket, page });
      return process;
    } catch (error) {
      let text = "";
      if (process !== undefined) {
        await process.#abort();
        text = process.#startText.trim();
      }
      throw new StartError(
        `Cannot start python "${options.python}": ${errorText(error)}${text ? `: ${text}` : ""}`,
      );
    } finally {
      if (listener !== undefined) closeListener(listener);
      // Both ends have them open by now, or never will: a name in the file system is only a leftover.
      for (const path of [socket, page]) await Deno.remove(path).catch(ignoreMissing);
    }
  }

  private constructor(options: ProcessOptions, page: string) {
    this.nonce = crypto.getRandomValues(new Uint8Array(16));
    this.nonce[0] = 0xff;
    this.#page = new Page(page);
    this.#rest = new Rest(2, (rests) => this.#page.rest(rests));
    this.#results = new Results(this.#page, this.#rest, {
      frame: (frame) => this.#frame(frame),
      turn: () => this.#events!.turn(),
      broken: (error) => this.#broken(error),
    });
    this.#buffers = options.buffers;
    try {
      this.#guard = new Guard(options.python, options.main, options.env);
    } catch (error) {
      this.#page.close();
      throw error;
    }
    this.#pipes = this.#guard.pipes.map((pipe) => pipe.getReader({ mode: "byob" }));
    this.#reads = this.#pipes.map((pipe, i) => this.#readPipe(i + 1 as 1 | 2, pipe));
    this.exited = this.#untilExit();
  }

  /** What READY said. */
  get info(): PythonInfo {
    if (this.#info === undefined) throw new Error("the python process is not READY");
    return this.#info;
  }

  /** The process that holds the python process, and dies as it does. */
  get guardPid(): number {
    return this.#guard.pid;
  }

  /** How many milliseconds all jobs that it has done took together. */
  spentMs(): number {
    return this.#page.spentMs();
  }

  /** Begins to tell what comes; until then nothing has been read but READY. */
  listen(events: ProcessEvents): void {
    this.#events = events;
    this.#reads.push(this.#readLink(this.#link!));
  }

  /** Sends a frame, or the pieces of one, which must not change from now on. */
  send(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.#outbox?.send(piece);
    if (pieces[0]![2] === MessageType.EVAL) this.#results.given();
  }

  /** Stops a job: it, and no other, gets a KeyboardInterrupt once, or is skipped. */
  cancel(job: number): void {
    if (this.#guard.isDead) return;
    this.#page.cancel(job);
    this.#guard.interrupt();
  }

  /** The job whose code runs now, 0 if none does. */
  get running(): number {
    return this.#guard.isDead ? 0 : this.#page.running();
  }

  /** Interrupts a job that runs: it, and no other, gets a KeyboardInterrupt, each time. */
  interrupt(job: number): void {
    if (this.#guard.isDead) return;
    this.#page.interrupt(job);
    this.#guard.interrupt();
  }

  /** Sends the signal again, for what has been noted already. */
  remind(): void {
    if (!this.#guard.isDead) this.#guard.interrupt();
  }

  /** Ends the process with SIGKILL. */
  kill(): void {
    this.#guard.kill();
  }

  /** Ends the process and all it has started, for good. */
  async end(): Promise<void> {
    this.#guard.end();
    await this.exited;
  }

  async #handshake(
    listener: Deno.UnixListener,
    options: ProcessOptions,
    paths: { socket: string; page: string },
  ): Promise<void> {
    const secret = hex(crypto.getRandomValues(new Uint8Array(16)));
    const { directory, memoryLimit } = options;
    const boot = JSON.stringify({
      ...paths,
      secret,
      nonce: hex(this.nonce),
      directory,
      memory_limit: memoryLimit,
    });
    this.#guard.boot(boot);
    let failed: string | undefined;
    const fail = (why: string): void => {
      if (this.#info !== undefined) return;
      failed ??= why;
      closeListener(listener);
      this.#closeConnections();
    };
    const aborted = (): void => fail("the server closes");
    options.signal.addEventListener("abort", aborted);
    const timer = setTimeout(() => fail(`not ready within ${options.startMs} ms`), options.startMs);
    this.exited.then(({ exit }) => fail(`it ended with ${exitText(exit)}`));
    try {
      let info: PythonInfo | undefined;
      while (info === undefined) {
        const connection = await listener.accept();
        this.#connections.push(connection);
        const frame = await readFirst(connection);
        // What does not know the secret is not our process; that one may still come.
        if (frame?.type === LinkType.READY) info = parseReady(frame.body, secret);
        if (info !== undefined) this.#link = connection;
      }
      this.#info = info;
    } catch (error) {
      if (failed === undefined) throw error;
      // Its last words have to be complete before they are quoted.
      await this.#abort();
      throw new Error(failed);
    } finally {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", aborted);
    }
    const link = this.#link!;
    this.#outbox = new Outbox({
      write: async (bytes) => {
        let at = 0;
        while (at < bytes.length) at += await link.write(bytes.subarray(at));
      },
    }, () => {
      // The reading side learns of the same end, and says so.
    });
    const [major, minor] = this.#info.version.split(".").map(Number);
    if (major !== MIN_VERSION[0] || !(minor! >= MIN_VERSION[1])) {
      throw new Error(`it is Python ${this.#info.version}, and must be 3.9 or newer`);
    }
  }

  /** Ends what has not come up. No end of file: the guard would remove the directory of all. */
  async #abort(): Promise<void> {
    if (!this.#guard.isDead) this.#guard.killGroup();
    await this.exited;
  }

  async #untilExit(): Promise<Death> {
    const exit = await this.#guard.ended;
    for (const resume of this.#pauses) resume();
    this.#rest.close();
    // What was sent before the end is in the socket and the pipes: read it, but a process that
    // got away and holds them must not hold us.
    const deadline = setTimeout(() => this.#closeChannels(), LAST_BYTES_DEADLINE_MS);
    await Promise.all(this.#reads);
    clearTimeout(deadline);
    this.#closeChannels();
    const started = this.#page.started();
    this.#page.close();
    return { exit, started };
  }

  #closeChannels(): void {
    for (const pipe of this.#pipes) {
      pipe.cancel().catch(() => {
        // It has come to its end already.
      });
    }
    this.#closeConnections();
  }

  #closeConnections(): void {
    for (const connection of this.#connections.splice(0)) closeConnection(connection);
  }

  async #readPipe(
    pipe: 1 | 2,
    reader: ReadableStreamBYOBReader,
  ): Promise<void> {
    const decoder = new TextDecoder();
    // One buffer goes round: most reads bring a few bytes, and a new one each would be 64 KiB.
    let buffer = new ArrayBuffer(PIPE_BUFFER_BYTES);
    try {
      for (;;) {
        const rest = this.#rest.over;
        if (rest !== undefined) await rest;
        const { done, value } = await reader.read(new Uint8Array(buffer));
        if (done) return;
        buffer = value.buffer;
        if (this.#events === undefined) {
          const text = this.#startText + decoder.decode(value, { stream: true });
          this.#startText = text.slice(-START_TEXT_BYTES);
          continue;
        }
        await this.#results.catchUp();
        const pressure = this.#events.output(pipe, value);
        if (pressure !== undefined) await this.#pause(pressure);
      }
    } catch (error) {
      this.#broken(error);
    }
  }

  /** Waits for `pressure` to go, or for the process to be dead: then little is left to read. */
  #pause(pressure: Promise<void>): Promise<void> {
    if (this.#guard.isDead) return Promise.resolve();
    return new Promise((resolve) => {
      const resume = (): void => {
        this.#pauses.delete(resume);
        resolve();
      };
      this.#pauses.add(resume);
      pressure.then(resume);
    });
  }

  async #readLink(link: Deno.UnixConn): Promise<void> {
    const buffers = this.#buffers;
    const reader = new FrameReader(MAX_FRAME_BODY_BYTES, { believes: true, buffers });
    try {
      for (;;) {
        const count = await link.read(reader.space());
        if (count === null) break;
        for (const frame of reader.filled(count)) {
          // What was read from the pipes before a lone job's result was may still be on its way
          // through the streams. It is there before the event loop reads anything anew.
          if (this.#results.jobs === 1 && isRead(frame) && !this.#rest.isFull) {
            await new Promise<void>((resolve) => setImmediate(resolve));
          }
          this.#frame(frame);
        }
        this.#results.turn();
      }
    } catch (error) {
      this.#broken(error);
    }
    this.#results.end();
    // Without its link it is of no use: user code may have closed it.
    this.kill();
  }

  #broken(error: unknown): void {
    if (this.#guard.isDead) return;
    this.#events?.fault(errorText(error));
    this.kill();
  }

  #frame({ type, id, flags, body, owned }: Frame): void {
    const events = this.#events!;
    switch (type) {
      case MessageType.RESULT: {
        const isRead = (flags & READ_FLAG) !== 0;
        if (!this.#results.isNew(id, isRead)) return;
        return events.result(id, flags & ~READ_FLAG, body, owned, isRead);
      }
      case LinkType.BROKEN:
        this.#results.isNew(id, false);
        return events.broken(id, new Control("BROKEN", body).required("message", "string"));
      case LinkType.NOTE:
        return events.note(id, new Control("NOTE", body).plain());
      default:
        throw new TypeError(`a frame of type 0x${type.toString(16)} has no place on the link`);
    }
  }
}

/** Reads the first frame of a connection, if there is one. */
async function readFirst(connection: Deno.UnixConn): Promise<Frame | undefined> {
  const reader = new FrameReader(MAX_HELLO_BODY_BYTES);
  for (;;) {
    const count = await connection.read(reader.space());
    if (count === null) return undefined;
    const [frame] = reader.filled(count);
    if (frame !== undefined) return frame;
  }
}

/** Whether it is a RESULT that says READ. */
function isRead({ type, flags }: Frame): boolean {
  return type === MessageType.RESULT && (flags & READ_FLAG) !== 0;
}

/** How a process ended, in words. */
export function exitText(exit: Exit): string {
  return "signal" in exit ? `signal ${exit.signal}` : `exit code ${exit.exit_code}`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function closeListener(listener: Deno.UnixListener): void {
  try {
    listener.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

function closeConnection(connection: Deno.UnixConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
