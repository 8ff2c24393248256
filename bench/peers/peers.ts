/**
 * The product beside what else a machine can install that runs Python for a program: each does the
 * same work in a process of its own, in turn, round by round.
 *
 *     deno task bench:peers             # those that are installed
 *     deno task bench:peers --install   # those of npm are installed first, in a temporary folder
 *
 * @module
 */
import { connect } from "../../mod.ts";
import { startProduct } from "../common/processes.ts";
import { median, print, readSettings, type Settings, show, type Unit } from "../rounds.ts";
import { measure } from "./measure.mjs";

/** What is measured of each, in order. */
export const METRICS: readonly { name: string; unit: Unit }[] = [
  { name: "`2 + 2`", unit: "µs" },
  { name: "64 in flight", unit: "/s" },
  { name: "1,000 in flight", unit: "/s" },
  { name: "1 MB there and back", unit: "ms" },
  { name: "64 MB there and back", unit: "ms" },
  { name: "printed lines", unit: "/s" },
];

/** One of those that are compared. */
interface Peer {
  name: string;
  about: string;
  program: string;
  /** What installs it, and how to see whether it is there. */
  install: string;
  modules: string[];
}

/** Where `--install` puts the packages of npm. */
const FOLDER = `${Deno.env.get("TMPDIR") ?? "/tmp"}/pyproxy-peers`;
const NPM = ["pythonia@1.2.6", "python-shell@5.0.0", "pyodide@314.0.7"];
const INSTALL_NPM = "deno task bench:peers --install";

/** What one of them may take in a round; each takes about ten seconds. */
const PATIENCE_MS = 90_000;

const PEERS: Peer[] = [
  {
    name: "RPyC",
    about: "Python to Python over TCP",
    program: "rpyc_peer.py",
    install: "apt-get install python3-rpyc",
    modules: ["rpyc"],
  },
  {
    name: "Jupyter",
    about: "a kernel through jupyter_client; values as text",
    program: "jupyter_peer.py",
    install: "apt-get install python3-jupyter-client python3-ipykernel",
    modules: ["jupyter_client", "ipykernel"],
  },
  {
    name: "pythonia",
    about: "Node to a child process",
    program: "pythonia_peer.mjs",
    install: INSTALL_NPM,
    modules: ["pythonia"],
  },
  {
    name: "python-shell",
    about: "Node to a child process, a line at a time",
    program: "python_shell_peer.mjs",
    install: INSTALL_NPM,
    modules: ["python-shell"],
  },
  {
    name: "pyodide",
    about: "WebAssembly on the caller's own thread",
    program: "pyodide_peer.mjs",
    install: INSTALL_NPM,
    modules: ["pyodide"],
  },
];

/** What came of one of them. */
export interface PeerRow {
  name: string;
  about: string;
  /** In the order of {@linkcode METRICS}; undefined where it cannot do that. */
  numbers: (number | undefined)[];
  /** Why there are none. */
  missing?: string;
}

/** Measures the product and all peers. */
export async function answerPeers(settings: Settings): Promise<PeerRow[]> {
  const amount = { ms: 1_000 * settings.scale, lines: 200_000 * settings.scale };
  const pythons = [settings.python, "/usr/bin/python3"];
  const rounds = new Map<string, (number | null)[][]>();
  const missing = new Map<string, string>();
  await using server = await startProduct(settings.python, 1);
  for (let round = 0; round < Math.ceil(settings.rounds / 2); round++) {
    rounds.set("PyProxy", [...rounds.get("PyProxy") ?? [], await product(server.addr, amount)]);
    for (const peer of PEERS) {
      if (missing.has(peer.name)) continue;
      const command = await commandOf(peer, pythons, amount);
      const numbers = command === undefined
        ? `not installed: \`${peer.install}\``
        : await run(command);
      if (typeof numbers === "string") missing.set(peer.name, numbers);
      else rounds.set(peer.name, [...rounds.get(peer.name) ?? [], numbers]);
    }
  }
  const about = "Deno to a server over TCP, a thread for each session";
  return [{ name: "PyProxy", about }, ...PEERS].map(({ name, about }): PeerRow => {
    const why = missing.get(name);
    if (why !== undefined) return { name, about, numbers: [], missing: why };
    const all = rounds.get(name)!;
    const numbers = METRICS.map((_, i) => {
      const values = all.map((round) => round[i] ?? Number.NaN);
      return values.some(Number.isNaN) ? undefined : median(values);
    });
    return { name, about, numbers };
  });
}

async function product(
  addr: string,
  amount: { ms: number; lines: number },
): Promise<(number | null)[]> {
  await using remote = await connect(addr);
  return await measure({
    eval: (code: string) => remote.eval(code),
    echo: (data: Uint8Array) => remote.eval<Uint8Array>("data", { locs: { data } }),
    lines: async (count: number) => {
      const code = `for i in range(${count}): print(f"line {i} of what a program prints")`;
      let came = 0;
      for await (const _ of remote.eval(code).output()) came++;
      return came;
    },
  }, amount);
}

/** The command that measures a peer; undefined if it is not installed. */
async function commandOf(
  { program, modules }: Peer,
  pythons: string[],
  amount: object,
): Promise<[string, string[]] | undefined> {
  const path = new URL(program, import.meta.url).pathname;
  const args = [path, JSON.stringify(amount)];
  if (program.endsWith(".py")) {
    const code = `import ${modules.join(", ")}`;
    for (const python of pythons) {
      if (await succeeds(python, ["-c", code])) return [python, args];
    }
    return undefined;
  }
  const code = modules.map((name) => `require.resolve("${FOLDER}/node_modules/${name}")`).join();
  return await succeeds("node", ["-e", code])
    ? ["node", [...args, FOLDER, pythons[0]!]]
    : undefined;
}

async function succeeds(command: string, args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, { args, stderr: "null" }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The numbers that a program prints in its last line, or why there are none. */
async function run([command, args]: [string, string[]]): Promise<(number | null)[] | string> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const { success, stdout, stderr } = await new Deno.Command(command, { args, signal }).output();
  if (signal.aborted) return `it took longer than ${PATIENCE_MS / 1_000} s`;
  const lastLine = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim().split("\n").at(-1);
  if (success) return JSON.parse(lastLine(stdout)!);
  return `it failed: ${lastLine(stderr)}`;
}

/** A Markdown table. */
export function peersTable(rows: PeerRow[]): string {
  const lines = [
    ["", ...METRICS.map(({ name }) => name)],
    ["---", ...METRICS.map(() => "--:")],
    ...rows.filter(({ missing }) => missing === undefined).map(({ name, about, numbers }) => [
      `${name}: ${about}`,
      ...METRICS.map(({ unit }, i) => numbers[i] === undefined ? "–" : show(numbers[i], unit)),
    ]),
  ].map((cells) => `| ${cells.join(" | ")} |`);
  const missing = rows.flatMap(({ name, missing }) =>
    missing === undefined ? [] : [`- ${name}: ${missing}`]
  );
  return [...lines, ...(missing.length > 0 ? ["", ...missing] : [])].join("\n");
}

if (import.meta.main) {
  if (Deno.args.includes("--install")) {
    await Deno.mkdir(FOLDER, { recursive: true });
    const args = ["install", "--no-audit", "--no-fund", "--prefix", FOLDER, ...NPM];
    const { success } = await new Deno.Command("npm", { args, stdout: "inherit" }).output();
    if (!success) Deno.exit(1);
  }
  print(`${peersTable(await answerPeers(await readSettings()))}\n`);
}
