/**
 * The server's main program, started as whoever runs a server starts it. Deno only.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";

/** The program's file. */
const MAIN = new URL("../fake_server/main.ts", import.meta.url).pathname;

/** Deno's own cache. */
const DENO_DIR = Deno.env.get("DENO_DIR") ??
  `${Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`}/deno`;

/** Two ports that are free. */
const FREE = ["--bind-addr", "127.0.0.1:0", "--output-addr", "127.0.0.1:0"];

/** No record of the log is waited for longer. */
const PATIENCE_MS = 20_000;

/** What a program is started with. */
export interface MainOptions {
  /** Environment variables beside the test's own. */
  env?: Record<string, string>;
  /** How many descriptors it may have (`ulimit -n`). */
  descriptors?: number;
}

/** One line of the log. */
export type LogRecord = Record<string, unknown>;

/** The server as a child process. */
export class ServerMain implements AsyncDisposable {
  readonly child: Deno.ChildProcess;
  /** Where it listens, once it is ready. */
  addr = "";
  readonly #stdout: ReadableStreamDefaultReader<Uint8Array>;
  readonly #records: LogRecord[] = [];
  /** Those that a test has asked for. */
  readonly #given = new Set<LogRecord>();
  /** What it wrote to stderr and is no record. */
  #words = "";
  readonly #reading: Promise<void>;
  #wake = Promise.withResolvers<void>();

  /** Starts it; two free ports are its own if `args` name none. */
  constructor(args: string[] = [], options: MainOptions = {}) {
    this.child = ServerMain.command([...FREE, ...args], options).spawn();
    this.#stdout = this.child.stdout.getReader();
    this.#reading = this.#read();
  }

  /** What starts the program with these arguments alone. */
  static command(args: string[], { env = {}, descriptors }: MainOptions = {}): Deno.Command {
    const limit = descriptors === undefined ? "" : `ulimit -n ${descriptors}; `;
    return new Deno.Command("sh", {
      args: ["-c", `${limit}exec "$0" "$@"`, Deno.execPath(), "run", "-A", MAIN, ...args],
      // Deno finds its own cache by the same variables as the server does.
      env: { DENO_DIR, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }

  /** The line that says it is ready. */
  async ready(): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    while (!text.endsWith("\n")) {
      const { done, value } = await this.#stdout.read();
      if (done) {
        await this.#reading;
        throw new Error(`the server ended before it was ready: ${this.#words}`);
      }
      text += decoder.decode(value, { stream: true });
    }
    this.addr = /listening on (\S+),/.exec(text)![1]!;
    return text;
  }

  /** The first record with this message that no call before has given. */
  async logged(msg: string): Promise<LogRecord> {
    const wait = async (): Promise<LogRecord> => {
      for (let at = 0;; at++) {
        while (at === this.#records.length) await this.#wake.promise;
        const record = this.#records[at]!;
        if (record.msg !== msg || this.#given.has(record)) continue;
        this.#given.add(record);
        return record;
      }
    };
    return await deadline(wait(), PATIENCE_MS);
  }

  /** Its whole log, once it has ended. */
  async log(): Promise<LogRecord[]> {
    await this.#reading;
    if (this.#words !== "") throw new Error(`this is no log: ${this.#words}`);
    return this.#records;
  }

  /** Ends it, if it has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.child.status;
    await this.#stdout.cancel();
    await this.#reading;
  }

  async #read(): Promise<void> {
    let text = "";
    for await (const chunk of this.child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (text + chunk).split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith("{")) this.#records.push(JSON.parse(line));
        else this.#words += `${line}\n`;
      }
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    }
    this.#words += text;
  }
}
