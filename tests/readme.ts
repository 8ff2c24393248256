/** The blocks of README and pages, what each says that it prints, and servers to run them against. */
import { startServer } from "../fake_server/mod.ts";
import { connect } from "../mod.ts";
import { testPython } from "./python.ts";

/** The root of this repository. */
export const root: URL = new URL("../", import.meta.url);

/** The README. */
export const readme: string = await Deno.readTextFile(new URL("README.md", root));

/** It and the pages that it links to, beside what they are about. */
export const PAGES: string[] = [
  "README.md",
  "src/values/VALUES.md",
  "fake_server/OPERATING.md",
  "src/cli/CLI.md",
];

/** Their text, one after the other. */
const pages = (await Promise.all(PAGES.map((page) => Deno.readTextFile(new URL(page, root)))))
  .join("\n");

/** Their TypeScript blocks. */
export const blocks: string[] = blocksOf("ts");

/** Their blocks of one language. */
export function blocksOf(language: string): string[] {
  const all = pages.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"));
  return [...all].map((match) => match[1]!);
}

/** What a block says that it prints: the comments behind its console.log calls. */
export function expected(block: string): string[] {
  return [...block.matchAll(/console\.log\(.*\);.* \/\/ (.*)$/gm)].map((match) => match[1]!)
    .filter((text) => !/^[0-9a-f]{32}$|^as /.test(text));
}

/** The cells of the first table whose head starts with these words, without markup. */
export function table(...head: string[]): string[][] {
  const start = pages.search(new RegExp(`^\\| *${head.join(" +\\| +")} +\\|`, "m"));
  const [rows] = /^(\|.*\n)*/.exec(pages.slice(start))!;
  return rows.split("\n").slice(2, -1).map((row) =>
    row.replaceAll("`", "").split("|").slice(1, -1).map((cell) => cell.trim())
  );
}

/**
 * Stands in for matplotlib where no interpreter has it: the example of a plot is of its bytes on
 * their way, and those are a true PNG.
 */
const MATPLOTLIB = `
import sys, types
try:
    import matplotlib.figure
except ImportError:
    import struct, zlib
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    class Figure:
        def subplots(self): return self
        def plot(self, xs, ys): self.points = list(zip(xs, ys))
        def savefig(self, file, format):
            head = struct.pack(">IIBBBBB", len(self.points), 1, 8, 0, 0, 0, 0)
            line = b"\\0" + bytes(y for _, y in self.points)
            file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head))
            file.write(chunk(b"IDAT", zlib.compress(line)) + chunk(b"IEND", b""))
    package, module = types.ModuleType("matplotlib"), types.ModuleType("matplotlib.figure")
    module.Figure = Figure
    sys.modules["matplotlib"], sys.modules["matplotlib.figure"] = package, module
`;

/** An interpreter that has pandas, if one of those that are known has. */
async function pythonWithPandas(): Promise<string | undefined> {
  for (const python of [testPython(), "/usr/bin/python3"]) {
    try {
      const { success } = await new Deno.Command(python, {
        args: ["-c", "import pandas"],
        stderr: "null",
      }).output();
      if (success) return python;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

/** Servers for the README's blocks. */
export interface ReadmeServers extends AsyncDisposable {
  /** The addresses that a client needs permission for. */
  addresses: string[];
  /** The blocks that can run here, with the addresses of these servers in the place of theirs. */
  runnable: { block: string; code: string }[];
}

/** Starts a server for each of the README's addresses; the blocks that need pandas run if it is there. */
export async function readmeServers(): Promise<ReadmeServers> {
  await using stack = new AsyncDisposableStack();
  const python = await pythonWithPandas();
  const places = new Map<string, string>();
  const addresses: string[] = [];
  for (const place of new Set(blocks.join("").match(/localhost:\d+/g))) {
    const server = stack.use(
      await startServer({
        python: python ?? testPython(),
        bindAddr: "127.0.0.1:0",
        outputAddr: "127.0.0.1:0",
        // One process each: what is prepared in it is there for all.
        numWorkers: 1,
        log: () => {},
      }),
    );
    await using remote = await connect(server.addr);
    await remote.eval(MATPLOTLIB);
    places.set(place, server.addr);
    addresses.push(server.addr, server.outputAddr);
  }
  const runnable = blocks
    .filter((block) => python !== undefined || !/\bpandas\b/.test(block))
    .map((block) => ({
      block,
      code: block.replace(/localhost:\d+/g, (place) => places.get(place)!),
    }));
  const servers = stack.move();
  return { addresses, runnable, [Symbol.asyncDispose]: () => servers.disposeAsync() };
}
