/** The text of a traceback is what `python3 file.py` prints, but for the file's name. */
import { assertEquals } from "@std/assert";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";

/** Each is a whole program. A number before it: it needs at least that minor version of Python. */
const PROGRAMS: (string | [number, string])[] = [
  // Where it was raised.
  "1/0",
  "raise ValueError",
  "raise ValueError()",
  "raise ValueError('')",
  "def f(x):\n    return 1 / x\n\ndef g():\n    f(0)\n\ng()",
  "[1, 2, 3][\n  10\n]",
  "x = [\n    1,\n    (lambda: 1/0)(),\n]",
  "sum(1/x for x in [1, 0])",
  "[y for x in [1] for y in x]",
  "class A:\n    b = 1/0",
  "def d(f): return 1/0\n@d\ndef g(): pass",
  "with open('/no/such/file') as f:\n    pass",
  "try:\n    1/0\nfinally:\n    x = 1",
  "def g():\n    yield 1\n    raise KeyError('k')\nlist(g())",
  "def f():\n    try:\n        1/0\n    except ZeroDivisionError:\n        raise\nf()",
  "if True:\n\tx = 1\n\ty = x + 'ä'",
  "ä = 'ü'; ß = ä['漢字']",
  "x = '漢字' + 1 + '漢字'",
  "def f(a, b): pass\nf(1, 2, *[3], c=4)",
  "x = None\nx.a.b.c(1)[2]",
  "a = {}\na['x']['y']['z']",
  "exec('1/0')",
  "eval('1 +\\n x')",
  "exec(compile('def f():\\n  1/0\\nf()', '/no/such.py', 'exec'))",
  "import json\njson.loads('{')",
  "import subprocess\nsubprocess.run(['false'], check=True)",
  "import asyncio\nasync def f():\n    await g()\nasync def g():\n    1/0\nasyncio.run(f())",
  "import contextlib\n@contextlib.contextmanager\ndef c():\n    yield\nwith c():\n    1/0",
  "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\nA()",
  "print('a', nope='x')",
  "import os\nos.write(999, b'x')",
  "int('x' * 100)",
  "x" + " + x".repeat(200),
  "assert 1 == 2, 'no'",
  "assert (1 ==\n  2)",
  "import functools\nfunctools.reduce(lambda a, b: a / b, [1, 0])",
  "sorted([1, 'a'])",
  "def f(): f()\nf()",
  "def f(n):\n    if n: f(n - 1)\n    1/0\nf(3)",
  "def f(n):\n    if n: f(n - 1)\n    1/0\nf(10)",
  "def f(n):\n    if n: f(n - 1)\n    1/0\ntry:\n    f(10)\nexcept Exception as e:\n    raise e",
  // What was raised.
  "raise GeneratorExit",
  "raise StopIteration(3)",
  "raise KeyboardInterrupt",
  "class E(BaseException): pass\nraise E(1, 2)",
  "raise Exception(1, 'two', [3])",
  "raise KeyError('a\\nb')",
  "raise OSError(2, 'No such thing', 'a.txt', None, 'b.txt')",
  "'é'.encode('ascii')",
  "b'\\xff'.decode()",
  "raise ValueError('\\udc80 \\ud800')",
  "'\\ud800'.encode()",
  "[0] * (1 << 62)",
  "raise 5",
  "raise int",
  "class A:\n    class E(Exception): pass\nraise A.E('x')",
  "def f():\n    class E(Exception): pass\n    return E\nraise f()('x')",
  "class E(Exception): __module__ = 'some.where'\nraise E('x')",
  "class E(Exception): __qualname__ = 'X.Y'\nraise E('x')",
  "class E(Exception):\n    def __repr__(self): 1/0\nraise E('x')",
  "class E(Exception):\n    def __repr__(self): 1/0\nraise KeyError(E('x'))",
  "class E(Exception):\n    def __getattr__(self, name): raise AttributeError(name)\nraise E('x')",
  "class E(Exception):\n    def __reduce__(self): 1/0\nraise E('x')",
  "class E(Exception):\n    def __eq__(self, other): 1/0\n    __hash__ = None\nraise E('x')",
  [11, "class E(Exception):\n    def __bool__(self): 1/0\nraise E('x')"],
  "class E(Exception):\n    args = property(lambda self: 1/0)\nraise E('x')",
  [11, "class E(Exception):\n    def __str__(self): return 'two\\nlines'\nraise E"],
  [11, "class E(Exception):\n    def __str__(self): 1/0\nraise E('x')"],
  [11, "class E(Exception):\n    def __str__(self): return 5\nraise E('x')"],
  // What came before it.
  "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise ValueError('bad') from e",
  "try:\n    1/0\nexcept ZeroDivisionError:\n    {}['k']",
  "try:\n    1/0\nexcept ZeroDivisionError:\n    raise KeyError('k') from None",
  "raise ValueError('cause') from TypeError('never raised')",
  "raise ValueError('cause') from TypeError",
  "try:\n    pint(3)\nexcept NameError as e:\n    raise ValueError from e",
  "import sys\ntry:\n    sys.pth\nexcept AttributeError:\n    pint(3)",
  "try:\n    try:\n        1/0\n    except Exception as e:\n        raise KeyError from e\n" +
  "except Exception:\n    raise ValueError",
  "try:\n    exec('x = = 1')\nexcept SyntaxError as e:\n    raise ValueError from e",
  "a, b = ValueError('a'), ValueError('b')\na.__cause__ = b\nb.__cause__ = a\nraise a",
  "a = ValueError('a')\na.__cause__ = a\nraise a",
  "a, b = ValueError('a'), ValueError('b')\na.__context__ = b\nb.__cause__ = a\nraise a",
  "def f(n):\n  try:\n    1/0\n  except Exception:\n    if n: f(n - 1)\n    raise KeyError(n)\nf(5)",
  "def f():\n  try:\n    f()\n  except RecursionError as e:\n    raise ValueError('deep') from None\nf()",
  // Of names.
  "pint(3)",
  "import sys\nsys.pth",
  "x = 1\nx.real.imagg",
  "def f():\n    print(valeu)\nvalue = 1\nf()",
  [12, "class A:\n    def __init__(self): self.blech = 1\n    def f(self): blech\nA().f()"],
  [12, "from json import lods"],
  [12, "json.loads('1')"],
  "import no_such_module",
  "from json import nothing_like_it",
  // Of syntax.
  "def f(:\n  pass",
  "'unfinished",
  "  x = 1\nif",
  "if True:\npass",
  "if True:\n    x = 1\n  y = 2",
  "if True:\n\tx = 1\n        y = 2",
  "return 3",
  "x = 1\ndef f(a, a): pass",
  "f(a=1, a=2)",
  "x = 5 = y",
  "print 'x'",
  "x = ‘a’",
  "f'{'",
  "f'{a b}'",
  [10, "x = '''\nnever\nclosed"],
  "break",
  "def f():\n    global x\n    x = 1\n    nonlocal y",
  "from __future__ import nope",
  "async def f(): pass\nawait f()",
  "a = 0777",
  "a = 1__0",
  "del f()",
  "x = {1: 2, 3}",
  "raise SyntaxError('mine')",
  "raise SyntaxError('mine', ('f.py', 3, 5, 'some text here', 3, 9))",
  "raise SyntaxError('mine', ('f.py', 3, 5, 'some text here'))",
  "raise IndentationError('mine', ('f.py', 3, 5, None))",
  "exec('x = = 1')",
  "compile('x = = 1', 'f.py', 'exec')",
  "import ast\nast.literal_eval('1 +')",
  "import ast\nast.literal_eval('f(')",
  [11, "x = (1,\n2"],
  // With notes, and in groups.
  "e = ValueError('x')\ne.__notes__ = ['note 1', 'note 2']\nraise e",
  [11, "e = ValueError('x')\ne.add_note('two\\nlines')\ne.add_note('')\nraise e"],
  [11, "e = ValueError('x')\ne.__notes__ = [1, None, 'x']\nraise e"],
  [11, "e = ValueError('x')\ne.__notes__ = 5\nraise e"],
  [11, "raise BaseExceptionGroup('group', [ValueError(1), KeyError('k')])"],
  [11, "raise ExceptionGroup('g', [ValueError(i) for i in range(20)])"],
  [11, "def f(n): return ExceptionGroup(str(n), [f(n - 1)]) if n else KeyError(1)\nraise f(14)"],
  [
    11,
    `def make(kind, value):
    try:
        raise kind(value)
    except Exception as e:
        e.add_note("note of " + value)
        return e
try:
    raise ExceptionGroup("first", [make(ValueError, "a"), make(KeyError, "b")])
except ExceptionGroup as group:
    try:
        1/0
    except ZeroDivisionError as e:
        raise ExceptionGroup("second", [e, ExceptionGroup("inner", [make(OSError, "c")])]) from group`,
  ],
  [11, "try:\n    raise ExceptionGroup('g', [OSError(1)])\nexcept* OSError as e:\n    raise"],
  [
    11,
    "import asyncio\nasync def f(): 1/0\nasync def g():\n  async with asyncio.TaskGroup() as t:\n" +
    "    t.create_task(f())\nasyncio.run(g())",
  ],
];

for (const { name, path: python } of interpreters()) {
  Deno.test(`python errors have the traceback that python itself prints (${name})`, async () => {
    await using client = await LinkClient.start(python);
    const minor = Number(name.split(".")[1]);
    const file = await Deno.makeTempFile({ suffix: ".py" });
    try {
      for (const entry of PROGRAMS) {
        const [needed, code] = typeof entry === "string" ? [9, entry] : entry;
        if (minor < needed) continue;
        const { status, value } = await client.eval(code);
        assertEquals(status, Status.PYTHON_ERROR, code);
        await Deno.writeTextFile(file, code);
        const command = new Deno.Command(python, { args: ["-I", "-S", file], stdin: "null" });
        const { stderr } = await command.output();
        const same = (text: string): string =>
          text.replaceAll(file, "FILE").replace(/<eval-\d+>/g, "FILE")
            // The depth at which user code begins is not the same.
            .replace(/repeated \d+ more/, "repeated N more");
        assertEquals(same(value.traceback), same(new TextDecoder().decode(stderr)), code);
      }
    } finally {
      await Deno.remove(file);
    }
  });
}
