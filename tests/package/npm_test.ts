// The npm tarball as a user gets it: installed in an empty project, offline, and run from there.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startServer } from "../../fake_server/mod.ts";
import { expected, readmeServers } from "../readme.ts";
import { Project, RUNTIMES } from "./project.ts";
import { clientModules, packNpm } from "./tarball.ts";

/**
 * The tarball unpacked, all of it: JavaScript with its comments, which editors show and stack traces
 * lead to, types, README. What goes over the network is a quarter of it.
 */
const MAX_UNPACKED_BYTES = 500_000;
const MAX_TARBALL_BYTES = 130_000;

const PACKAGE = "node_modules/@pyproxy/client";

let template: Project;

// Packed and installed once: each test has a copy.
Deno.test.beforeAll(async () => {
  template = await install();
});
Deno.test.afterAll(() => template[Symbol.asyncDispose]());

/** A project that has the package, and nothing else. */
async function installed(): Promise<Project> {
  const project = await Project.make();
  await project.succeed(["cp", "-R", `${template.path}/.`, project.path]);
  return project;
}

async function install(): Promise<Project> {
  const project = await Project.make();
  await project.write("package.json", `{"name": "app", "private": true, "type": "module"}`);
  await packNpm(`${project.path}/client.tgz`);
  await project.succeed([
    "npm",
    "install",
    "--offline",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "./client.tgz",
  ]);
  return project;
}

async function files(folder: string, prefix = ""): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${prefix}`)) {
    const path = `${prefix}${name}`;
    if (isDirectory) {
      for (const [each, size] of await files(folder, `${path}/`)) found.set(each, size);
    } else found.set(path, (await Deno.stat(`${folder}/${path}`)).size);
  }
  return found;
}

const server = () =>
  startServer({ bindAddr: "127.0.0.1:0", outputAddr: "127.0.0.1:0", numWorkers: 2, log: () => {} });

Deno.test("the npm tarball has only the client, as JavaScript", async () => {
  await using project = await installed();
  const found = await files(`${project.path}/${PACKAGE}`);
  const wanted = new Set(["LICENSE", "README.md", "package.json"]);
  for (const path of await clientModules()) wanted.add(path.replace(/\.ts$/, ".js"));
  // What only the session's thread runs is in worker_source.js.
  assert(
    wanted.has("src/worker/generated/worker_source.js") &&
      !wanted.has("src/worker/session_worker.js"),
  );
  for (const path of wanted) assert(found.has(path), `${path} is missing`);
  for (const path of found.keys()) {
    const known = wanted.has(path) || wanted.has(path.replace(/\.d\.ts$/, ".js"));
    assert(known, `${path} has no place in the tarball`);
  }
  const bytes = found.values().reduce((sum, size) => sum + size, 0);
  assert(bytes <= MAX_UNPACKED_BYTES, `it takes ${bytes} bytes unpacked`);
  const { size } = await Deno.stat(`${project.path}/client.tgz`);
  assert(size <= MAX_TARBALL_BYTES, `it takes ${size} bytes`);
});

Deno.test("the npm tarball depends on nothing", async () => {
  await using project = await installed();
  const manifest = JSON.parse(
    await Deno.readTextFile(`${project.path}/${PACKAGE}/package.json`),
  );
  assertEquals(Object.keys(manifest).filter((key) => /depend/i.test(key)), []);
  const { packages } = JSON.parse(await Deno.readTextFile(`${project.path}/package-lock.json`));
  assertEquals(Object.keys(packages), ["", PACKAGE]);
});

for (const [runtime, command] of Object.entries(RUNTIMES)) {
  Deno.test(`the README's blocks run from the npm tarball under ${runtime}`, async () => {
    await using project = await installed();
    await using servers = await readmeServers();
    // The server is not in the tarball.
    const runnable = servers.runnable.filter(({ block }) => !block.includes("/fake_server"));
    assert(runnable.length >= 12);
    const host = runtime === "Deno"
      ? [
        "--no-prompt",
        `--allow-net=${servers.addresses}`,
        `--allow-write=${project.path}/plot.png`,
      ]
      : [];
    for (const [i, { code }] of runnable.entries()) await project.write(`${i}.ts`, code);
    // One program for all: a start of the runtime's for each would take longer than they do.
    const main = runnable.map((_, i) => `console.log("=== ${i}");\nawait import("./${i}.ts");\n`);
    const file = await project.write("main.ts", main.join(""));
    const all = await project.succeed([...command, ...host, file]);
    const outputs = all.split(/^=== \d+\n/m).slice(1);
    assertEquals(outputs.length, runnable.length);
    for (const [i, { block }] of runnable.entries()) {
      const printed = outputs[i]!.split("\n");
      for (const line of expected(block)) {
        assert(printed.includes(line), `no line ${line} in:\n${printed.join("\n")}`);
      }
    }
  });
}

