/** Cancels that hit an import: the module is whole afterwards or not there, for whoever comes next. */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { interpreters } from "../../python.ts";
import { type Answer, LinkClient, Status } from "../link/link_client.ts";

/** Modules to import, by their names with slashes; importing `now()` says so and stays there. */
const FILES = {
  "stay.py": "def now():\n  print('now', flush=True)\n  while True: pass\n",
  "plain.py": "value = 1\n",
  // A package with a part that is whole already, and one that knows of the package.
  "parts/__init__.py": "import plain, asker\nfrom .fast import *\nfrom .slow import *\n",
  "parts/fast.py": "value = 'fast'\n",
  "parts/slow.py": "import stay\nif not stay.is_over: stay.now()\nvalue = 'slow'\n",
  "asker.py": "import parts\n",
  // One that is imported in two steps.
  "outer/__init__.py": "value = 'outer'\n",
  "outer/util.py": "value = 'util'\n",
  "outer/inner/__init__.py": "from outer import util\nfrom .first import *\nfrom .last import *\n",
  "outer/inner/first.py": "value = 'first'\n",
  "outer/inner/last.py": "import stay\nif not stay.is_over: stay.now()\nvalue = 'last'\n",
  // One that goes on without what it could not import.
  "brave/__init__.py":
    "from . import fast\ntry:\n  from . import slow\nexcept BaseException:\n  slow = None\n",
  "brave/fast.py": "value = 'fast'\n",
  "brave/slow.py": "import stay\nstay.now()\n",
  // One whose half in C keeps what it has seen.
  "halves/__init__.py":
    "import time\nfrom . import NAME\nprint('now', flush=True)\nstart = time.monotonic()\n" +
    "while time.monotonic() < start + 0.2: pass\nvalue = 'whole'\n",
};

const SET_UP = `
import glob, os, shutil, sys, sysconfig
sys.dont_write_bytecode = True
library = sorted(glob.glob(sysconfig.get_config_var('DESTSHARED') + '/_*.so'))[0]
name = os.path.basename(library).partition('.')[0]
for path, text in files.items():
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(text.replace('NAME', name))
shutil.copy(library, os.path.join(folder, 'halves'))
sys.path.insert(0, folder)
import stay
stay.is_over = False`;

/** Stops code once it has said "now". */
async function stopped(client: LinkClient, code: string): Promise<Answer> {
  const job = client.send(code);
  await client.untilWritten(job, "the import");
  return await client.stop(job);
}

