// Promise 20: what an eval made is gone when it is over: memory, descriptors, ports, locks, and what
// finalizers print is its own.
import { assert, assertEquals } from "@std/assert";
import { connect } from "../../mod.ts";
import { all, test, testServer } from "../harness.ts";
import { count, randomNumbers, report } from "./scale.ts";

/** Beyond what the first of them have cost. */
const GROWTH_MIB = 16;

/** Each has `data`, 1 MiB, a `port`, a `folder` and a number `i`. */
const KINDS: Record<string, string> = {
  "a function": "def f(): return data",
  "a class": "class C:\n  def m(self): return data\nkept = C()",
  "a generator":
    "def g():\n  try:\n    yield data\n  finally:\n    print('own', i)\nkept = g()\nnext(kept)",
  "a coroutine":
    "import warnings\nwarnings.simplefilter('ignore')\nasync def c(): return data\nkept = c()",
  "an exception": "try:\n  1 / 0\nexcept Exception as error:\n  kept = error\ndef f(): return kept",
  "an exception that ends it": "def f(): return data\nraise LookupError(f)",
  "a list in itself": "kept = [data]\nkept.append(kept)",
  "a frame": "import sys\nkept = sys._getframe()",
  "a file":
    "file = open(folder + '/file', 'w')\ndef put(): file.write(str(i))\nput()\nclass C:\n  def m(self): return file",
  "a port":
    "import socket\nserver = socket.socket()\nserver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\nserver.bind(('127.0.0.1', port))\nserver.listen()\ndef f(): return server, data",
  "a database":
    "import sqlite3\ndb = sqlite3.connect(folder + '/db', timeout=0)\ndb.execute('create table if not exists t (x)')\ndb.execute('insert into t values (?)', (i,))\ndef f(): return db, data",
  "a lock on a file":
    "import fcntl\nlock = open(folder + '/lock', 'w')\nfcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)\ndef f(): return lock, data",
  "a thread":
    "import threading\ndef work(): return data\nthread = threading.Thread(target=work)\nthread.start()\nthread.join()",
  "a finalizer": "class C:\n  def __del__(self): print('own', i)\nkept = C()\nkept.kept = kept",
  "a temporary folder":
    "import tempfile\nkept = tempfile.TemporaryDirectory(dir=folder)\ndef f(): return kept, data",
};

/** Of the python process: MiB, and open descriptors. */
const LOOK = "import os\n" +
  "[int(open('/proc/self/statm').read().split()[1]) * 4096 / 2**20, len(os.listdir('/proc/self/fd'))]";

test("what evals leave behind is gone after each, and seen by no other session", async () => {
  const random = randomNumbers();
  await using server = await testServer({ numWorkers: 1 });
  await using mine = await connect(server.addr);
  await using another = await connect(server.addr);
  const folder = await another.eval<string>("import tempfile\ntempfile.mkdtemp()");
  const port = await another.eval<number>(
    "import socket\nwith socket.socket() as free:\n  free.bind(('127.0.0.1', 0))\n  port = free.getsockname()[1]\nport",
  );
  const names = Object.keys(KINDS);
  const round = async (i: number) => {
    const name = names[i < names.length ? i : Math.floor(random() * names.length)]!;
    const code = `data = bytearray(1 << 20)\n${KINDS[name]}`;
    const future = mine.eval(code, { locs: { i, port, folder } });
    const beside = another.eval("print('another')");
    const outcome = await future.waitNoExcept();
    const isMeant = name === "an exception that ends it" || outcome.ok;
    assert(isMeant, `${name}: ${outcome.ok ? "" : outcome.error.message}`);
    for (const { line } of await all(future.output())) assertEquals(line, `own ${i}`, name);
    assertEquals((await all(beside.output())).map(({ line }) => line), ["another"], name);
  };
  const evals = count("evalsThatLeave");
  const warm = 2 * names.length;
  for (let i = 0; i < warm; i++) await round(i);
  const [mibBefore, openBefore] = await another.eval<[number, number]>(LOOK);
  for (let i = warm; i < evals; i++) await round(i);
  const [mibAfter, openAfter] = await another.eval<[number, number]>(LOOK);
  const grown = mibAfter - mibBefore;
  report(import.meta.url, { evals, grown: `${grown.toFixed(1)} MiB`, descriptors: openAfter });
  assert(grown < GROWTH_MIB, `it has grown by ${grown} MiB`);
  assertEquals(openAfter, openBefore);
  // What the last ones wrote is whole, and of the folders none is left.
  const left =
    "import os, shutil\nnames = sorted(os.listdir(folder))\nshutil.rmtree(folder)\nnames";
  assertEquals(await another.eval(left, { locs: { folder } }), ["db", "file", "lock"]);
});
