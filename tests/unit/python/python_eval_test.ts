/** How the python process evaluates: SPEC 2.2. */
import { assertEquals, assertMatch } from "@std/assert";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python eval ${what} (${name})`, run);

  test("gives the value of an expression, or of a last one, else None", async () => {
    await using client = await LinkClient.start(python);
    const cases: [string, unknown][] = [
      ["2 + 2", 4],
      ["  2 + 2", 4],
      ["\t2 + 2 ", 4],
      ["\n2 + 2\n", 4],
      ["# two\n2 + 2  # more", 4],
      ["(2 +\n2)", 4],
      ["2 + 2;", 4],
      ["x = 3", null],
      ["x = 3\nx", 3],
      ["x = 3; x", 3],
      ["x = 3\nx\n# end", 3],
      ["for i in range(3): pass", null],
      ["def f(): return 5\nf()", 5],
      ["if True:\n  7", null],
      ["'doc'", "doc"],
      ["'doc'\n__doc__", "doc"],
      ["", null],
      ["# nothing", null],
      ["lambda: 0\n1", 1],
      ["from __future__ import annotations\ndef f(x: unknown): pass\nf.__annotations__", {
        x: "unknown",
      }],
      ["(n := 10)\nn", 10],
      ["[i for i in range(3)]", [0, 1, 2]],
    ];
    for (const [code, value] of cases) {
      assertEquals((await client.eval(code)).value, value, code);
    }
  });

  test("has one namespace where globs are left out", async () => {
    await using client = await LinkClient.start(python);
    const locs = { a: 1, b: [1, 2] };
    assertEquals((await client.eval("[a + x for x in b]", { locs })).value, [2, 3]);
    assertEquals((await client.eval("(lambda: a)()", { locs })).value, 1);
    assertEquals((await client.eval("def f(): return a\nf()", { locs })).value, 1);
    assertEquals((await client.eval("globals() is locals()", { locs })).value, true);
    assertEquals((await client.eval("a")).value.type, "NameError");
  });

  test("is exactly eval(code, globs, locs) where they are given", async () => {
    await using client = await LinkClient.start(python);
    const both = { globs: { a: 1, c: 5 }, locs: { a: 2, b: 3 } };
    assertEquals((await client.eval("(a, b, c)", both)).value, [2, 3, 5]);
    assertEquals((await client.eval("(lambda: a)()", both)).value, 1);
    assertEquals((await client.eval("(lambda: b)()", both)).value.type, "NameError");
    assertEquals(
      (await client.eval("x = 1\n('x' in locals(), 'x' in globals())", both)).value,
      [true, false],
    );
    const alone = { globs: { a: 1 } };
    assertEquals((await client.eval("x = a\n(x, globals() is locals())", alone)).value, [1, true]);
    const bare = { globs: { __builtins__: {} } };
    assertEquals((await client.eval("len", bare)).value.type, "NameError");
  });

  test("keeps namespaces by session and name until they are forgotten", async () => {
    await using client = await LinkClient.start(python);
    const a = { namespace: "a" };
    await client.eval("x = 1\ndef f(): return x + y", a);
    assertEquals((await client.eval("f()", { ...a, locs: { y: 4 } })).value, 5);
    assertEquals((await client.eval("y", a)).value, 4);
    assertEquals(
      (await client.eval("__name__ + str(__import__('__main__').y)", a)).value,
      "__main__4",
    );
    for (const other of [{}, { namespace: "b" }, { ...a, session: 2 }]) {
      assertEquals((await client.eval("x", other)).value.type, "NameError");
    }
    await client.eval("x = 2", { ...a, session: 2 });
    await client.answer(client.sendForget(1));
    assertEquals((await client.eval("x", a)).value.type, "NameError");
    assertEquals((await client.eval("x", { ...a, session: 2 })).value, 2);
  });

  test("is __main__ to dataclasses, pickle and typing, and to nobody else", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`
import dataclasses, pickle, sys, typing
@dataclasses.dataclass
class Point:
    x: int
    next: "typing.Optional[Point]" = None
