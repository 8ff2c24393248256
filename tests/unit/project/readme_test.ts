// What the README shows is true: its blocks are checked and run, its tables are those of the code.
import { assert, assertEquals } from "@std/assert";
import {
  MAX_KEPT_BYTES,
  MAX_SESSIONS,
  SLOW_READER_MS,
} from "../../../fake_server/common/limits.ts";
import { HELP } from "../../../fake_server/config.ts";
import * as defaults from "../../../src/api/defaults.ts";
import { HEARTBEAT_MISSES } from "../../../src/main_thread/heartbeat.ts";
import { MAX_USED_BUFFER_BYTES } from "../../../src/values/codec/writer.ts";
import * as limits from "../../../src/wire/limits.ts";
import { UNREAD_OUTPUT_LIFE_MS } from "../../../src/worker/output_limits.ts";
import {
  blocks,
  blocksOf,
  expected,
  PAGES,
  readme,
  readmeServers,
  root,
  table,
} from "../../readme.ts";

const decoder = new TextDecoder();

/** Runs a program in a folder; gives what it printed. */
async function run(cwd: string, command: string[], env?: Record<string, string>): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command[0]!, {
    args: command.slice(1),
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  assert(success, `${command.join(" ")}: ${decoder.decode(stdout)}${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

const deno = (command: string) => [
  Deno.execPath(),
  command,
  "--config",
  new URL("deno.json", root).pathname,
];

/** A folder that goes with its scope. */
async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("the task that checks types checks the blocks of all pages", async () => {
  assert(blocks.length >= 15, `there are ${blocks.length} blocks`);
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const [, files] = /deno check --doc (.*?) &&/.exec(tasks.check.command)!;
  assertEquals(files!.split(" "), [".", ...PAGES]);
});

Deno.test("the README's TypeScript blocks run and print what they say", async () => {
  await using servers = await readmeServers();
  await using folder = await temporaryFolder();
  for (const [i, { code }] of servers.runnable.entries()) {
    await Deno.writeTextFile(`${folder.path}/${i}.ts`, code);
  }
  // One program for all: a start of Deno's for each would take longer than they do.
  const main = servers.runnable.map((_, i) =>
    `console.log("=== ${i}");\nawait import("./${i}.ts");\n`
  );
  await Deno.writeTextFile(`${folder.path}/main.ts`, main.join(""));
  const all = await run(folder.path, [...deno("run"), "--no-check", "-A", "main.ts"]);
  const outputs = all.split(/^=== \d+\n/m).slice(1);
  assertEquals(outputs.length, servers.runnable.length);
  for (const [i, { block }] of servers.runnable.entries()) {
    const printed = outputs[i]!;
    for (const line of expected(block)) {
      assert(printed.split("\n").includes(line), `no line ${line} in:\n${printed}\nof:\n${block}`);
    }
  }
  const png = await Deno.readFile(`${folder.path}/plot.png`);
  assertEquals(decoder.decode(png.subarray(-8, -4)), "IEND");
});

Deno.test("the README's command lines print what they say", async () => {
  await using servers = await readmeServers();
  const lines = blocksOf("sh").join("").matchAll(/^pyproxy (eval .*\S) +# (.*)$/gm);
  const examples = [...lines];
  assert(examples.length >= 2, `there are ${examples.length}`);
  const main = [...deno("run"), "--no-check", "-A", new URL("src/cli/main.ts", root).pathname];
  for (const [, args, line] of examples) {
    const program = `${main.map((word) => `'${word}'`).join(" ")} ${args}`;
    const env = { PYPROXY_ADDR: servers.addresses[0]! };
    assertEquals(await run(root.pathname, ["sh", "-c", program], env), `${line}\n`);
  }
});

Deno.test("the README has the two commands that need only npm and Python 3", () => {
  for (const task of ["demo", "test"]) {
    assert(readme.includes(`npx --yes deno@2.9.6 task ${task}`), task);
  }
});

Deno.test("the tasks that the documents name are there", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const documents = [
    "README.md",
    "fake_server/OPERATING.md",
    "tests/README.md",
    ".github/CONTRIBUTING.md",
  ];
  const workflows = [".github/workflows/test.yml", ".github/workflows/publish.yml"];
  for (const file of [...documents, ...workflows]) {
    const text = await Deno.readTextFile(new URL(file, root));
    const named = [...text.matchAll(/deno(?:@[\d.]+)? task\s+([a-z][\w:]*)/g)].map(([, task]) =>
      task!
    );
    assert(named.length > 0, file);
    for (const task of named) assert(task in tasks, `${file}: there is no task ${task}`);
  }
});

Deno.test("the files and anchors that the documents link to are there", async () => {
  const documents = [
    ...PAGES,
    "tests/README.md",
    ".github/CONTRIBUTING.md",
    ".github/ARCHITECTURE.md",
    ".github/SECURITY.md",
  ];
  let count = 0;
  for (const file of documents) {
    const text = await Deno.readTextFile(new URL(file, root));
    for (const [, target] of text.matchAll(/\]\((?!http)([^)]+)\)/g)) {
      const [path, anchor] = target!.split("#");
      const linked = path === "" ? new URL(file, root) : new URL(path!, new URL(file, root));
      await Deno.stat(linked);
      if (anchor !== undefined) {
        const heads = [...(await Deno.readTextFile(linked)).matchAll(/^#+ (.*)$/gm)].map((
          [, head],
        ) => head!.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-"));
        assert(heads.includes(anchor), `${file}: ${target}`);
      }
      count++;
    }
  }
  assert(count > 40, `there are ${count}`);
});

Deno.test("the README's table of flags has all that the server's help has", () => {
  const named = table("flag", "variable").flatMap(([flags]) => flags!.split(", ")).sort();
  const known = [...HELP.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, flag]) => flag!)
    .filter((flag) => flag !== "--help").sort();
  assertEquals(named, known);
});

Deno.test("the README's limits are those of the code", () => {
  const count = (value: number) => value.toLocaleString("en-US");
  const size = (bytes: number) => `${bytes / 1024 / 1024} MiB`;
  const time = (ms: number) => `${ms / 1000} s`;
  assertEquals(table("what", "limit").map(([, limit]) => limit), [
    size(limits.MAX_FRAME_BODY_BYTES),
    `${limits.MAX_DEPTH} deep`,
    count(limits.MAX_EVALS_IN_FLIGHT),
    count(defaults.MAX_QUEUED_EVALS),
    size(defaults.MAX_QUEUED_BYTES),
    size(defaults.UNREAD_OUTPUT_PER_EVAL_BYTES),
    size(defaults.UNREAD_OUTPUT_PER_SESSION_BYTES),
    time(UNREAD_OUTPUT_LIFE_MS),
    time(SLOW_READER_MS),
    time(limits.PING_INTERVAL_MS + limits.PING_TIMEOUT_MS),
    time(defaults.HEARTBEAT_INTERVAL_MS * HEARTBEAT_MISSES),
    count(MAX_SESSIONS),
    size(MAX_KEPT_BYTES),
    // In kept_memory.py, as large as a message may be.
    size(limits.MAX_FRAME_BODY_BYTES),
    size(MAX_USED_BUFFER_BYTES),
  ]);
});
