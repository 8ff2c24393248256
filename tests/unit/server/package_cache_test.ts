/** The Python files in the user's cache: a server starts faster where one has started before. */
import { assert, assertEquals } from "@std/assert";
import { PYTHON_FILES } from "../../../fake_server/executors/local/python_files.ts";
import { RawSession } from "../../raw_client.ts";
import { ServerMain } from "../../server_main.ts";

/** A home directory of the test's own. */
async function makeHome(): Promise<{ path: string; cache: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  const dispose = () => Deno.remove(path, { recursive: true });
  return { path, cache: `${path}/.cache/pyproxy`, [Symbol.asyncDispose]: dispose };
}

/** Where the Python process of a server with this environment has its files. */
async function packageFolder(env: Record<string, string>): Promise<string> {
  await using program = new ServerMain([], { env: { XDG_CACHE_HOME: "", ...env } });
  await program.ready();
  await using session = await RawSession.connect(program.addr);
  const code = "import sys; sys.modules['pyproxy_worker'].__path__[0]";
  return String(await session.value(code));
}

/** The files below a folder, and what was compiled. */
async function filesBelow(folder: string): Promise<{ sources: string[]; compiled: string[] }> {
  const found = { sources: [] as string[], compiled: [] as string[] };
  const look = async (path: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(`${folder}/${path}`)) {
      if (isDirectory) await look(`${path}${name}/`);
      else if (name.endsWith(".pyc")) found.compiled.push(path + name);
      else found.sources.push(path + name);
    }
  };
  await look("");
  return found;
}

Deno.test("servers share their Python files, compiled, in the user's cache", async () => {
  await using home = await makeHome();
  const first = await packageFolder({ HOME: home.path });
  assert(first.startsWith(`${home.cache}/python-`), first);
  const { sources, compiled } = await filesBelow(first);
  assertEquals(sources.toSorted(), Object.keys(PYTHON_FILES).toSorted());
  assert(compiled.some((name) => name.includes("worker.")), String(compiled));
  assertEquals(await packageFolder({ HOME: home.path }), first);
  const other = await packageFolder({ XDG_CACHE_HOME: `${home.path}/elsewhere` });
  assert(other.startsWith(`${home.path}/elsewhere/pyproxy/python-`), other);
});

Deno.test("a server repairs files of the cache that are missing or changed", async () => {
  await using home = await makeHome();
  const folder = await packageFolder({ HOME: home.path });
  await Deno.writeTextFile(`${folder}/worker.py`, "raise SystemExit('changed')");
  await Deno.remove(`${folder}/values`, { recursive: true });
  assertEquals(await packageFolder({ HOME: home.path }), folder);
  assertEquals(await Deno.readTextFile(`${folder}/worker.py`), PYTHON_FILES["worker.py"]);
});

Deno.test("a server runs no files of a cache that others can write to", async () => {
  await using home = await makeHome();
  await Deno.mkdir(home.cache, { recursive: true });
  await Deno.chmod(home.cache, 0o777);
  const folder = await packageFolder({ HOME: home.path });
  assert(!folder.startsWith(home.path), folder);
  await Deno.chmod(home.cache, 0o700);
  await Deno.chmod(`${home.path}/.cache`, 0o777);
  const other = await packageFolder({ HOME: home.path });
  assert(!other.startsWith(home.path), other);
});

Deno.test("a server without a place for a cache has files of its own", async () => {
  await using home = await makeHome();
  const file = `${home.path}/file`;
  await Deno.writeTextFile(file, "");
  for (const XDG_CACHE_HOME of [file, `${file}/below`, "relative"]) {
    const folder = await packageFolder({ XDG_CACHE_HOME });
    assert(!folder.startsWith(home.path) && folder.includes("/pyproxy-"), folder);
  }
});

Deno.test("a server removes files of the cache that none has used for a month", async () => {
  await using home = await makeHome();
  const [old, recent] = [`${home.cache}/python-old`, `${home.cache}/python-recent`];
  for (const path of [old, recent]) await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  await Deno.chmod(home.cache, 0o700);
  const then = new Date(Date.now() - 31 * 24 * 60 * 60 * 1_000);
  await Deno.utime(old, then, then);
  const folder = await packageFolder({ HOME: home.path });
  const names = await Array.fromAsync(Deno.readDir(home.cache), ({ name }) => name);
  const used = folder.split("/").find((name) => name.startsWith("python-"));
  assertEquals(names.toSorted(), [used, "python-recent"].toSorted());
});
