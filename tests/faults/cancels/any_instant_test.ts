// Promise 21: a cancel at any instant leaves the process usable for everybody.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { CancelledError, connect, PythonError, type RemoteProcess } from "../../../mod.ts";
import { test, testServer } from "../../harness.ts";
import { count, randomNumbers, report } from "../scale.ts";

/** Imported anew each time: packages whose modules import one another, with names out of submodules. */
const MODULES = ["json", "asyncio", "email", "xml", "unittest", "concurrent", "logging", "html"];
const IMPORTS = "import json.tool, asyncio, email.mime.text, xml.dom.minidom, unittest.mock\n" +
  "import concurrent.futures.thread, logging.config, html.parser";

const KINDS: Record<string, string> = {
  imports: `import sys
for name in [*sys.modules]:
    if name.partition(".")[0] in ${JSON.stringify(MODULES)}: del sys.modules[name]
${IMPORTS}`,
  calls: "def f(n): return n if n < 2 else f(n - 1) + f(n - 2)\nf(22)",
  prints: "for n in range(5_000): print(n, 'x' * (n % 50))",
  partial: "for n in range(5_000): print(n, end=' ')",
  pickling:
    "import pickle\nfor _ in range(40): pickle.loads(pickle.dumps([{'n': n} for n in range(500)]))",
  results: "[{'n': n, 'text': str(n), 'parts': [n] * 5} for n in range(5_000)]",
  finalizers:
    "class C:\n  def __del__(self): self.gone = True\nfor _ in range(5_000):\n  c = C()\n  c.c = c",
  locks: "import threading\nlock = threading.Lock()\nfor _ in range(20_000):\n  with lock: pass",
  files:
    "import tempfile\nfor _ in range(30):\n  with tempfile.TemporaryFile('w+') as file:\n    file.write('x' * 10_000)",
  threads:
    "import threading\nfor _ in range(30):\n  thread = threading.Thread(target=sum, args=(range(100),))\n  thread.start()\n  thread.join()",
  numpy:
    "try:\n  import numpy\n  for _ in range(30): numpy.sort(numpy.arange(20_000)[::-1])\nexcept ImportError: pass",
};

/** Of everything something: it comes the same each time. */
const CANARY =
  `import asyncio, datetime, decimal, email.mime.text, json, unittest.mock, xml.dom.minidom
async def later(): return 6 * 7
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(1) as pool: powers = list(pool.map(pow, [2, 3], [3, 2]))
[2 + 2, asyncio.run(later()), json.loads(json.dumps({"a": [1, None]})), powers,
 str(decimal.Decimal("0.1") + 1), email.mime.text.MIMEText("text").get_payload(),
 xml.dom.minidom.parseString("<a b='c'/>").documentElement.getAttribute("b"),
 unittest.mock.Mock(return_value=5)(), datetime.date(2026, 1, 2).isoformat()]`;
const RIGHT = [4, 42, { a: [1, null] }, [8, 9], "1.1", "text", "c", 5, "2026-01-02"];

test("cancels and interrupts at any instant leave the process usable for everybody", async () => {
  const random = randomNumbers();
  await using server = await testServer({ numWorkers: 1 });
  await using mine = await connect(server.addr);
  await using another = await connect(server.addr);
  const pid = await another.eval("import os; os.getpid()");
  const names = Object.keys(KINDS);
  const longest: Record<string, number> = {};
  for (const name of names) longest[name] = await milliseconds(mine, KINDS[name]!);
  const how = { value: 0, cancelled: 0, interrupted: 0 };
  const cancels = count("cancelsAtAnyInstant");
  for (let i = 0; i < cancels; i++) {
    const name = names[Math.floor(random() * names.length)]!;
    const future = mine.eval(KINDS[name]!);
    await new Promise((resolve) => setTimeout(resolve, random() * (longest[name]! + 1)));
    if (random() < 0.5) future.cancel();
    else await mine.interrupt();
    const outcome = await future.waitNoExcept();
    if (outcome.ok) how.value++;
    else if (outcome.error instanceof CancelledError) how.cancelled++;
    else if (outcome.error instanceof PythonError) {
      // It, or what code of the standard library's made of it on its way out.
      assertStringIncludes(outcome.error.traceback, "KeyboardInterrupt");
      how.interrupted++;
    } else throw outcome.error;
    assertEquals(await another.eval("2 + 2"), 4, name);
    if (i % 10 === 9) assertEquals(await another.eval(CANARY), RIGHT, name);
  }
  assertEquals(await another.eval(IMPORTS), null);
  assertEquals(await another.eval(CANARY), RIGHT);
  assertEquals(await another.eval("import os; os.getpid()"), pid, "the process was replaced");
  report(import.meta.url, { cancels, ...how });
});

async function milliseconds(remote: RemoteProcess, code: string): Promise<number> {
  const since = performance.now();
  await remote.eval(code);
  return performance.now() - since;
}
