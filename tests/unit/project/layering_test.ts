// Which file may import which: the order of the folders in tests/unit/project/layering_test.ts is the rule.
import { assert, assertEquals } from "@std/assert";

const root = new URL("../../../", import.meta.url);

/** From the top to the ground: a file imports files of its own folder and of those below. */
const LAYERS: string[] = [
  "src/cli/",
  "fake_server/",
  "fake_server/clients/",
  "fake_server/scheduling/",
  "fake_server/executors/local/",
  "fake_server/executors/",
  "fake_server/common/",
  "mod.ts",
  "src/session/",
  "src/main_thread/",
  "src/worker/",
  "src/bridge/",
  "src/api/",
  "src/protocol/",
  "src/transport/",
  "src/values/",
  "src/wire/",
  "src/common/",
];

/** What a file of the client may not name: only its transport and the server know the runtime. */
const RUNTIME = /\b(Deno\.|Bun\.|process\.|require\()/;

async function* files(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) yield* files(`${folder}${name}/`);
    else if (name.endsWith(".ts") && !name.endsWith(".d.ts")) yield `${folder}${name}`;
  }
}

async function sources(): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const folder of ["src/", "fake_server/"]) {
    for await (const file of files(folder)) {
      all.set(file, await Deno.readTextFile(new URL(file, root)));
    }
  }
  all.set("mod.ts", await Deno.readTextFile(new URL("mod.ts", root)));
  return all;
}

/** A file's layer: that of the innermost folder that has one. */
function layer(file: string): number {
  const of = LAYERS.filter((entry) => file.startsWith(entry));
  return LAYERS.indexOf(of.reduce((a, b) => a.length > b.length ? a : b, ""));
}

function imports(source: string): string[] {
  return [...source.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!);
}

Deno.test("imports point down the layers only", async () => {
  for (const [file, source] of await sources()) {
    const from = layer(file);
    assert(from >= 0, `${file} stands on no layer`);
    for (const specifier of imports(source)) {
      if (!specifier.startsWith(".")) continue;
      const target = new URL(specifier, new URL(file, root)).href.slice(root.href.length);
      if (!target.endsWith(".ts")) continue;
      assert(layer(target) >= from, `${file} must not import ${target}`);
    }
  }
});

Deno.test("nothing above the executors knows how Python processes of this machine are talked to", async () => {
  for (const [file, source] of await sources()) {
    if (!/^fake_server\/(clients|scheduling|common|executors\/[a-z_]+\.ts)/.test(file)) continue;
    const local = imports(source).filter((name) => name.includes("executors/local/"));
    assertEquals(local, [], file);
  }
});

/** Which files each file imports: those of its types as well, or those that are loaded with it. */
async function importGraph(which: "types too" | "loaded"): Promise<Map<string, string[]>> {
  const graph = new Map<string, string[]>();
  for (const [file, source] of await sources()) {
    // The examples in doc comments import nothing.
    let code = source.replace(/^ *\*.*$/gm, "");
    if (which === "loaded") code = code.replace(/^import type [\s\S]*?;$/gm, "");
    graph.set(
      file,
      imports(code).filter((name) => name.startsWith("."))
        .map((name) => new URL(name, new URL(file, root)).href.slice(root.href.length)),
    );
  }
  return graph;
}

Deno.test("a session's thread loads none of the types of values: they are the main thread's", async () => {
  const graph = await importGraph("loaded");
  const loaded = new Set(["src/worker/session_worker.ts"]);
  for (const file of loaded) for (const next of graph.get(file) ?? []) loaded.add(next);
  assert(loaded.has("src/values/codec/decoder.ts"));
  assert(!loaded.has("src/values/table.ts") && !loaded.has("src/values/encode.ts"));
});

Deno.test("no files import each other in a circle, for types neither", async () => {
  const graph = await importGraph("types too");
  const done = new Set<string>();
  const visit = (file: string, path: string[]) => {
    assert(!path.includes(file), `a circle: ${[...path, file].join(" -> ")}`);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
});

Deno.test("the client imports nothing but files of its own, by relative path", async () => {
  for (const [file, source] of await sources()) {
    if (file.startsWith("fake_server/") || file.startsWith("src/cli/")) continue;
    const others = imports(source.replace(/^ *\*.*$/gm, "")).filter((name) =>
      !name.startsWith(".")
    );
    assertEquals(others, [], file);
  }
});

Deno.test("the command imports the client and what Deno and Bun have of Node's, nothing else", async () => {
  for (const [file, source] of await sources()) {
    if (!file.startsWith("src/cli/")) continue;
    const others = imports(source.replace(/^ \*.*$/gm, "")).filter((name) =>
      !/^(\.|node:)/.test(name)
    );
    assertEquals(others, [], file);
  }
});

Deno.test("only the transport names the runtime", async () => {
  for (const [file, source] of await sources()) {
    if (/^(fake_server|src\/transport|src\/cli)\/|^src\/worker\/generated\//.test(file)) continue;
    const code = source.replace(/\/\*\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    assert(!RUNTIME.test(code), `${file} names a runtime`);
  }
});

Deno.test("protocol cores know no IO", async () => {
  const all = await sources();
  for (
    const file of [
      "src/protocol/connection.ts",
      "src/protocol/login.ts",
      "src/protocol/stream.ts",
      "src/worker/unread_output.ts",
      "src/worker/kept_output.ts",
      "src/protocol/progress.ts",
      "fake_server/scheduling/scheduler.ts",
      "fake_server/executors/local/output/output_records.ts",
    ]
  ) {
    const code = all.get(file)!.replace(/\/\*\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    const io = /\b(Deno|setTimeout|setInterval|performance|Date\.now|postMessage|await|async)\b/
      .exec(code);
    assertEquals(io, null, file);
  }
});

Deno.test("the version is one and the same", async () => {
  const { VERSION } = await import("../../../src/common/version.ts");
  for (const file of ["deno.json", "package.json"]) {
    const { version } = JSON.parse(await Deno.readTextFile(new URL(file, root)));
    assertEquals(version, VERSION, file);
  }
});
