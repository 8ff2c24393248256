// Which file may import which: the order in tests/unit/layering_test.ts is the rule, the map in the
// README its picture.
import { assert, assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);

/** From the top to the ground: a file imports files that stand below it, or beside it in a folder. */
const LAYERS: string[][] = [
  ["src/cli/"],
  ["fake_server/main.ts", "fake_server/demo.ts"],
  ["fake_server/"],
  ["mod.ts"],
  ["src/pool.ts"],
  ["src/session.ts"],
  ["src/remote_process.ts"],
  ["src/thread.ts"],
  ["src/pending.ts", "src/readers.ts", "src/eval_queue.ts", "src/interrupts.ts"],
  ["src/outcome.ts", "src/lines.ts"],
  ["src/future.ts", "src/events.ts", "src/status.ts"],
  ["src/session_worker.ts"],
  ["src/engine.ts"],
  ["src/connection.ts", "src/unread_output.ts", "src/result_batch.ts"],
  ["src/connection_event.ts"],
  ["src/proofs.ts"],
  ["src/login.ts"],
  ["src/output.ts", "src/logs.ts", "src/python_error.ts", "src/stream.ts", "src/kept_output.ts"],
  ["src/in_flight.ts"],
  ["src/rules.ts", "src/exception_record.ts"],
  ["src/control.ts"],
  ["src/errors.ts"],
  ["src/address.ts"],
  ["src/bridge.ts", "src/options.ts", "src/version.ts"],
  ["src/progress.ts"],
  ["src/values/"],
  ["src/error_base.ts", "src/caller.ts", "src/given.ts"],
  ["src/transport/"],
  ["src/wire/"],
  ["src/runtime.ts", "src/alarm.ts", "src/id_table.ts", "src/worker_source.ts"],
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

/** A file's layer: its own entry, else its folder's. */
function layer(file: string): number {
  const own = LAYERS.findIndex((entries) => entries.includes(file));
  if (own >= 0) return own;
  return LAYERS.findIndex((entries) =>
    entries.some((entry) => entry.endsWith("/") && file.startsWith(entry))
  );
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
      const to = layer(target);
      const folder = LAYERS[from]!.some((entry) => entry.endsWith("/") && file.startsWith(entry));
      assert(to > from || (to === from && folder), `${file} must not import ${target}`);
    }
  }
});

/** Which files each file imports, types aside. */
async function importGraph(): Promise<Map<string, string[]>> {
  const graph = new Map<string, string[]>();
  for (const [file, source] of await sources()) {
    const values = source.replace(/^import type [\s\S]*?;$/gm, "");
    graph.set(
      file,
      imports(values).filter((name) => name.startsWith("."))
        .map((name) => new URL(name, new URL(file, root)).href.slice(root.href.length)),
    );
  }
  return graph;
}

Deno.test("a session's thread loads none of the types of values: they are the main thread's", async () => {
  const graph = await importGraph();
  const loaded = new Set(["src/session_worker.ts"]);
  for (const file of loaded) for (const next of graph.get(file) ?? []) loaded.add(next);
  assert(loaded.has("src/values/decoder.ts"));
  assert(!loaded.has("src/values/table.ts") && !loaded.has("src/values/encode.ts"));
});

Deno.test("no files import each other in a circle, types aside", async () => {
  const graph = await importGraph();
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
    if (/^(fake_server|src\/transport|src\/cli)\/|^src\/worker_source/.test(file)) continue;
    const code = source.replace(/\/\*\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    assert(!RUNTIME.test(code), `${file} names a runtime`);
  }
});

Deno.test("protocol cores know no IO", async () => {
  const all = await sources();
  for (
    const file of [
      "src/connection.ts",
      "src/login.ts",
      "src/stream.ts",
      "src/unread_output.ts",
      "src/kept_output.ts",
      "src/progress.ts",
      "fake_server/scheduler.ts",
      "fake_server/output_records.ts",
    ]
  ) {
    const code = all.get(file)!.replace(/\/\*\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    const io = /\b(Deno|setTimeout|setInterval|performance|Date\.now|postMessage|await|async)\b/
      .exec(code);
    assertEquals(io, null, file);
  }
});

Deno.test("the version is one and the same", async () => {
  const { VERSION } = await import("../../src/version.ts");
  for (const file of ["deno.json", "package.json"]) {
    const { version } = JSON.parse(await Deno.readTextFile(new URL(file, root)));
    assertEquals(version, VERSION, file);
  }
});
