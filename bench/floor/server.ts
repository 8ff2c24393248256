/**
 * The floor's server, a program of its own: hands each TCP session on to a python process over a
 * unix socket, and what that prints back over a second TCP stream. It looks into nothing.
 *
 *     deno run --allow-all bench/floor/server.ts PYTHON PROCESSES
 *
 * It prints its port, one line. A mainstream begins with the byte 255 and is answered with its
 * number; an outputstream begins with the number of its mainstream.
 *
 * @module
 */
import { BUFFER_BYTES } from "./frame.ts";

/** As much as Linux keeps in a pipe. */
const PIPE_BYTES = 64 * 1024;

const [python = "python3", processes = "1"] = Deno.args;
const script = new URL("./echo.py", import.meta.url).pathname;
const directory = await Deno.makeTempDir({ prefix: "pyproxy-floor-" });

interface Python {
  link: Deno.UnixConn;
  output: Deno.TcpConn | undefined;
  busy: boolean;
}

async function startPython(number: number): Promise<Python> {
  const path = `${directory}/${number}.sock`;
  using listener = Deno.listen({ transport: "unix", path });
  const env = { PYTHONUNBUFFERED: "" };
  const args = ["-S", script, path];
  const child = new Deno.Command(python, { args, env, stdout: "piped" }).spawn();
  const process: Python = { link: await listener.accept(), output: undefined, busy: false };
  pumpOutput(child.stdout, process);
  return process;
}

async function pumpOutput(stdout: ReadableStream<Uint8Array>, process: Python): Promise<void> {
  const reader = stdout.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(PIPE_BYTES);
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (done) return;
    if (process.output !== undefined) await writeAll(process.output, value);
    buffer = value.buffer as ArrayBuffer;
  }
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += await to.write(at === 0 ? bytes : bytes.subarray(at));
}

/** What comes while a write is under way leaves together with the next one. */
async function pump(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) return;
    await writeAll(to, buffer.subarray(0, count));
  }
}

const pool = await Promise.all(
  Array.from({ length: Number(processes) }, (_, i) => startPython(i)),
);
await Deno.remove(directory, { recursive: true });

async function serve(socket: Deno.TcpConn): Promise<void> {
  socket.setNoDelay(true);
  const first = new Uint8Array(1);
  if (await socket.read(first) === null) return socket.close();
  if (first[0] !== 255) {
    pool[first[0]!]!.output = socket;
    return;
  }
  const number = pool.findIndex(({ busy }) => !busy);
  const process = pool[number]!;
  process.busy = true;
  await socket.write(new Uint8Array([number]));
  // The way back ends with the client's socket: what is written to that fails then.
  pump(process.link, socket).catch(() => Deno.exit(1));
  await pump(socket, process.link).catch(() => null);
  // A python process serves one session: the next one takes another.
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
Deno.stdout.writeSync(new TextEncoder().encode(`${listener.addr.port}\n`));
// Gone with whoever started it.
Deno.stdin.readable.pipeTo(new WritableStream()).finally(() => Deno.exit(0));
for await (const socket of listener) serve(socket);
