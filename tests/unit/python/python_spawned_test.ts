/** Spawned processes and what an eval has made: the result, or at once an error that says what to do. */
import { assertEquals, assertMatch } from "@std/assert";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";

const SOURCE = `
import concurrent.futures, enum, functools, multiprocessing
def double(x):
    return 2 * x
class Point:
    def __init__(self, x=0):
        self.x = x
    def move(self, by):
        return self.x + by
@functools.lru_cache
def cached(x):
    return x
Suit = enum.Enum("Suit", "HEARTS SPADES")
`;

/** What is refused, and the name in the error. */
const IN_POOLS: [code: string, name: string][] = [
  ["pool.map(double, [1, 2])", "function double"],
  ["pool.map_async(double, [1, 2]).get()", "function double"],
  ["pool.apply(double, (1,))", "function double"],
  ["list(pool.imap(double, [1, 2]))", "function double"],
  ["list(pool.imap_unordered(double, [1, 2]))", "function double"],
  ["pool.starmap(double, [(1,), (2,)])", "function double"],
  ["pool.map(functools.partial(double), [1])", "function double"],
  ["pool.map(cached, [1])", "function cached"],
  ["pool.map(Point, [1])", "class Point"],
  ["pool.map(Point().move, [1])", "class Point"],
  ["pool.map(repr, [1, [Point()]])", "class Point"],
  ["pool.map(repr, [Suit.HEARTS])", "class Suit"],
];

const IN_EXECUTORS: [code: string, name: string][] = [
  ["executor.submit(double, 1).result()", "function double"],
  ["list(executor.map(double, [1, 2]))", "function double"],
  ["executor.submit(Point().move, 1).result()", "class Point"],
  ["executor.submit(repr, Point()).result()", "class Point"],
];

for (const { name, path: python } of interpreters()) {
  for (const method of ["spawn", "forkserver"]) {
    const test = (what: string, run: (client: LinkClient) => Promise<void>): void =>
      Deno.test(`python spawned processes ${what} (${method}, ${name})`, async () => {
        await using client = await LinkClient.start(python);
        await run(client);
      });
    const source = `${SOURCE}context = multiprocessing.get_context("${method}")\n`;

    const refuses = async (
      client: LinkClient,
      code: string,
      what: string,
      namespace?: string,
    ): Promise<void> => {
      const { answer } = await client.run(source + code, { namespace });
      assertEquals(answer.status, Status.PYTHON_ERROR, `${code}: ${answer.value}`);
      assertEquals(answer.value.type, "PicklingError", `${code}: ${answer.value.message}`);
      assertMatch(answer.value.message, new RegExp(`^Cannot send the ${what} to a spawned `));
      assertMatch(answer.value.message, /get_context\("fork"\)/);
    };

    test("of a pool take no functions and classes of an eval", async (client) => {
      // One pool for all: each of them starts a Python.
      const namespace = "pools";
      await client.run(`${source}pool = context.Pool(1)`, { namespace });
      for (const [code, what] of IN_POOLS) await refuses(client, code, what, namespace);
      const { answer } = await client.run(
        "lengths = pool.map(len, ['a'])\npool.close()\npool.join()\nlengths",
        { namespace },
      );
      assertEquals(answer.value, [1]);
      await refuses(
        client,
        "context.Pool(1, initializer=double, initargs=(1,))",
        "function double",
      );
    });

    test("of a pool take the next task after one that was refused", async (client) => {
      const { answer } = await client.run(`${source}
pool = context.Pool(1)
refused = []
pool.apply_async(double, (1,), error_callback=lambda error: refused.append(str(error))).wait()
lengths = pool.map(len, ["a", "bc"])
pool.close()
pool.join()
len(refused), lengths`);
      assertEquals(answer.value, [1, [1, 2]]);
    });

    test("are not started for a function or class of an eval", async (client) => {
      await refuses(client, "context.Process(target=double, args=(1,)).start()", "function double");
      await refuses(
        client,
        "context.Process(target=print, args=(Point(),)).start()",
        "class Point",
      );
      const { answer } = await client.run(`${source}
process = context.Process(target=print, args=("hello",))
process.start()
process.join()
process.exitcode`);
      assertEquals(answer.value, 0);
    });

    test("of an executor take no functions and classes of an eval", async (client) => {
      const namespace = "executors";
      const opened = `executor = concurrent.futures.ProcessPoolExecutor(1, mp_context=context)`;
      await client.run(source + opened, { namespace });
      for (const [code, what] of IN_EXECUTORS) await refuses(client, code, what, namespace);
      const { answer } = await client.run(
        `refused = executor.submit(repr, Point())
power = executor.submit(pow, 2, exp=5)
results = type(refused.exception()).__name__, power.result(), list(executor.map(abs, [-1]))
executor.shutdown()
results`,
        { namespace },
      );
      assertEquals(answer.value, ["PicklingError", 32, [1]]);
    });

    test("look for no file that an eval only names", async (client) => {
      const { answer } = await client.run(`${source}
__file__ = "/nowhere/script.py"
with context.Pool(1) as pool:
    roots = pool.map(abs, [-1])
roots`);
      assertEquals(answer.value, [1]);
      await refuses(
        client,
        "__file__ = functools.__file__\nwith context.Pool(1) as pool:\n    pool.map(double, [1])",
        "function double",
      );
    });
  }

  Deno.test(`python spawned processes import a script that is on this machine (${name})`, async () => {
    await using client = await LinkClient.start(python);
    const run = (shown: string) =>
      client.run(`
import linecache, multiprocessing, os, tempfile
source = "def double(x):\\n    return 2 * x\\n"
with tempfile.TemporaryDirectory() as folder:
    __file__ = os.path.join(folder, "script.py")
    with open(__file__, "w") as file:
        file.write(source)
    lines = ("${shown}" + source).splitlines(True)
    linecache.cache[__file__] = len(source), None, lines, __file__
    exec(compile(source, __file__, "exec"))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        doubled = pool.map(double, [1, 2])
doubled`);
    assertEquals((await run("")).answer.value, [2, 4]);
    // A script of the same path, but another one.
    assertMatch((await run("import os\\n")).answer.value.message, /^Cannot send the function /);
  });

  Deno.test(`python spawned processes leave alone what forks beside them (${name})`, async () => {
    await using client = await LinkClient.start(python);
    const { answer } = await client.run(`${SOURCE}
fork, spawn = map(multiprocessing.get_context, ("fork", "spawn"))
with fork.Pool(1) as forked, spawn.Pool(1) as spawned:
    both = forked.map(double, [1]), spawned.map(abs, [-1])
with concurrent.futures.ProcessPoolExecutor(1, mp_context=fork) as executor:
    third = executor.submit(double, 4).result()
process = fork.Process(target=lambda: None)
process.start()
process.join()
both, third, process.exitcode`);
    assertEquals(answer.value, [[[2], [1]], 8, 0]);
  });

  Deno.test(`python spawned processes are refused the same by a second import (${name})`, async () => {
    await using client = await LinkClient.start(python);
    const { answer } = await client.run(`
import sys
import multiprocessing.pool
for name in [name for name in sys.modules if name.startswith("multiprocessing")]:
    del sys.modules[name]
${SOURCE}
multiprocessing.get_context("spawn").Process(target=double).start()`);
    assertMatch(answer.value.message, /^Cannot send the function double /);
  });
}
