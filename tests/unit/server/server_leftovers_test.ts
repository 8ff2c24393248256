// What an eval made is gone when it is over, and what a session kept when it is closed.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ServerLogRecord } from "../../../fake_server/common/log.ts";
import { RawSession } from "../../raw_client.ts";
import { sharedServer, shareServer, start, until } from "../../raw_server.ts";

shareServer();

/** What the python process has in memory, in MiB. */
const RESIDENT = "import os\nint(open('/proc/self/statm').read().split()[1]) * 4096 >> 20";

/** Each leaves 16 MiB in a cycle, which only the collector ends. */
const CYCLES: Record<string, string> = {
  "a function": "def f(): return data",
  "a lambda": "f = lambda: data",
  "a class with a method": "class C:\n  def m(self): return data",
  "a suspended generator": "def g():\n  yield data\nkept = g()\nnext(kept)",
  "a coroutine that is never awaited":
    "import warnings\nwarnings.simplefilter('ignore')\nasync def c(): return data\nkept = c()",
  "an exception that is kept": "try:\n  1 / 0\nexcept Exception as error:\n  kept = error",
  "its own frame": "import sys\nkept = sys._getframe()",
  "a list in itself": "kept = [data]\nkept.append(kept)",
  "a dict in itself": "kept = {'data': data}\nkept['kept'] = kept",
  "a result that is opaque": "class C:\n  def m(self): return data\nC()",
  "an exception": "def f(): return data\nraise ValueError(f)",
  "much that is made and dropped":
    "def f(): return data\nkept = [[n] for n in range(50_000)]\ndel kept",
};

Deno.test("server frees what an eval made in a cycle", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  for (const [what, code] of Object.entries(CYCLES)) {
    const makes = `data = bytearray(16 << 20)\n${code}`;
    await session.eval(makes);
    const before = await session.value(RESIDENT) as number;
    for (let i = 0; i < 5; i++) await session.eval(makes);
    const left = await session.value(RESIDENT) as number - before;
    assert(left < 40, `five evals with ${what} left ${left} MiB`);
  }
});

Deno.test("server closes what an eval has opened, and files are whole", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const path = await Deno.makeTempFile();
  const code = `
import sqlite3
file = open(path, "w")
class Log:
    def __init__(self): self.file = open(path + ".log", "w")
    def add(self, text): self.file.write(text)
log = Log()
def put(text): file.write(text); log.add(text)
put("all of it")
db = sqlite3.connect(":memory:")
def ask(): return db`;
  const count = "import os\nlen(os.listdir('/proc/self/fd'))";
  const before = await session.value(count);
  for (let i = 0; i < 3; i++) await session.eval(code, { locs: { path } });
  assertEquals(await session.value(count), before);
  for (const name of [path, `${path}.log`]) {
    assertEquals(await Deno.readTextFile(name), "all of it");
    await Deno.remove(name);
  }
});

Deno.test("server keeps what a thread, a module or a namespace still holds", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const path = await Deno.makeTempFile();
  await session.eval(
    `
import json, threading
word = "whole"
go = threading.Event()
def finish():
    go.wait()
    with open(path, "w") as file: file.write(word)
threading.Thread(target=finish).start()
json.kept_by_test = lambda: (go, word)`,
    { locs: { path } },
  );
  await session.eval("def f(): return x\nx = 7", { namespace: "n" });
  for (let i = 0; i < 10; i++) await session.eval("def g(): return g\n[[n] for n in range(9000)]");
  await session.eval("import gc\ngc.collect()");
  assertEquals(await session.value("f()", { namespace: "n" }), 7);
  const code = "import json\ngo, word = json.kept_by_test()\ngo.set()\ndel json.kept_by_test\nword";
  assertEquals(await session.value(code), "whole");
  await until(() => Deno.readTextFileSync(path) === "whole");
  await Deno.remove(path);
});

Deno.test("server gives what a finalizer prints to the eval that made it", async () => {
  const server = sharedServer();
  await using first = await RawSession.connect(server.addr);
  await using second = await RawSession.connect(server.addr);
  const code = `
class Job:
    def __init__(self): self.own = self
    def __del__(self): print("of the first")
job = Job()`;
  const made = await first.send(code);
  assertEquals(await first.text(made), "of the first\n");
  const next = await second.send("import gc\ngc.collect()\nprint('own')");
  assertEquals(await second.text(next), "own\n");
});

Deno.test("gc in user code sees old objects, and is as before in the next eval", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const namespace = "n";
  await session.eval("class A: pass\na = A()\nholder = [a]", { namespace });
  const code = "import gc\n[holder in gc.get_referrers(a), any(o is a for o in gc.get_objects())]";
  assertEquals(await session.value(code, { namespace }), [true, true]);
  const dropped = `
import gc, weakref
a.own = a
ref = weakref.ref(a)
del a, holder[:]
gc.collect()
ref() is None`;
  assertEquals(await session.value(dropped, { namespace }), true);
  const before = await session.value("import gc\ngc.get_threshold()");
  await session.eval(
    "import gc\ngc.disable()\ngc.set_threshold(1)\ngc.set_debug(gc.DEBUG_SAVEALL)",
  );
  const after = "import gc\n[gc.isenabled(), gc.get_debug(), gc.get_threshold()]";
  assertEquals(await session.value(after), [true, 0, before]);
});

Deno.test("server drops the namespaces of a closed session, whatever their finalizers do", async () => {
  const records: ServerLogRecord[] = [];
  await using server = await start({ log: (record) => records.push(record) });
  await using other = await RawSession.connect(server.addr);
  await other.eval("mark = 'still here'", { namespace: "m" });
  const code = (end: string): string =>
    `import os, posix, time\nclass Kept:\n  def __del__(self): ${end}\nkept = Kept()`;
  const ends = ["print('late words')", "os._exit(3)", "posix._exit(3)", "os.abort()"];
  for (const end of [...ends, "time.sleep(30)", "1 / 0"]) {
    {
      await using session = await RawSession.connect(server.addr);
      await session.eval(code(end), { namespace: "n" });
    }
    // It waits behind the finalizer.
    const id = await other.send("print('own')");
    assertEquals(await other.text(id), "own\n");
    assertEquals(await other.value("mark", { namespace: "m" }), "still here");
  }
  await until(() => records.some(({ text }) => String(text).includes("ZeroDivisionError")));
  assertMatch(JSON.stringify(records.map(({ text }) => text)), /late words/);
});