for (const [runtime, command] of Object.entries(RUNTIMES)) {
  Deno.test(`the command runs from the npm tarball under ${runtime}`, async () => {
    await using project = await installed();
    await using own = await server();
    const permissions = runtime === "Deno" ? ["--allow-all"] : [];
    const main = `${project.path}/${PACKAGE}/src/cli/main.js`;
    const base = [...command, ...permissions, main];
    const printed = await project.succeed([...base, "--addr", own.addr, "eval", "(1, 2)"]);
    assertEquals(printed, "(1, 2)\n");
    // The server is not there.
    const { code, stderr } = await project.run([...base, "serve"]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, "pyproxy: Cannot serve: ");
    assertStringIncludes(stderr, "deno run -A jsr:@pyproxy/client/cli serve");
  });
}

Deno.test("a program that Bun has bundled or compiled runs by itself", async () => {
  await using project = await installed();
  await using own = await server();
  const bun = RUNTIMES.Bun!;
  await project.write(
    "app.ts",
    `import { connect } from "@pyproxy/client";
    await using remote = await connect("${own.addr}");
    console.log(await remote.eval("6 * 7"));`,
  );
  const build = [...bun, "build", "--target=bun", "--outdir=out"];
  await project.succeed([...build, "app.ts"]);
  // Nothing of the package is needed any more.
  await project.succeed(["mv", "node_modules", "gone"]);
  assertEquals(await project.succeed([...bun, "out/app.js"]), "42\n");
  await project.succeed([...bun, "build", "--compile", "out/app.js", "--outfile=app"]);
  await project.succeed(["rm", "-r", "out"]);
  assertEquals(await project.succeed([`${project.path}/app`]), "42\n");
});

Deno.test("a correct program with the npm tarball type-checks, and a wrong one does not", async () => {
  await using project = await installed();
  const good = `import { connect, PythonError } from "@pyproxy/client";
    await using remote = await connect("localhost:9000", { name: "typed" });
    const n: number = await remote.eval<number>("1", { locs: { a: 1n } });
    for await (const { line } of remote.eval("2").output()) line.trimEnd();
    if (new Error() instanceof PythonError) console.log(n);`;
  await project.succeed([Deno.execPath(), "check", await project.write("good.ts", good)]);
  const bad = good.replace("const n: number", "const n: string");
  const { code, stderr } = await project.run([
    Deno.execPath(),
    "check",
    await project.write("bad.ts", bad),
  ]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Type 'number' is not assignable to type 'string'");
});

Deno.test("a runtime without Temporal gets an error with the versions that are needed", async () => {
  await using project = await installed();
  for (const [runtime, command] of Object.entries(RUNTIMES)) {
    const file = await project.write(
      "old.ts",
      `delete globalThis.Temporal; await import("@pyproxy/client");`,
    );
    const { code, stderr } = await project.run([...command, file]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "Cannot use PyProxy here: it needs Deno 2.9 or Bun 1.4");
    assertStringIncludes(stderr, `this is ${runtime}/`);
  }
});
