// What code means: SPEC 2.2.
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { EncodeError, NamespaceGoneError, PythonError, RemoteProcessDiedError } from "../../mod.ts";
import { all, shareServer, test, testRemote } from "../harness.ts";

shareServer();

test("eval() returns the value of an expression", async () => {
  await using own = await testRemote();
  assertEquals(await own.remote.eval("2 + 2"), 4);
  assertEquals(await own.remote.eval("  2 + 2"), 4);
  assertEquals(await own.remote.eval("(1,\n 2)"), [1, 2]);
});

test("eval() runs statements and returns the value of a last expression, else null", async () => {
  await using own = await testRemote();
  assertEquals(await own.remote.eval("x = 20\nx + 1"), 21);
  assertEquals(await own.remote.eval("x = 20"), null);
  assertEquals(await own.remote.eval("for i in range(3): pass"), null);
  assertEquals(await own.remote.eval("def f(a):\n  return a * 2\nf(4)"), 8);
  assertEquals(await own.remote.eval(""), null);
  assertEquals(await own.remote.eval("# nothing"), null);
});

test("functions, lambdas and comprehensions see the locs", async () => {
  await using own = await testRemote();
  const locs = { x: 10 };
  assertEquals(await own.remote.eval("[x + i for i in range(3)]", { locs }), [10, 11, 12]);
  assertEquals(await own.remote.eval("(lambda: x)()", { locs }), 10);
  assertEquals(await own.remote.eval("def f(): return x\nf()", { locs }), 10);
  assertEquals(await own.remote.eval("import math\ndef f(): return math.floor(2.5)\nf()"), 2);
});

test("eval() normalizes names in locs and globs as Python's parser does", async () => {
  await using own = await testRemote();
  // The micro sign, a ligature, full-width letters, a combining accent.
  for (const name of ["\u00b5", "o\ufb03ce", "\uff41\uff42", "e\u0301"]) {
    for (const options of [{ locs: { [name]: 41 } }, { globs: { [name]: 41 } }]) {
      assertEquals(await own.remote.eval(`${name} + 1`, options), 42);
    }
  }
  const namespace = "names";
  await own.remote.eval("\u00b5 = 5", { namespace });
  assertEquals(await own.remote.eval("\u00b5", { namespace, locs: { "\u00b5": 6 } }), 6);
});

test("eval() refuses two names that Python's parser makes the same, and the session goes on", async () => {
  await using own = await testRemote();
  const locs = { "\u00b5": 1, "\u03bc": 2 };
  const error = await assertRejects(async () => await own.remote.eval("1", { locs }), EncodeError);
  assertEquals(error.path, "locs.\u03bc");
  assertStringIncludes(error.message, String.raw`'\xb5' and '\u03bc' are one name`);
  assertEquals(await own.remote.eval("1 + 1"), 2);
});

test("eval() of code that replaces its process fails with that reason, and without a signal", async () => {
  await using own = await testRemote();
  const code = "import os; os.execvp('sh', ['sh', '-c', 'sleep 60'])";
  const error = await assertRejects(
    async () => await own.remote.eval(code),
    RemoteProcessDiedError,
    "replaced its python process with another program (os.exec)",
  );
  assertEquals([error.exitCode, error.signal], [undefined, undefined]);
  // One that a forked child becomes is its own affair, and one that there is not leaves all as it was.
  const forks = `
import os
if os.fork() == 0: os.execvp("true", ["true"])
try: os.execvp("no-such-program", ["no-such-program"])
except OSError: os._exit(7)`;
  const died = await assertRejects(
    async () => await own.remote.eval(forks),
    RemoteProcessDiedError,
  );
  assertEquals(died.exitCode, 7);
  assertEquals(await own.remote.eval("1 + 1"), 2);
});

test("eval() with globs is exactly the builtin's eval(code, globs, locs)", async () => {
  await using own = await testRemote();
  const both = { locs: { a: 1 }, globs: { a: 2, b: 3 } };
  assertEquals(await own.remote.eval("(a, b)", both), [1, 3]);
  // A function sees the globals alone, as with the builtin.
  assertEquals(await own.remote.eval("(lambda: a)()", both), 2);
  const error = await assertRejects(
    async () => await own.remote.eval("(lambda: c)()", { locs: { c: 1 }, globs: {} }),
    PythonError,
  );
  assertEquals(error.type, "NameError");
});

