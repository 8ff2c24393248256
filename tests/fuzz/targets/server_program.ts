/**
 * The server as a program of its own, so that its memory is its own. Linux only.
 *
 * @module
 */
import { connections, residentBytes } from "../memory.ts";

/** One that runs. */
export class ServerProgram implements AsyncDisposable {
  readonly addr: string;
  readonly token: string | undefined;
  /** The records of its log that are errors. */
  readonly errors: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #log: Promise<void>;

  private constructor(child: Deno.ChildProcess, addr: string, token: string | undefined) {
    this.#child = child;
    this.addr = addr;
    this.token = token;
    this.#log = this.#readLog();
  }

  /** Starts one. */
  static async start(token: string | undefined): Promise<ServerProgram> {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-check",
        "--allow-all",
        new URL("../../../fake_server/main.ts", import.meta.url).pathname,
      ],
      env: {
        PYPROXY_BIND_ADDR: "127.0.0.1:0",
        PYPROXY_OUTPUT_ADDR: "127.0.0.1:0",
        PYPROXY_NUM_WORKERS: "2",
        ...(token === undefined ? {} : { PYPROXY_TOKEN: token }),
      },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    const [, addr] = /listening on (\S+),/.exec(new TextDecoder().decode(value))!;
    return new ServerProgram(child, addr!, token);
  }

  /** Its memory, in bytes. */
  get resident(): number {
    return residentBytes(this.#child.pid);
  }

  /** How many connections it has. */
  get connections(): number {
    return connections(this.#child.pid);
  }

  /** Ends it; it must have been alive until then. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    const { code } = await this.#child.status;
    await this.#log;
    if (code !== 0) throw new Error(`the server has ended with ${code}`);
  }

  async #readLog(): Promise<void> {
    let text = "";
    for await (const chunk of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (text + chunk).split("\n");
      text = lines.pop()!;
      this.errors.push(...lines.filter((line) => !/^{"level":"(debug|info|warn)"/.test(line)));
    }
  }
}