/** The value of code, after the modules have ceased to stay. */
async function value(client: LinkClient, code: string): Promise<unknown> {
  return (await client.eval(`import stay\nstay.is_over = True\n${code}`)).value;
}

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: (client: LinkClient) => Promise<void>): void =>
    Deno.test(`python cancel in an import ${what} (${name})`, async () => {
      await using client = await LinkClient.start(python);
      const folder = await Deno.makeTempDir({ prefix: "pyproxy-test-" });
      try {
        const { status } = await client.eval(SET_UP, { globs: { folder, files: FILES } });
        assertEquals(status, Status.VALUE);
        await run(client);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    });

  test("takes away the parts of a package that fails, and who knows of it", async (client) => {
    assertEquals((await stopped(client, "import parts")).status, Status.CANCELLED);
    const left = "import sys\n[name in sys.modules for name in " +
      "('parts', 'parts.fast', 'parts.slow', 'asker', 'plain')]";
    assertEquals((await client.eval(left)).value, [false, false, false, false, true]);
    const works = "import parts, asker\n" +
      "[parts.fast.value, parts.slow.value, parts.plain.value, asker.parts is parts]";
    assertEquals(await value(client, works), ["fast", "slow", 1, true]);
  });

  test("of a subpackage leaves the package as it was", async (client) => {
    await client.eval("import outer\nouter.mark = 1");
    assertEquals((await stopped(client, "import outer.inner")).status, Status.CANCELLED);
    const left = "import outer\n[outer.mark, hasattr(outer, 'inner'), outer.util.value]";
    assertEquals((await client.eval(left)).value, [1, false, "util"]);
    const works =
      "import outer.inner\n[outer.mark, outer.inner.first.value, outer.inner.last.value]";
    assertEquals(await value(client, works), [1, "first", "last"]);
  });

  test("is over at once, so that code may import again what it has caught", async (client) => {
    const code = "import stay\ntry:\n  import parts\nexcept KeyboardInterrupt:\n" +
      "  stay.is_over = True\n  import parts\n[parts.fast.value, parts.slow.value]";
    const { status, value } = await stopped(client, code);
    assertEquals([status, value], [Status.VALUE, ["fast", "slow"]]);
  });

  test("spares a package that goes on without its part", async (client) => {
    assertEquals((await stopped(client, "import brave\nbrave.slow")).value, null);
    const works = "import sys, brave, brave.fast as fast\n" +
      "[fast is brave.fast, sys.modules['brave.fast'] is fast, brave.slow]";
    assertEquals((await client.eval(works)).value, [true, true, null]);
  });

  test("waits for a package that has loaded a library", async (client) => {
    const { status } = await stopped(client, "import halves\nwhile True: pass");
    assertEquals(status, Status.CANCELLED);
    assertEquals((await client.eval("import sys\nsys.modules['halves'].value")).value, "whole");
  });

  test("hurts no import of another thread", async (client) => {
    const other = "import threading, stay\n" +
      "stay.go = threading.Event()\nstay.begun = threading.Event()\n" +
      "def load():\n  global quiet\n  import quiet\n" +
      "thread = threading.Thread(target=load)\n" +
      "import sys, os\n" +
      "with open(os.path.join(os.path.dirname(stay.__file__), 'quiet.py'), 'w') as file:\n" +
      "  file.write('import stay, plain\\nstay.begun.set()\\nstay.go.wait()\\nvalue = 1')\n" +
      "stay.thread = thread\n" +
      "now = stay.now\n" +
      "def start():\n  stay.now = now\n  thread.start()\n  stay.begun.wait()\n  now()\n" +
      "stay.now = start\nimport parts";
    assertEquals((await stopped(client, other)).status, Status.CANCELLED);
    const rest = "stay.go.set()\nstay.thread.join()\nimport sys\nsys.modules['quiet'].value";
    assertEquals(await value(client, rest), 1);
  });

  test("may come at any moment, and all modules work afterwards", async (client) => {
    const clear =
      "import sys\nroots = ('asyncio', 'email', 'json', 'decimal', 'parts', 'asker')\n" +
      "for name in [name for name in sys.modules if name.split('.')[0] in roots]:\n" +
      "  del sys.modules[name]";
    const imports = "import parts, json, email.message, decimal, asyncio";
    const works = `${imports}, asker, asyncio.base_events, email.policy\n` +
      "async def answer():\n  await asyncio.sleep(0)\n  return parts.fast.value\n" +
      "message = email.message.EmailMessage(email.policy.default)\nmessage['To'] = 'a@b.c'\n" +
      "[asyncio.run(answer()), json.loads('[1]'), message['to'], str(decimal.Decimal('1.0')),\n" +
      " asker.parts is parts]";
    const wanted = ["fast", [1], "a@b.c", "1.0", true];
    assertEquals(await value(client, works), wanted);
    let cancelled = 0;
    // After each of the milliseconds that the imports take, in no order.
    for (let i = 0; i < 40; i++) {
      await client.eval(clear);
      const job = client.send(imports);
      await client.until(() => client.started() === job, "the start", 1);
      await delay((i * 7) % 40);
      client.cancel(job);
      if ((await client.answer(job)).status === Status.CANCELLED) cancelled++;
      const answer = await client.eval(works);
      assertEquals(answer.value, wanted, `cancel ${i}`);
    }
    assert(cancelled > 5, `only ${cancelled} cancels came in time`);
  });
}