test("eval() leaks nothing from one eval to the next", async () => {
  await using own = await testRemote();
  await own.remote.eval("leak = 1; import json", { locs: { other: 2 } });
  for (const name of ["leak", "other", "json"]) {
    const error = await assertRejects(async () => await own.remote.eval(name), PythonError);
    assertEquals(error.type, "NameError");
  }
});

test("eval() keeps state in a namespace, if the call asks for it", async () => {
  await using own = await testRemote();
  const namespace = "notebook";
  await own.remote.eval("import math; x = 20", { namespace });
  assertEquals(await own.remote.eval("math.floor(x + y)", { namespace, locs: { y: 1.5 } }), 21);
  assertEquals(await own.remote.eval("y", { namespace }), 1.5);
  assertEquals(await own.remote.eval("'x' in globals()"), false);
  assertEquals(await own.remote.eval("'x' in globals()", { namespace: "another" }), false);
  assertThrows(
    () => own.remote.eval("1", { namespace, globs: {} }),
    TypeError,
    "'globs' cannot be given with 'namespace'",
  );
});

test("a namespace that died with its process fails one eval, then starts empty", async () => {
  await using own = await testRemote();
  const namespace = "n";
  await own.remote.eval("x = 1", { namespace });
  await assertRejects(
    async () => await own.remote.eval("import os; os._exit(3)"),
    RemoteProcessDiedError,
  );
  const gone = await assertRejects(
    async () => await own.remote.eval("x", { namespace }),
    NamespaceGoneError,
    `"n" was lost`,
  );
  assertEquals(gone.namespace, namespace);
  assertEquals(await own.remote.eval("'x' in globals()", { namespace }), false);
});

test("eval() runs as __main__: dataclasses, pickle and multiprocessing work", async () => {
  await using own = await testRemote();
  const code = `
import sys, pickle, dataclasses
@dataclasses.dataclass
class Point:
    x: int
    y: int
p = pickle.loads(pickle.dumps(Point(1, 2)))
(__name__, sys.modules["__main__"].Point is Point, p.x, p.y, p == Point(1, 2))`;
  assertEquals(await own.remote.eval(code), ["__main__", true, 1, 2, true]);
  const parallel = `
import multiprocessing
def double(x): return x * 2
with multiprocessing.get_context("fork").Pool(2) as pool:
    result = pool.map(double, [1, 2, 3])
result`;
  assertEquals(await own.remote.eval(parallel), [2, 4, 6]);
});

test("eval() runs on Python's main thread", async () => {
  await using own = await testRemote();
  const code = "import threading; threading.current_thread() is threading.main_thread()";
  assertEquals(await own.remote.eval(code), true);
});

test("evals of one session run in the order of the calls", async () => {
  await using own = await testRemote();
  const namespace = "order";
  await own.remote.eval("seen = []", { namespace });
  const futures = Array.from(
    { length: 200 },
    (_, i) => own.remote.eval("seen.append(i)", { namespace, locs: { i } }),
  );
  await Promise.all(futures);
  assertEquals(
    await own.remote.eval("seen", { namespace }),
    Array.from({ length: 200 }, (_, i) => i),
  );
});

test("evals of several sessions run in several processes at the same time", async () => {
  await using a = await testRemote();
  await using b = await testRemote();
  // Each waits for the other's file: one after the other, the first would never end.
  const code = `
import pathlib, tempfile, time
folder = pathlib.Path(tempfile.gettempdir())
(folder / mine).touch()
while not (folder / other).exists(): time.sleep(0.005)
time.sleep(0.05)
(folder / mine).unlink()
True`;
  const one = `pyproxy-test-${crypto.randomUUID()}`;
  const two = `pyproxy-test-${crypto.randomUUID()}`;
  const futures = [
    a.remote.eval(code, { locs: { mine: one, other: two } }),
    b.remote.eval(code, { locs: { mine: two, other: one } }),
  ];
  assertEquals(await Promise.all(futures), [true, true]);
});

test("eval() throws TypeError when an option is unknown or has the wrong type", async () => {
  await using own = await testRemote();
  const evaluate = (options: unknown) => () => own.remote.eval("1", options as object);
  assertThrows(evaluate({ locals: {} }), TypeError, "there is no option 'locals'");
  assertThrows(evaluate({ timeout: -1 }), TypeError, "'timeout' must be milliseconds");
  assertThrows(evaluate({ timeout: Infinity }), TypeError, "'timeout' must be milliseconds");
  assertThrows(evaluate({ namespace: "" }), TypeError, "'namespace' must be a string");
  assertThrows(evaluate({ signal: "x" }), TypeError, "'signal' must be an AbortSignal");
  assertThrows(evaluate([]), TypeError, "the options must be an object, got an Array");
  assertEquals(await own.remote.eval("'still works'"), "still works");
});

