// CPython's own test modules, run inside remote evals: the same counts as in a local python3.
import { assert, assertEquals } from "@std/assert";
import { startServer } from "../../fake_server/mod.ts";
import { connect, type RemoteProcess } from "../../mod.ts";

/** Those that take longest come first, so that none of them is the last. */
const MODULES = [
  "test_subprocess",
  "test_datetime",
  "test_threading",
  "test_io",
  "test_signal",
  "test_pickle",
  "test_json",
  "test_math",
  "test_dict",
  "test_itertools",
  "test_dataclasses",
  "test_builtin",
  "test_collections",
  "test_contextlib",
  "test_functools",
  "test_enum",
  "test_textwrap",
  "test_heapq",
  "test_linecache",
  "test_list",
  "test_os",
  "test_print",
  "test_re",
  "test_set",
  "test_statistics",
  "test_string",
  "test_struct",
  "test_tempfile",
  "test_traceback",
];

/** Runs a module's tests into `outcome`. */
const RUN = `
import io, unittest
suite = unittest.defaultTestLoader.loadTestsFromName("test." + name)
result = unittest.TextTestRunner(stream=io.StringIO(), verbosity=0).run(suite)
outcome = {
    "run": result.testsRun,
    "failed": sorted(str(test) for test, _ in result.failures + result.errors),
    "skipped": len(result.skipped),
}
why = [text for _, text in result.failures + result.errors]
`;

/** The counts of a module, and the texts of what failed. */
type Outcome = [counts: { run: number; failed: string[]; skipped: number }, why: string[]];

/** Runs `body` with a folder of its own: the tests leave things in the current one. */
async function withFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The same in a python3 of its own. */
async function local(executable: string, name: string, folder: string): Promise<Outcome> {
  const script = `import json, sys\nname = sys.argv[1]\n${RUN}\n` +
    `with open(sys.argv[2], "w") as file: json.dump([outcome, why], file)\n`;
  await Deno.writeTextFile(`${folder}/run.py`, script);
  const { code, stderr } = await new Deno.Command(executable, {
    args: [`${folder}/run.py`, name, `${folder}/result.json`],
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(await Deno.readTextFile(`${folder}/result.json`));
}

async function remotely(remote: RemoteProcess, name: string, folder: string): Promise<Outcome> {
  const code =
    `import os\nbefore = os.getcwd()\nos.chdir(folder)\n${RUN}\nos.chdir(before)\n[outcome, why]`;
  return await remote.eval(code, { locs: { name, folder } });
}

/** So many modules run at a time, each here and there. */
const AT_ONCE = Math.max(2, navigator.hardwareConcurrency);

/** The whole test is sanitized: its steps run beside each other, and would see each other's doings. */
const BESIDE = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

Deno.test("CPython's own tests have the same counts in a remote eval as in a local python3", async (t) => {
  await using server = await startServer({
    bindAddr: "127.0.0.1:0",
    outputAddr: "127.0.0.1:0",
    numWorkers: AT_ONCE,
    log: () => {},
  });
  await using remote = await connect(server.addr);
  const executable = await remote.eval<string>("import sys; sys.executable");
  const chosen = Deno.env.get("PYPROXY_CPYTHON_MODULES")?.split(",") ?? MODULES;

  const agrees = async (name: string): Promise<void> => {
    await using own = await connect(server.addr);
    const [[there, whyThere], [here, whyHere]] = await Promise.all([
      withFolder((folder) => remotely(own, name, folder)),
      withFolder((folder) => local(executable, name, folder)),
    ]);
    assertEquals(there, here, `here:\n${whyHere.join("")}\nthere:\n${whyThere.join("")}`);
    assert(there.run > 0);
  };
  const rest = chosen.values();
  const lane = async (): Promise<void> => {
    for (const name of rest) await t.step({ name, fn: () => agrees(name), ...BESIDE });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
});
