/** The command as a program, under Deno and under Bun, with pipes or in a terminal of its own. */
import { assert } from "@std/assert";
import { RUNTIMES } from "../package/project.ts";
import { ServerProgram } from "../programs.ts";
import { root } from "../readme.ts";

const MAIN = `${root.pathname}src/cli/main.ts`;

/** How each runtime starts the command. */
export const COMMANDS: [runtime: string, command: string[]][] = Object.entries(RUNTIMES).map((
  [runtime, command],
) => [runtime, [...command, ...(runtime === "Deno" ? ["--allow-all", "--no-check"] : []), MAIN]]);

let shared: ServerProgram | undefined;

/**
 * All tests of the file have one server, which takes much less time than one for each. It is a program
 * of its own, as the sanitizers would take each process that it replaces for a leak of the test's.
 */
export function shareServer(): void {
  Deno.test.beforeAll(async () => {
    shared = await ServerProgram.start(2);
  });
  Deno.test.afterAll(async () => await shared?.[Symbol.asyncDispose]());
}

/** The server for the command. */
export function server(): ServerProgram {
  return shared!;
}

/** Waits until the server has no session. */
export async function untilNoSessions(): Promise<void> {
  while ((await server().stats()).sessions > 0) await new Promise((done) => setTimeout(done, 5));
}

/** A running program. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #read: Promise<void>[];
  /** What it has written so far. */
  stdout = "";
  stderr = "";
  #ended = false;
  /** Its exit code. */
  readonly code: Promise<number>;

  /** Starts it. */
  constructor([program, ...args]: string[], options: { env?: Record<string, string> } = {}) {
    this.#child = new Deno.Command(program!, {
      args,
      env: { NO_COLOR: "1", ...options.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#read = [
      this.#collect(this.#child.stdout, (text) => this.stdout += text),
      this.#collect(this.#child.stderr, (text) => this.stderr += text),
    ];
    // The one deadline of these tests: a program that hangs must not hang the tests.
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 60_000);
    this.code = Promise.all([this.#child.status, ...this.#read]).then(([{ code }]) => {
      clearTimeout(timer);
      this.#ended = true;
      return code;
    });
  }

  /** Types something. */
  async type(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** Ends its stdin. */
  async endInput(): Promise<void> {
    await this.#input.close();
  }

  /** Sends Ctrl-C as a signal, where there is no terminal that does. */
  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  /** Waits until it has written something. */
  async until(what: string | RegExp | ((text: string) => boolean)): Promise<void> {
    const found = () =>
      typeof what === "string"
        ? this.stdout.includes(what)
        : what instanceof RegExp
        ? what.test(this.stdout)
        : what(this.stdout);
    const start = performance.now();
    while (!found()) {
      const text = `${this.stdout}\n--- stderr:\n${this.stderr}`;
      assert(!this.#ended, `it ended before it wrote ${what}:\n${text}`);
      assert(performance.now() - start < 30_000, `waited 30 s in vain for ${what}:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Ends it, however. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGKILL");
    await this.code;
    // It is gone, so this can only fail.
    await this.#input.close().catch(() => {});
  }

  async #collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) add(text);
  }
}

/** A program in a terminal: Python's pty stands between. */
export function inTerminal(command: string[], env: Record<string, string>): Program {
  const script = `import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
sources = {fd: 1, 0: fd}
while fd in sources:
    for source in select.select(list(sources), [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:  # Linux's way to say that the program has ended
            data = b""
        if data:
            os.write(sources[source], data)
        else:
            del sources[source]
sys.exit(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))`;
  return new Program(["python3", "-c", script, ...command], { env: { TERM: "xterm", ...env } });
}

/** How a program has ended, and what it has written. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. */
export async function ended(command: string[], input = ""): Promise<Ended> {
  await using program = new Program(command);
  await program.type(input);
  await program.endInput();
  const code = await program.code;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** Command lines under Deno, one after another in one program: a start for each takes longer. */
export class Commands implements AsyncDisposable {
  readonly #program: Program;

  /** Starts it. */
  constructor() {
    const file = new URL("./many.ts", import.meta.url).pathname;
    this.#program = new Program([...RUNTIMES.Deno!, "--allow-all", "--no-check", file]);
  }

  /** Carries out a command line. */
  async ended(args: string[]): Promise<Ended> {
    const program = this.#program;
    const from = { stdout: program.stdout.length, stderr: program.stderr.length };
    await program.type(`${JSON.stringify(args)}\n`);
    await program.until(() => {
      const [stdout, stderr] = [
        program.stdout.slice(from.stdout),
        program.stderr.slice(from.stderr),
      ];
      return stdout.endsWith("\x1e") && stderr.endsWith("\x1e");
    });
    const [stdout, code] = program.stdout.slice(from.stdout, -1).split("\x1d");
    return { code: Number(code), stdout: stdout!, stderr: program.stderr.slice(from.stderr, -1) };
  }

  /** Ends it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]();
  }
}

/** A file for the command to run. */
export async function script(
  source: string | Uint8Array,
): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempFile({ suffix: ".py" });
  await Deno.writeFile(
    path,
    typeof source === "string" ? new TextEncoder().encode(source) : source,
  );
  const remove = () =>
    Deno.remove(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // it may remove itself
    });
  return { path, [Symbol.asyncDispose]: remove };
}