test("the session survives what code does to its process", async () => {
  await using own = await testRemote();
  const pid = await own.remote.eval("import os; os.getpid()");
  const codes = [
    "import os; os.close(1)",
    "import os; os.close(2)",
    "import os; os.close(0)",
    "import os; d = os.open(os.devnull, os.O_WRONLY); os.dup2(d, 1)",
    "import sys; sys.stdout = None",
    "import sys; sys.stdout.close()",
    "import sys; sys.stderr = open('/dev/null', 'w')",
    "import sys; sys.stdin.close()",
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)",
  ];
  for (const code of codes) {
    await own.remote.eval(code);
    const future = own.remote.eval("print('here')");
    assertEquals((await all(future.output())).map(({ line }) => line), ["here"], code);
  }
  assertEquals(await own.remote.eval("import os; os.getpid()"), pid);
});

test("an eval finds the standard descriptors in place, right after one that moved them", async () => {
  await using own = await testRemote();
  const moves = [
    "import os; os.close(1)",
    "import os; os.dup2(os.open(os.devnull, os.O_WRONLY), 1)",
    "import os; os.closerange(0, 3)",
    "open(1, 'w').close()",
    "import os; os.fdopen(1, 'w').close()",
    "import ctypes, os\nctypes.CDLL(None).dup2(os.open(os.devnull, os.O_WRONLY), 1)",
    "import sys; sys.setrecursionlimit(80)",
    "import sys; sys.settrace(lambda *event: 1 / 0)",
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)",
  ];
  const looks = "import os, signal, subprocess, sys\nos.write(1, b'raw\\n')\nprint('printed')\n" +
    "subprocess.run(['echo', 'child'])\n" +
    "[sys.stdin.read(), sys.getrecursionlimit(), sys.gettrace(), callable(signal.getsignal(signal.SIGINT))]";
  const limit = await own.remote.eval("import sys; sys.getrecursionlimit()");
  for (const code of moves) {
    // Sent at once, so that they are handed over together.
    const futures = ["1", code, looks, "1", code, looks].map((each) => own.remote.eval(each));
    for (const at of [2, 5]) {
      const lines = (await all(futures[at]!.output())).map(({ line }) => line);
      assertEquals(lines, ["raw", "printed", "child"], code);
      assertEquals(await futures[at], ["", limit, null, true], code);
    }
    await Promise.allSettled(futures);
  }
});

test("a forked child that returns from the code does not answer for its parent", async () => {
  await using own = await testRemote();
  const pid = await own.remote.eval("import os; os.getpid()");
  const code = "import os\nchild = os.fork()\nif child: os.waitpid(child, 0)\nos.getpid()";
  assertEquals(await own.remote.eval(code), pid);
  assertEquals(await own.remote.eval("import os; os.getpid()"), pid);
});

test("deep recursion raises RecursionError, and the process goes on", async () => {
  await using own = await testRemote();
  const error = await assertRejects(
    async () => await own.remote.eval("def f(): return f()\nf()"),
    PythonError,
  );
  assertEquals(error.type, "RecursionError");
  assertEquals(await own.remote.eval("1"), 1);
});

test("a value and an argument of 20 MB arrive complete", async () => {
  await using own = await testRemote();
  const bytes = new Uint8Array(20_000_000).map((_, i) => i * 7);
  const back = await own.remote.eval<Uint8Array>("data", { locs: { data: bytes } });
  assertEquals(back.length, bytes.length);
  assert(back.every((byte, i) => byte === bytes[i]));
});

test("a SIGINT that code sends to itself raises KeyboardInterrupt, as in plain Python", async () => {
  await using own = await testRemote();
  const code = `
import os, signal, threading, _thread
caught = []
for send in (
    lambda: os.kill(os.getpid(), signal.SIGINT),
    lambda: signal.raise_signal(signal.SIGINT),
    lambda: _thread.interrupt_main(),
    lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT),
):
    try:
        send()
        for _ in range(1000): pass
    except KeyboardInterrupt:
        caught.append(True)
caught`;
  assertEquals(await own.remote.eval(code), [true, true, true, true]);
  const error = await assertRejects(
    async () => await own.remote.eval("import signal; signal.raise_signal(signal.SIGINT)"),
    PythonError,
  );
  assertEquals(error.type, "KeyboardInterrupt");
  assert(!error.traceback.includes("hooks"), error.traceback);
});
