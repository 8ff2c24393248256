// Code runs as Python runs it, and shows itself to code that looks.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { PythonError } from "../../mod.ts";
import { all, shareServer, test, testRemote } from "../harness.ts";

shareServer();

test("eval() runs code that is indented as a whole", async () => {
  await using own = await testRemote();
  const cases: [string, unknown][] = [
    ["\n    x = 1\n    if x:\n      x += 1\n    x\n  ", 2],
    ["\n\tx = 1\n\tx + 1\n", 2],
    ["# a comment\n    x = 1\n    x", 1],
    ["    1 + 1", 2],
    ["    text = '''a\n  b\n    c'''\n    text", "a\n  b\n    c"],
    ["    from __future__ import annotations\n    def f(x: unknown): pass\n    f.__annotations__", {
      x: "unknown",
    }],
  ];
  for (const [code, value] of cases) assertEquals(await own.remote.eval(code), value, code);
});

test("errors in indented code have the lines and columns of the original text", async () => {
  await using own = await testRemote();
  const failed = await assertRejects(
    async () => await own.remote.eval("\n    x = 1\n    x / 0\n"),
    PythonError,
  );
  assertEquals([failed.frames[0]?.line, failed.frames[0]?.source], [3, "x / 0"]);
  const broken = await assertRejects(
    async () => await own.remote.eval("\n    x = 1\n    x = = 2\n"),
    PythonError,
  );
  assertEquals([broken.syntax?.line, broken.syntax?.column], [3, 9]);
});

test("eval() refuses code that is only partly indented", async () => {
  await using own = await testRemote();
  for (const code of ["  x = 1\ny = 2", "  x = 1\nelse:\n  y = 2", "x = 1\n  y = 2"]) {
    const error = await assertRejects(async () => await own.remote.eval(code), PythonError);
    assertEquals(error.type, "IndentationError", code);
  }
});

test("eval() ignores a byte order mark before the code", async () => {
  await using own = await testRemote();
  assertEquals(await own.remote.eval("\ufefftotal = 20 + 1\ntotal * 2"), 42);
});

test("eval() runs programs as deep as Python compiles", async () => {
  await using own = await testRemote();
  const sum = Array(1500).fill("x").join(" + ");
  const elifs = Array.from({ length: 1500 }, (_, i) => `elif x == ${i}: r = ${i}\n`).join("");
  const cases: [string, unknown][] = [
    [`x = 1\n${sum}`, 1500],
    [`x = 1; y = 2; ${sum}; y`, 2],
    [`x = 1\nif x: y = ${sum}; z = 3\n`, null],
    [`x = 5\nif x < 0: r = 0\n${elifs}r  # the end`, 5],
    [`x = 'a'\nx${".strip()".repeat(800)}`, "a"],
    [`x = 1\n(${sum},\n 2)[1]`, 2],
  ];
  for (const [code, value] of cases) assertEquals(await own.remote.eval(code), value);
});

test("a traceback shows the lines of a kept function, even after many more evals", async () => {
  await using own = await testRemote();
  const namespace = "n";
  await own.remote.eval("def halve(x):\n    return x / (x - x)", { namespace });
  await Promise.all(Array.from({ length: 600 }, (_, i) => own.remote.eval(`${i} + 1`)));
  const error = await assertRejects(
    async () => await own.remote.eval("halve(3)", { namespace }),
    PythonError,
  );
  assertStringIncludes(error.traceback, "return x / (x - x)");
  const source = await own.remote.eval("import inspect\ninspect.getsource(halve)", { namespace });
  assertEquals(source, "def halve(x):\n    return x / (x - x)\n");
});

test("Python shows source lines in warnings, threads, finalizers, excepthook and inspect", async () => {
  await using own = await testRemote();
  const shown: [string, string][] = [
    ["x = 3\nif x is 3: pass", "if x is 3: pass"],
    [
      "import threading\ndef f():\n  raise ValueError\nt = threading.Thread(target=f)\nt.start()\nt.join()",
      "raise ValueError",
    ],
    ["class C:\n  def __del__(self):\n    raise ValueError\nC()\n1", "raise ValueError"],
    [
      "import sys\ntry:\n  raise ValueError\nexcept ValueError:\n  sys.excepthook(*sys.exc_info())",
      "raise ValueError",
    ],
  ];
  for (const [code, line] of shown) {
    const lines = await all(own.remote.eval(code).output());
    assert(lines.some((item) => item.line.trim() === line), JSON.stringify(lines));
  }
  for (const body of ["    x = 1\n", "    def m(self):\n        return 1\n"]) {
    const code = `import inspect\nclass Point:\n${body}\ninspect.getsource(Point)`;
    assertEquals(await own.remote.eval(code), `class Point:\n${body}`);
  }
  const odd = `
import inspect
class Kind(type):
    @property
    def __module__(cls):
        raise AttributeError
class Point(metaclass=Kind):
    pass
inspect.getsource(Point)`;
  const error = await assertRejects(async () => await own.remote.eval(odd), PythonError);
  assertEquals(error.type, "TypeError");
});

