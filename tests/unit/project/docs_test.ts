// What the documentation of the exports shows: there for each of them, and true.
import { assert, assertEquals } from "@std/assert";
import { startServer } from "../../../fake_server/mod.ts";
import { expected, root } from "../../readme.ts";

interface DocNode {
  name: string;
  declarations: {
    kind: string;
    jsDoc?: { doc?: string; tags?: { kind: string; doc?: string }[] };
  }[];
}

const decoder = new TextDecoder();

async function deno(args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    env: { NO_COLOR: "1" },
    cwd: root.pathname,
  }).output();
  assert(success, `${args}: ${decoder.decode(stdout)}${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Each export of an entry point, and whether it has an example. */
async function exports(
  entry: string,
): Promise<{ name: string; kind: string; hasExample: boolean }[]> {
  const { nodes } = JSON.parse(await deno(["doc", "--json", entry]));
  const symbols = (Object.values(nodes) as { symbols: DocNode[] }[]).flatMap((file) =>
    file.symbols
  );
  return symbols.flatMap(({ name, declarations }) =>
    declarations.map(({ kind, jsDoc }) => ({
      name,
      kind,
      hasExample: /^```ts$/m.test(
        [jsDoc?.doc, ...(jsDoc?.tags ?? []).map(({ doc }) => doc)].join("\n"),
      ),
    }))
  );
}

Deno.test("every export of the client has an example, and of the server what is not a type", async () => {
  const client = await exports("mod.ts");
  assert(client.length > 40, `there are ${client.length} exports`);
  const server = (await exports("fake_server/mod.ts"))
    .filter(({ kind }) => kind === "class" || kind === "function");
  const without = [...client, ...server].filter(({ hasExample }) => !hasExample);
  assertEquals(without.map(({ name }) => name), []);
});

/** The examples in a file's documentation. */
function examplesIn(source: string): string[] {
  return [...source.matchAll(/^ *\* ```ts\n([^]*?)^ *\* ```$/gm)]
    .map(([, block]) => block!.replace(/^ *\* ?/gm, ""));
}

async function* files(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) yield* files(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield `${folder}${name}`;
  }
}

Deno.test("the examples in the documentation run and print what they say", async () => {
  const examples: { file: string; code: string }[] = [];
  for (const folder of ["src/", "fake_server/"]) {
    for await (const file of files(folder)) {
      const source = await Deno.readTextFile(new URL(file, root));
      examples.push(...examplesIn(source).map((code) => ({ file, code })));
    }
  }
  const start = await Deno.readTextFile(new URL("mod.ts", root));
  examples.push(...examplesIn(start).map((code) => ({ file: "mod.ts", code })));
  assert(examples.length > 40, `there are ${examples.length} examples`);
  await using server = await startServer({
    bindAddr: "127.0.0.1:0",
    outputAddr: "127.0.0.1:0",
    log: () => {},
  });
  const folder = await Deno.makeTempDir();
  try {
    for (const [i, { code }] of examples.entries()) {
      const text = code.replaceAll("localhost:9000", server.addr);
      await Deno.writeTextFile(`${folder}/${i}.ts`, text);
    }
    // One program for all: a start of Deno's for each would take longer than they do.
    const main = examples.map((_, i) => `console.log("=== ${i}");\nawait import("./${i}.ts");`);
    await Deno.writeTextFile(`${folder}/main.ts`, main.join("\n"));
    const config = `${root.pathname}deno.json`;
    const printed = await deno([
      "run",
      "--no-check",
      "-A",
      "--config",
      config,
      `${folder}/main.ts`,
    ]);
    const outputs = printed.split(/^=== \d+\n/m).slice(1);
    for (const [i, { file, code }] of examples.entries()) {
      const lines = outputs[i]!.split("\n");
      for (const line of expected(code)) {
        assert(lines.includes(line), `${file}: no line ${line} in:\n${outputs[i]}\nof:\n${code}`);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
