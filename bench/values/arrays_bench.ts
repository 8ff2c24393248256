/**
 * Do arrays cost what their bytes cost? 64 MB of float64 there and back, beside 64 MB of bytes.
 *
 *     deno bench --allow-all bench/values/arrays_bench.ts
 *     deno run --allow-all bench/values/arrays_bench.ts      # in turns, five rounds, median of the ratios
 *
 * The interpreter is `PYPROXY_PYTHON`, or else `python3`; what needs a module that it lacks is left
 * out.
 *
 * @module
 */
import { startServer } from "../../fake_server/mod.ts";
import { connect, DataFrame, NDArray, type Sendable } from "../../mod.ts";

const BYTES = 64_000_000;
const ROUNDS = 5;

const numbers = Float64Array.from({ length: BYTES / 8 }, (_, i) => i / 7);
const VALUES: Record<string, Sendable> = {
  bytes: new Uint8Array(numbers.buffer),
  Float64Array: numbers,
  NDArray: new NDArray(numbers, { shape: [1_000, BYTES / 8_000], order: "F" }),
  DataFrame: new DataFrame({ a: numbers.subarray(0, BYTES / 16), b: numbers.subarray(BYTES / 16) }),
};

/** The module without which Python cannot make a value. */
const NEEDED: Record<string, string> = { NDArray: "numpy", DataFrame: "pandas" };

const python = Deno.env.get("PYPROXY_PYTHON") ?? "python3";
const options = { python, bindAddr: "127.0.0.1:0", outputAddr: "127.0.0.1:0", numWorkers: 1 };

/** A server and a way to send a value through it. */
async function open(): Promise<AsyncDisposable & { echo(x: Sendable): Promise<unknown> }> {
  const server = await startServer({ ...options, log: () => {} });
  const remote = await connect(server.addr);
  return {
    echo: async (x) => await remote.eval("x", { locs: { x } }),
    async [Symbol.asyncDispose]() {
      await remote.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The module that a value needs and the interpreter lacks. */
async function missing(name: string): Promise<string | undefined> {
  const module = NEEDED[name];
  if (module === undefined) return undefined;
  const { success } = await new Deno.Command(python, { args: ["-c", `import ${module}`] }).output();
  return success ? undefined : module;
}

const lacks = new Map<string, string>();
for (const name of Object.keys(VALUES)) {
  const module = await missing(name);
  if (module !== undefined) lacks.set(name, module);
}

for (const [name, value] of Object.entries(VALUES)) {
  const module = lacks.get(name);
  Deno.bench(
    module === undefined ? name : `${name} (${python} has no ${module})`,
    {
      group: "64 MB there and back",
      baseline: name === "bytes",
      n: 5,
      ignore: module !== undefined,
    },
    async (b) => {
      await using own = await open();
      await own.echo(value);
      b.start();
      await own.echo(value);
      b.end();
    },
  );
}

if (import.meta.main) {
  await using own = await open();
  const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1]!;
  const times = new Map<string, number[]>();
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, value] of Object.entries(VALUES)) {
      if (lacks.has(name)) continue;
      const start = performance.now();
      await own.echo(value);
      // The first round warms up: it is what imports numpy and pandas.
      if (round === -1) times.set(name, []);
      else times.get(name)!.push(performance.now() - start);
    }
  }
  const floor = times.get("bytes")!.slice();
  for (const [name, each] of times) {
    const ratio = median(each.map((ms, i) => ms / floor[i]!));
    const line = `${name.padEnd(14)}${median(each).toFixed(0).padStart(5)} ms  ${
      ratio.toFixed(2)
    }\n`;
    Deno.stdout.writeSync(new TextEncoder().encode(line));
  }
}