point = pickle.loads(pickle.dumps(Point(1, Point(2))))
(point == Point(1, Point(2)), typing.get_type_hints(Point)["next"] == typing.Optional[Point],
 sys.modules["__main__"].Point is Point, Point.__module__)
`);
    assertEquals(value, [true, true, true, "__main__"]);
    assertEquals((await client.eval("'Point' in vars(__import__('__main__'))")).value, false);
  });

  test("leaks nothing into the next, and compiles code that comes again once", async () => {
    await using client = await LinkClient.start(python);
    const code = "import sys\nx = len(globals())\n(x, sys._getframe().f_code.co_filename)";
    const first = (await client.eval(code)).value;
    await client.eval("leaked = 1");
    assertEquals((await client.eval(code)).value, first);
    assertMatch(first[1], /^<eval-\d+>$/);
  });

  test("shows lines in what code prints of its own errors", async () => {
    await using client = await LinkClient.start(python);
    const { text } = await client.run(`
import traceback
def f(n):
    raise ValueError(n)
try:
    f(1)
except ValueError:
    traceback.print_exc()
`);
    assertMatch(text, /File "<eval-1>", line 6, in <module>\n {4}f\(1\)\n/);
    assertMatch(text, /File "<eval-1>", line 4, in f\n {4}raise ValueError\(n\)\nValueError: 1\n$/);
  });

  test("keeps its memory of sources bounded", async () => {
    await using client = await LinkClient.start(python);
    for (let i = 0; i < 700; i++) client.send(`${i}`);
    const big = Array.from(
      { length: 6 },
      (_, i) => client.send(`'${"x".repeat(1 << 20)}' and ${i}`),
    );
    assertEquals((await client.answer(big[5]!)).value, 5);
    const { value } = await client.eval(
      "import linecache\n[k for k in linecache.cache if k.startswith('<eval-')].__len__()",
    );
    assertEquals(value <= 5, true, `${value}`);
  });

  test("works with deep recursion, sys.exit and exit, which are errors", async () => {
    await using client = await LinkClient.start(python);
    const cases: [string, string][] = [
      ["def f(): f()\nf()", "RecursionError"],
      [
        "import sys\nsys.setrecursionlimit(100_000)\ndef f(n): n and f(n - 1)\nf(3_000)\n1/0",
        "ZeroDivisionError",
      ],
      ["def f(n):\n  print(n)\n  f(n + 1)\nf(0)", "RecursionError"],
      ["import sys; sys.exit(3)", "SystemExit"],
      ["exit()", "SystemExit"],
      ["raise GeneratorExit", "GeneratorExit"],
      ["class B(BaseException): pass\nraise B", "B"],
      [`${"(".repeat(2000)}1${")".repeat(2000)}`, ""],
      ["1\0", ""],
    ];
    for (const [code, type] of cases) {
      const { status, value } = await client.eval(code);
      assertEquals(status, Status.PYTHON_ERROR, code);
      if (type !== "") assertEquals(value.type, type, code);
      assertEquals((await client.eval("2 + 2")).value, 4);
    }
  });

  test("takes a child that C has forked for none of its own", async () => {
    await using client = await LinkClient.start(python);
    const { value: pid } = await client.eval("import os; os.getpid()");
    const fork = "import ctypes, os\nchild = ctypes.CDLL(None).fork()\n";
    const { value } = await client.eval(`${fork}if child: os.waitpid(child, 0)\nos.getpid()`);
    assertEquals(value, pid);
    assertEquals((await client.eval("import os; os.getpid()")).value, pid);
  });

  // If another thread has the interpreter's lock as C forks, nobody ever gives it up in the child.
  test("has no thread of its own where user code is about to let C fork", async () => {
    await using client = await LinkClient.start(python);
    const threads = "len(os.listdir('/proc/self/task'))";
    const code = `import ctypes, os
print("a thread waits to send more of it")
before = ${threads}
fork = ctypes.CDLL(None).fork
[before, ${threads}]`;
    assertEquals((await client.eval(code)).value, [2, 1]);
    const { text } = await client.run("print('and there is one again')");
    assertEquals(text, "and there is one again\n");
  });
}
