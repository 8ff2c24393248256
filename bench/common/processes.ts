/**
 * The processes and threads that a measurement needs: the product's server as a program of its own,
 * clients that do nothing, a worker that does nothing, an interpreter.
 *
 * @module
 */

const root = new URL("../../", import.meta.url).pathname;

/** The first line that a program prints. */
export async function firstLine(stdout: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`Cannot measure: a program ended after it had printed "${text}"`);
    text += value;
  }
  // Little follows, and a program must not die of a pipe that nobody reads.
  (async () => {
    while (!(await reader.read()).done);
  })();
  return text.slice(0, text.indexOf("\n"));
}

/** A running server of the product. */
export interface ProductServer extends AsyncDisposable {
  addr: string;
  pid: number;
}

/** Starts the server as a user does: `fake_server/main.ts` in a process of its own. */
export async function startProduct(python: string, numWorkers: number): Promise<ProductServer> {
  const args = ["run", "--allow-all", `${root}fake_server/main.ts`, "--python", python];
  args.push("--num-workers", `${numWorkers}`, "--log-level", "error");
  args.push("--bind-addr", "127.0.0.1:0", "--output-addr", "127.0.0.1:0");
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const line = await firstLine(child.stdout);
  const addr = /listening on (\S+),/.exec(line)?.[1];
  if (addr === undefined) throw new Error(`Cannot measure: the server said "${line}"`);
  return {
    addr,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

/** Holds idle sessions open, in a process of its own. */
export async function idleClients(
  addr: string,
  count: number,
): Promise<{ stop(): Promise<void> }> {
  const program = new URL("../clients/idle.ts", import.meta.url).pathname;
  const args = ["run", "--allow-all", program, addr, `${count}`];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" })
    .spawn();
  const stdin = child.stdin.getWriter();
  await firstLine(child.stdout);
  return {
    async stop() {
      await stdin.close();
      await child.status;
    },
  };
}

/** Starts a worker that does nothing; gives back what ends it. */
export async function startWorker(): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const url = new URL("../floor/bare_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  worker.onmessage = () => resolve();
  await promise;
  return () => worker.terminate();
}

/** Resident KiB of a process. */
export function rssKiB(pid: number | "self"): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]);
}

/** An interpreter. */
export interface Interpreter {
  executable: string;
  version: string;
  hasMsgpack: boolean;
}

const ABOUT = `
import json, sys
try:
    import msgpack
except ImportError:
    msgpack = None
print(json.dumps([sys.executable, sys.version.split()[0], msgpack is not None]))
`;

/**
 * The interpreter to measure with: `PYPROXY_PYTHON`, else the first that has C msgpack, which the
 * budgets are made for, of the one on the PATH and the system's own.
 */
export async function findPython(): Promise<Interpreter> {
  const given = Deno.env.get("PYPROXY_PYTHON");
  const names = given === undefined ? ["python3", "/usr/bin/python3"] : [given];
  const found: Interpreter[] = [];
  for (const name of names) {
    try {
      const { success, stdout } = await new Deno.Command(name, { args: ["-c", ABOUT] }).output();
      // As a shim does that knows of no interpreter to start.
      if (!success) continue;
      const [executable, version, hasMsgpack] = JSON.parse(new TextDecoder().decode(stdout));
      found.push({ executable, version, hasMsgpack });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const best = found.find(({ hasMsgpack }) => hasMsgpack) ?? found[0];
  if (best === undefined) {
    throw new Error(`Cannot measure: there is no ${names.join(" and no ")} that runs`);
  }
  return best;
}
