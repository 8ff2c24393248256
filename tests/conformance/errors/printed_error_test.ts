// What a user sees of a PythonError: programs of their own, and what the runtime prints of them.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { inBun, shareServer, test, testServer } from "../../harness.ts";

shareServer();

const PYTHON = "try:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('bad') from e";

/** Runs a program in this runtime that gets `remote`; gives all that it printed. */
async function program(body: string): Promise<{ text: string; failed: boolean }> {
  await using server = await testServer();
  const folder = await mkdtemp(join(tmpdir(), "pyproxy-test-"));
  try {
    const file = join(folder, "program.ts");
    const client = new URL("../../../mod.ts", import.meta.url);
    await writeFile(
      file,
      `import { connect } from "${client}";
const remote = await connect("${server.addr}");
async function analyse() {
  return await remote.eval(${JSON.stringify(PYTHON)});
}
${body}
await remote.close();`,
    );
    const run = inBun ? ["run", file] : ["run", "--no-check", "--allow-all", file];
    const env = { ...process.env, NO_COLOR: "1" };
    return await new Promise((resolve) =>
      execFile(
        process.execPath,
        run,
        { env, timeout: 30_000 },
        (error, stdout, stderr) =>
          resolve({
            text: (stdout + stderr).replace(/<eval-\d+>/g, "<eval>"),
            failed: error !== null,
          }),
      )
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** How often `part` is in `text`. */
function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

test("console.log() of a PythonError shows Python's traceback, then the caller's line", async () => {
  const { text, failed } = await program("await analyse().catch((error) => console.log(error));");
  assert(!failed, text);
  const [before, after] = text.split(/\n {2}The above exception was the direct cause of .*\n/);
  assertMatch(before!, /^PythonError: ValueError: bad\n {2}Traceback \(most recent call last\):\n/);
  assertMatch(before!, /\n {4}File "<eval>", line 2, in <module>\n {6}\{\}\['k'\]\n/);
  assertMatch(after!, /\n {6}raise ValueError\('bad'\) from e\n {2}ValueError: bad\n {4}at /);
  assertMatch(after!, /\n {4}at (async )?analyse \(.*program\.ts:4:\d+\)\n/);
  assertEquals([count(text, "Traceback"), count(text, "KeyError: 'k'")], [2, 1], text);
});

test("console.log() of an object with a PythonError shows the traceback, too", async () => {
  const { text } = await program(
    `await analyse().catch((error) => {
  console.log({ error });
  console.log("====");
  console.log(new Error("mine", { cause: error }));
});`,
  );
  const [nested, cause] = text.split("====\n");
  assertEquals(count(nested!, "Traceback"), 2, text);
  assertMatch(cause!, /mine/);
  assertMatch(cause!, /Traceback[^]*raise ValueError\('bad'\) from e\n/);
});

test("an uncaught PythonError shows each traceback once, and the call of eval", async () => {
  for (const body of ["await analyse();", "analyse();\nawait new Promise(() => {});"]) {
    const { text, failed } = await program(body);
    assert(failed, text);
    assertMatch(text, /PythonError: bad\n/);
    assertMatch(text, /Traceback[^]*raise ValueError\('bad'\) from e\n *ValueError: bad\n/);
    assertMatch(text, /Traceback[^]*\{\}\['k'\]\n[^]*KeyError: 'k'\n/);
    assertMatch(text, /at (async )?analyse \(.*program\.ts:4:\d+\)/);
    assertEquals([count(text, "Traceback"), count(text, "KeyError: 'k'")], [2, 1], text);
    assert(!text.includes("python_error.ts"), text);
  }
});
