/**
 * A server and clients as programs of their own: to be killed, to have their memory measured (that on
 * Linux), or to be there for all the tests of a file. Deno only.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import type { ServerStats } from "../fake_server/mod.ts";
import type { ServerLimits } from "../fake_server/mod.ts";
import type { Doors } from "./harness.ts";

/** No program takes so long for one answer. */
const PATIENCE_MS = 120_000;

/** A child process that answers on stdout, a JSON value a line. */
export class Program implements AsyncDisposable {
  readonly pid: number;
  /** What it wrote to stderr, once it has ended. */
  readonly stderr: Promise<string>;
  readonly status: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  /** Not piped through a decoder, which would read ahead: in the next test, for the sanitizers. */
  readonly #stdout: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  /** Starts a program of this repository's. */
  constructor(args: string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    this.pid = this.#child.pid;
    this.status = this.#child.status;
    this.#stdin = this.#child.stdin.getWriter();
    this.#stdout = this.#child.stdout.getReader();
    this.stderr = new Response(this.#child.stderr).text();
  }

  /** The next line of its stdout, as a value. */
  async next<T>(): Promise<T> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return JSON.parse(line);
      }
      const { done, value } = await deadline(this.#stdout.read(), PATIENCE_MS);
      if (done) throw new Error(`the program has ended: ${await this.stderr}`);
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** Writes a line to its stdin. */
  async tell(line: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(line + "\n"));
  }

  /** Sends it a signal; nothing if it has ended. */
  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Kills it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.status;
    await this.#stdin.close().catch(() => {
      // It has gone before.
    });
    await this.#stdout.cancel();
    await this.stderr;
  }
}

/** A server in a process of its own. */
export class ServerProgram extends Program {
  addr = "";
  outputAddr = "";

  /** Starts one with so many python processes. */
  static async start(
    numWorkers: number,
    limits: Partial<ServerLimits> = {},
  ): Promise<ServerProgram> {
    const file = new URL("./server_program.ts", import.meta.url).pathname;
    const options = JSON.stringify({ numWorkers, limits });
    const program = new ServerProgram(["run", "--no-check", "--allow-all", file, options]);
    Object.assign(program, await program.next());
    return program;
  }

  /** What it is doing. */
  async stats(): Promise<ServerStats> {
    await this.tell("stats");
    return await this.next();
  }
}

/** Servers behind every kind of door, in a process of their own. */
export async function startDoorsProgram(): Promise<Doors & AsyncDisposable> {
  const file = new URL("./doors_program.ts", import.meta.url).pathname;
  const program = new Program(["run", "--no-check", "--allow-all", file]);
  const doors = await program.next<Doors>();
  return {
    ...doors,
    async [Symbol.asyncDispose]() {
      await using _ = program;
      await program.tell("end");
      await program.status;
    },
  };
}

/**
 * A client in a process of its own. `body` is a module's text in which `client` is mod.ts, `addr` the
 * server's address, `say` writes a value for `next`, and `heard` waits for a line of `tell`.
 */
export function clientProgram(addr: string, body: string): Program {
  const mod = new URL("../mod.ts", import.meta.url);
  const source = `
import * as client from "${mod}";
const addr = ${JSON.stringify(addr)};
const say = (value) => void Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(value) + "\\n"));
const heard = async () => void await Deno.stdin.read(new Uint8Array(100));
${body}`;
  return new Program(["eval", "--no-check", "--ext=ts", source]);
}

/** The memory of a process that is in use now, in bytes. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, "VmRSS");
}

/** The most it has had since its start, or since the last {@linkcode forgetPeak}. */
export function peakBytes(pid: number): number {
  return statusBytes(pid, "VmHWM");
}

/** Begins to measure anew. */
export function forgetPeak(pid: number): void {
  Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "5");
}

function statusBytes(pid: number, field: string): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(status)![1]) * 1024;
}

/** Descriptors and threads of a process. */
export function openHandles(pid: number): { descriptors: number; threads: number } {
  const entries = (folder: string) => [...Deno.readDirSync(`/proc/${pid}/${folder}`)].length;
  return { descriptors: entries("fd"), threads: entries("task") };
}
