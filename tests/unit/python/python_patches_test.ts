/** What one session puts into builtins and standard modules reaches no other session, nor our own code. */
import { assert, assertEquals } from "@std/assert";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";

const PATCHER = { session: 1 };
const NEIGHBOUR = { session: 2 };

/** Standard modules whose names our files use. Not threading: a fork without that is Python's to complain of. */
const MODULES =
  "_signal _socket _thread ast atexit collections ctypes datetime enum fcntl functools gc io itertools json " +
  "linecache mmap os os.path queue re resource select signal socket struct textwrap time tokenize traceback types";

/** Code that uses what needs no module: all kinds of values, output, a kept name, and a fork. */
const WORK = `
import math
class Point:
    def __init__(self): self.x = len(kept)
print("printed", Point().x)
import posix
child = posix.fork()
if child == 0: posix._exit(0)
posix.waitpid(child, 0)
[kept, bool(1), isinstance(1, int), {"x": (1, 2.5)}, {1, 2}, 1 << 70, b"\\0" * 300000 == big, [str(i) for i in range(2)],
 math.floor(2.5)]`;

/** What it has to give. */
const WANTED = ["kept", true, true, { x: [1, 2.5] }, [1, 2], (1n << 70n).toString(), true, [
  "0",
  "1",
], 2];

/** The builtins that are something. */
const NAMES =
  "import sys\nnames = vars(sys.modules['builtins'])\n[name for name in names if names[name] is not None]";

/** Sees that another session works as ever. */
async function assertWorks(client: LinkClient, why: string): Promise<void> {
  const big = new Uint8Array(300_000);
  const work = client.send(
    WORK.replace("1 << 70", "str(1 << 70)").replace("{1, 2}", "sorted({1, 2})"),
    {
      ...NEIGHBOUR,
      namespace: "n",
      locs: { big },
    },
  );
  const { status, value } = await client.answer(work);
  assertEquals([status, status === Status.VALUE ? value : value?.traceback], [
    Status.VALUE,
    WANTED,
  ], why);
  assertEquals(await client.text(work), "printed 4\n", why);
  const failed = await client.eval("def divide():\n  return 1 / 0\ndivide()", NEIGHBOUR);
  assertEquals(failed.status, Status.PYTHON_ERROR, why);
  const { type, message, frames, traceback } = failed.value;
  assertEquals([type, message], ["ZeroDivisionError", "division by zero"], why);
  assertEquals(frames.map((frame: { source: string }) => frame.source), [
    "divide()",
    "return 1 / 0",
  ], why);
  assert(traceback.endsWith("ZeroDivisionError: division by zero\n"), why);
}

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: (client: LinkClient) => Promise<void>): void =>
    Deno.test(`python patches ${what} (${name})`, async () => {
      await using client = await LinkClient.start(python);
      await client.eval("kept = 'kept'", { ...NEIGHBOUR, namespace: "n" });
      await run(client);
    });

  test("of any builtin are the session's that made them", async (client) => {
    const { value: names } = await client.eval(NAMES, PATCHER);
    for (const name of names) {
      const patch = `import builtins\nvars(builtins)['${name}'] = None`;
      const session = names.indexOf(name) + 10;
      assertEquals((await client.eval(patch, { session })).status, Status.VALUE, name);
      assertEquals((await client.eval(NAMES, { session: 3 })).value, names, name);
    }
    await assertWorks(client, "all at once");
  });

  test("may take all builtins away, by whatever way", async (client) => {
    for (
      const patch of [
        "import builtins\ndel builtins.len, builtins.bool",
        "import builtins\nbuiltins.__dict__.clear()",
        "import json\njson.__builtins__.clear()",
        "del __builtins__",
        "import builtins\nbuiltins.__import__ = builtins.__build_class__ = None",
        "import builtins\nbuiltins.BaseException = builtins.KeyboardInterrupt = None\n1 / 0",
        "import builtins\nbuiltins.Exception = builtins.ValueError = builtins.OSError = 5",
        "import builtins\nbuiltins.compile = builtins.exec = builtins.eval = None",
        "import builtins\nfor name in ('type', 'dict', 'list', 'tuple', 'str', 'int', 'set', 'len', 'print'):\n" +
        "  setattr(builtins, name, None)",
        "import sys\ndel sys.modules['builtins'].__builtins__",
      ]
    ) {
      await client.eval(patch, { ...PATCHER, namespace: "own" });
      await assertWorks(client, patch);
      await client.eval("1", PATCHER);
      await client.eval("1", { ...PATCHER, namespace: "own" });
      await assertWorks(client, patch);
    }
  });

  test("stay for the session that made them, until it is closed", async (client) => {
    const { value } = await client.eval(
      "import builtins\nbuiltins.len = lambda _: 'own'\ndel builtins.hex",
      PATCHER,
    );
    assertEquals(value, null);
    const look = "[len([]), 'hex' in dir(__builtins__)]";
    assertEquals((await client.eval(look, NEIGHBOUR)).value, [0, true]);
    assertEquals((await client.eval(look, PATCHER)).value, ["own", false]);
    assertEquals((await client.eval(look, NEIGHBOUR)).value, [0, true]);
    await client.answer(client.sendForget(PATCHER.session));
    assertEquals((await client.eval(look, PATCHER)).value, [0, true]);
  });

  test("of a name that builtins lack stay for all, as a module may have made them", async (client) => {
    await client.eval("import builtins\nbuiltins.translated = str", PATCHER);
    assertEquals((await client.eval("translated(1)", NEIGHBOUR)).value, "1");
  });

  test("of modules do not reach what the server's own code does", async (client) => {
    for (const module of MODULES.split(" ")) {
      const patch =
        `import sys, ${module}\nmodule = sys.modules['${module}']\nsaved = dict(vars(module))\n` +
        "for name in saved:\n  if not name.startswith('__'): vars(module)[name] = None";
      const options = { ...PATCHER, namespace: "modules" };
      await client.eval(patch, options);
      await assertWorks(client, module);
      await client.eval("vars(module).update(saved)", options);
    }
    await client.eval(
      "import sys\nsys.setrecursionlimit = sys.getrecursionlimit = sys.settrace = sys._getframe = None",
      PATCHER,
    );
    await assertWorks(client, "sys");
  });

  test("of a session whose eval is cancelled are undone as well", async (client) => {
    const job = client.send(
      "import builtins\nbuiltins.len = builtins.KeyboardInterrupt = None\nprint('now', flush=True)\nwhile True: pass",
      PATCHER,
    );
    await client.untilWritten(job, "the loop");
    assertEquals((await client.stop(job)).status, Status.CANCELLED);
    await assertWorks(client, "cancelled");
  });
}
