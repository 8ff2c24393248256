// The package as JSR has it: which files, and that client and server run from URLs, in an empty folder.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startServer } from "../../fake_server/mod.ts";
import { root } from "../readme.ts";
import { Project } from "./project.ts";
import { publishedFiles, startRegistry } from "./registry.ts";

/** Files beside the code; README.md and the sources link to the others. */
const DOCUMENTS = [
  "LICENSE",
  "README.md",
  "deno.json",
  "src/cli/CLI.md",
  "src/values/VALUES.md",
  "src/wire/PROTOCOL.md",
  "fake_server/OPERATING.md",
  "fake_server/python/LINK.md",
];

async function* walk(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) yield* walk(`${folder}${name}/`);
    else yield `${folder}${name}`;
  }
}

Deno.test("only the client, the server and their documents are published", async () => {
  const wanted = [...DOCUMENTS, "mod.ts"];
  for (const folder of ["src/", "fake_server/"]) {
    for await (const path of walk(folder)) {
      const code = path.endsWith(".ts") || /^fake_server\/python\/[\w/]+\.py$/.test(path);
      if (code) wanted.push(path);
      else {
        const known = DOCUMENTS.includes(path) || path.includes("/__pycache__/");
        assert(known, `${path} would not be published: is it meant to be there?`);
      }
    }
  }
  assertEquals((await publishedFiles()).sort(), wanted.sort());
});

Deno.test("the client and its thread run from a registry with permission for the network only", async () => {
  await using registry = await startRegistry();
  await using server = await startServer({
    bindAddr: "127.0.0.1:0",
    outputAddr: "127.0.0.1:0",
    numWorkers: 1,
    log: () => {},
  });
  await using project = await Project.make();
  const file = await project.write(
    "app.ts",
    `import { connect } from "${registry.url}mod.ts";
    await using remote = await connect("${server.addr}");
    console.log(await remote.eval("2 ** 100"));`,
  );
  const printed = await project.succeed([
    Deno.execPath(),
    "run",
    "--no-prompt",
    `--allow-import=${registry.host}`,
    `--allow-net=${server.addr},${server.outputAddr}`,
    file,
  ]);
  assertEquals(printed, "1267650600228229401496703205376n\n");
});

Deno.test("server and command run from a registry in one line each, with the README's permissions for the server", async () => {
  await using registry = await startRegistry();
  await using project = await Project.make();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      `--allow-import=${registry.host}`,
      "--allow-net",
      "--allow-run",
      "--allow-env",
      "--allow-read=/tmp",
      "--allow-write=/tmp",
      `${registry.url}src/cli/main.ts`,
      "serve",
      "--bind-addr=127.0.0.1:0",
      "--output-addr=127.0.0.1:0",
      "--num-workers=1",
      "--log-level=error",
    ],
    cwd: project.path,
    env: { TMPDIR: "/tmp" },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let line = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    line += text;
    if (!line.endsWith("\n")) continue;
    const [, addr] = /listening on (\S+),/.exec(line)!;
    line += await project.succeed([
      Deno.execPath(),
      "run",
      "--allow-all",
      `${registry.url}src/cli/main.ts`,
      `--addr=${addr}`,
      "eval",
      "2 + 2",
    ]);
    child.kill("SIGTERM");
  }
  assertMatch(line, /^PyProxy is listening on 127\.0\.0\.1:\d+.*\n4\n$/);
  assertEquals((await child.status).code, 0);
});