test("code that looks at its stack sees only its own frames", async () => {
  await using own = await testRemote();
  const looks = [
    "import inspect\ndef f(): return [frame.function for frame in inspect.stack()]\nf()",
    "import traceback\ndef f(): return [frame.name for frame in traceback.extract_stack()][::-1]\nf()",
    "import sys\ndef f():\n  names, frame = [], sys._getframe()\n  while frame:\n    names.append(frame.f_code.co_name)\n    frame = frame.f_back\n  return names\nf()",
  ];
  for (const code of looks) assertEquals(await own.remote.eval(code), ["f", "<module>"], code);
  const deep =
    "import sys\ntry:\n  sys._getframe(1)\nexcept ValueError as error:\n  r = str(error)\nr";
  assertEquals(await own.remote.eval(deep), "call stack is not deep enough");
  const warned = (level: number) =>
    own.remote.eval<string>(
      `import warnings\nwith warnings.catch_warnings(record=True) as w:\n  warnings.simplefilter('always')\n  def f(): warnings.warn('x', stacklevel=${level})\n  f()\nw[0].filename`,
    );
  assert((await warned(1)).startsWith("<eval-"));
  assert((await warned(2)).startsWith("<eval-"));
  assertEquals((await warned(3)).replaceAll(/[<>]/g, ""), "sys");
  const dumped = await own.remote.eval<string>(
    "import faulthandler, tempfile\nwith tempfile.TemporaryFile() as file:\n  faulthandler.dump_traceback(file)\n  file.seek(0)\n  text = file.read().decode()\ntext",
  );
  assertEquals([...dumped.matchAll(/File "(<eval)?/g)].map((match) => match[1]), ["<eval"]);
  const current = "import sys\n[frame.f_code.co_name for frame in sys._current_frames().values()]";
  assertEquals(await own.remote.eval(current), ["<module>"]);
});

test("code that traces or profiles itself gets only its own frames", async () => {
  await using own = await testRemote();
  for (const kind of ["trace", "profile"]) {
    const code = `
import sys
seen = []
def note(frame, event, arg):
    seen.append((frame.f_code.co_filename, frame.f_code.co_name))
    return note
def work():
    print("traced")
sys.set${kind}(note)
work()
is_kept = sys.get${kind}() is note
sys.set${kind}(None)
files = {file for file, _ in seen} - {work.__code__.co_filename}
is_kept, sys.get${kind}() is None, files, {name for _, name in seen}`;
    assertEquals(await own.remote.eval(code), [true, true, new Set(), new Set(["work"])]);
  }
});

test("print() writes to where descriptors 1 and 2 point", async () => {
  await using own = await testRemote();
  const future = own.remote.eval(`
import os, sys, tempfile
target = tempfile.TemporaryFile()
print("before")
for fd, stream in ((1, sys.stdout), (2, sys.stderr)):
    kept = os.dup(fd)
    os.dup2(target.fileno(), fd)
    print("into", fd, file=stream)
    stream.flush()
    stream.buffer.write(b"bytes\\n")
    os.dup2(kept, fd)
    os.close(kept)
print("after")
target.seek(0)
target.read().decode()`);
  const lines = (await all(future.output())).map(({ line }) => line);
  assertEquals([lines, await future], [["before", "after"], "into 1\nbytes\ninto 2\nbytes\n"]);
  assertEquals((await all(own.remote.eval("print('next')").output())).length, 1);
});

test("print() follows a descriptor that was closed and opened again by any function", async () => {
  await using own = await testRemote();
  const closes = [
    "os.closerange(1, 2)",
    "posix.close(1)",
    "open(1, 'w').close()",
    "ctypes.CDLL(None).close(1)",
  ];
  for (const close of closes) {
    const code = `
import ctypes, os, posix, tempfile
path = tempfile.mktemp()
${close}
assert os.open(path, os.O_WRONLY | os.O_CREAT) == 1
print("into the file")
open(path).read()`;
    const future = own.remote.eval(code);
    assertEquals([await future, await all(future.output())], ["into the file\n", []], close);
  }
});

test("Python's open() takes paths of classes with their own __eq__", async () => {
  await using own = await testRemote();
  const code = `
import os
class Odd(str):
    def __eq__(self, other): raise LookupError("compared")
    __hash__ = str.__hash__
open(Odd(os.devnull)).read()`;
  assertEquals(await own.remote.eval(code), "");
});

test("wrapped functions of Python can be class attributes, and can be pickled", async () => {
  await using own = await testRemote();
  const code = `
import gc, os, pickle, signal, sys, threading, warnings
class Kept:
    close = os.close
    collect = gc.collect
    getframe = sys._getframe
    raise_signal = signal.raise_signal
    warn = warnings.warn
read, write = os.pipe()
Kept().close(read)
Kept().close(write)
Kept().getframe(0)
Kept().collect()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    Kept().warn("kept")
functions = [os.close, os.write, signal.raise_signal, gc.collect, sys._getframe, threading.excepthook, sys.excepthook, os._exit]
[[caught[0].filename, caught[0].lineno], [pickle.loads(pickle.dumps(f)) is f for f in functions]]`;
  const [[file, line], same] = await own.remote.eval<[[string, number], boolean[]]>(code);
  assertEquals([file.startsWith("<eval-"), line], [true, 16]);
  assertEquals(same, Array(8).fill(true));
});
