// Where the server's temporary files cannot be: one sentence says which directory, why, and what to
// set.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { PYTHON_FILES } from "../../../fake_server/executors/local/python_files.ts";
import { RawSession } from "../../raw_client.ts";
import { ServerMain } from "../../server_main.ts";

const SET = "; set TMPDIR to a directory that the server can write to";

/**
 * What the server says with this TMPDIR; it must not start, and leave nothing there. It has no place
 * for a cache, so its Python files go to TMPDIR as well.
 */
async function refused(TMPDIR: string): Promise<string> {
  const PYPROXY_BIND_ADDR = "127.0.0.1:0";
  const env = {
    TMPDIR,
    XDG_CACHE_HOME: "/dev/null",
    PYPROXY_BIND_ADDR,
    PYPROXY_OUTPUT_ADDR: PYPROXY_BIND_ADDR,
  };
  const { code, stdout, stderr } = await ServerMain.command([], { env }).output();
  assertEquals([code, stdout.length], [1, 0]);
  const text = new TextDecoder().decode(stderr).trimEnd();
  assertEquals(text.split("\n").length, 1, text);
  return text;
}

/** A directory of the test's own. */
async function makeFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function names(directory: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(directory));
  return entries.map(({ name }) => name);
}

/** Mounts a file system of its own on a directory. */
async function mount(path: string, options: string): Promise<AsyncDisposable> {
  const args = ["-t", "tmpfs", "-o", options, "tmpfs", path];
  const { success, stderr } = await new Deno.Command("mount", { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return {
    async [Symbol.asyncDispose]() {
      await new Deno.Command("umount", { args: [path] }).output();
    },
  };
}

/** Whether this user can do so. */
async function canMount(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  await using folder = await makeFolder();
  try {
    await using _ = await mount(folder.path, "size=64k");
    return true;
  } catch {
    return false;
  }
}

const ignore = !await canMount();

/** A test that needs a file system of its own. */
function mountedTest(name: string, fn: () => Promise<void>): void {
  const why = ignore ? " (left out: this user cannot mount a file system)" : "";
  Deno.test({ name: name + why, ignore, fn });
}

Deno.test("server names a directory for temporary files that is missing or none", async () => {
  await using folder = await makeFolder();
  const [missing, file] = [`${folder.path}/missing`, `${folder.path}/file`];
  await Deno.writeTextFile(file, "");
  const cannot = "Cannot make the server's files in";
  assertEquals(await refused(missing), `${cannot} ${missing}: there is no such directory${SET}`);
  assertEquals(await refused(file), `${cannot} ${file}: it is no directory${SET}`);
});

Deno.test("server names a directory whose path is too long for sockets, and takes one that is not", async () => {
  await using folder = await makeFolder();
  const make = async (bytes: number): Promise<string> => {
    const path = `${folder.path}/`.padEnd(bytes, "x");
    await Deno.mkdir(path);
    return path;
  };
  const long = await make(100);
  const text = await refused(long);
  assertStringIncludes(text, ` in ${long}: this path has 100 bytes, `);
  assertMatch(text, / leaves room for \d+; set TMPDIR to a directory with a shorter one, /);
  assertEquals(await names(long), []);
  const TMPDIR = await make(Number(/room for (\d+)/.exec(text)![1]));
  await using program = new ServerMain([], { env: { TMPDIR } });
  await program.ready();
  await using session = await RawSession.connect(program.addr);
  assertEquals(await session.value("1"), 1);
});

Deno.test("server takes a directory whose path is relative", async () => {
  await using folder = await makeFolder();
  const upwards = Deno.cwd().replace(/[^/]+/g, "..").slice(1);
  const TMPDIR = `${upwards}${folder.path}`;
  await using program = new ServerMain([], { env: { TMPDIR } });
  await program.ready();
  await using session = await RawSession.connect(program.addr);
  const code = "import os\nos.chdir('/')\nos._exit(1)";
  assertEquals((await session.eval(code)).status !== 0, true);
  assertEquals(await session.value("2"), 2);
});

mountedTest("server names a directory on a file system that is read-only", async () => {
  await using folder = await makeFolder();
  await using _ = await mount(folder.path, "ro");
  const text = await refused(folder.path);
  assertStringIncludes(text, ` in ${folder.path}: its file system is read-only${SET}`);
});

mountedTest(
  "server names a directory on a file system that is full, however late it is",
  async () => {
    const blocks = Object.values(PYTHON_FILES).map((source) =>
      Math.ceil(new TextEncoder().encode(source).length / 4_096)
    );
    const kib = blocks.reduce((sum, count) => sum + 4 * count, 0);
    // There is room for some of the python files, and for them but not for what a process needs.
    for (const size of [64, kib + 8]) {
      await using folder = await makeFolder();
      await using _ = await mount(folder.path, `size=${size}k`);
      const text = await refused(folder.path);
      assertStringIncludes(text, ` in ${folder.path}`);
      assertStringIncludes(text, `: its file system is full${SET}`);
      assertEquals(await names(folder.path), []);
    }
  },
);
