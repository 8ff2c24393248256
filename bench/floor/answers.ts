/**
 * The floor of a request in the middle of an eval: Python asks over a unix socket, and a Deno program
 * gives the bytes back.
 *
 *     deno run --allow-all bench/floor/answers.ts PYTHON COUNT
 *
 * It prints the microseconds at p50.
 *
 * @module
 */

const [python = "python3", count = "1000"] = Deno.args;
const script = new URL("./ask.py", import.meta.url).pathname;
const directory = await Deno.makeTempDir({ prefix: "pyproxy-floor-" });
const path = `${directory}/socket`;
const listener = Deno.listen({ transport: "unix", path });
const child = new Deno.Command(python, { args: ["-S", script, path, count] }).spawn();
const link = await listener.accept();
await Deno.remove(directory, { recursive: true });
const buffer = new Uint8Array(64 * 1024);
for (;;) {
  const size = await link.read(buffer);
  if (size === null) break;
  for (let at = 0; at < size;) at += await link.write(buffer.subarray(at, size));
}
await child.status;
listener.close();
