// `pyproxy run FILE` is `python FILE`: what that Python does with the same file is the right value.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { testPython } from "../python.ts";
import {
  COMMANDS,
  Commands,
  type Ended,
  ended,
  Program,
  script,
  server,
  shareServer,
  untilNoSessions,
} from "./program.ts";

shareServer();

/** Bytes of text and of numbers. */
function bytes(...parts: (string | number)[]): Uint8Array {
  return new Uint8Array(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]
    ),
  );
}

/** Runs each script by the command and by Python itself. */
async function agree(scripts: Record<string, string | Uint8Array>): Promise<void> {
  await using commands = new Commands();
  for (const [name, source] of Object.entries(scripts)) {
    await using file = await script(source);
    const right = await ended([testPython(), file.path, "argument"]);
    const came = await commands.ended(["--addr", server().addr, "run", file.path, "argument"]);
    assertEquals(withoutAddresses(came), withoutAddresses(right), name);
  }
}

/** The command that runs a file. */
function run({ path }: { path: string }): string[] {
  const [, base] = COMMANDS[0]!;
  return [...base, "--addr", server().addr, "run", path];
}

function withoutAddresses(result: Ended): Ended {
  return { ...result, stderr: result.stderr.replaceAll(/0x[0-9a-f]+/g, "0x") };
}

Deno.test("run ends a script as python does: threads, pools, atexit, finalizers, files", async () => {
  const late = "import threading, time\n" +
    "threading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()\n" +
    "import atexit\natexit.register(print, 'atexit')\nprint('main')\n";
  await agree({
    "to its end": late,
    "by an exception": `${late}raise LookupError('on purpose')\n`,
    "by sys.exit": `${late}import sys\nsys.exit(4)\n`,
    "a thread pool that is left open":
      "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\nprint(sum(pool.map(len, ['one', 'three'])))\n",
    "a process pool that is left open":
      "from concurrent.futures import ProcessPoolExecutor\npool = ProcessPoolExecutor(2)\nprint(list(pool.map(abs, [-1, 2])))\n",
    "a loop with an executor":
      "import asyncio, time\nloop = asyncio.new_event_loop()\nloop.run_in_executor(None, time.sleep, 0.1)\n",
    "a thread that waits for the main thread":
      "import threading\ndef wait():\n    threading.main_thread().join()\n    print(threading.main_thread().is_alive())\nthreading.Thread(target=wait).start()\n",
    "a daemon thread":
      "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n",
    "a process that is not joined":
      "import multiprocessing, time\ndef child():\n    time.sleep(0.1)\n    print('child', flush=True)\nmultiprocessing.get_context('fork').Process(target=child).start()\n",
    "a finalizer that fails":
      "class Lock:\n    def __del__(self): raise ValueError('del')\nlock = Lock()\n",
    "finalizers, one in a cycle, weakref.finalize, a suspended generator": `
import weakref
class Lock:
    def __init__(self, name): self.name = name
    def __del__(self): print("released", self.name)
lock = Lock("held")
cycle = Lock("in a cycle")
cycle.own = cycle
del cycle
watched = Lock("watched")
weakref.finalize(watched, print, "finalized")
def lines():
    try:
        yield
    finally:
        print("closed")
kept = lines()
next(kept)
`,
    "a handler of logging, functions of atexit, one that fails, much that is printed late": `
import atexit, logging, logging.handlers, sys
handler = logging.handlers.MemoryHandler(9, target=logging.StreamHandler(sys.stdout))
logging.getLogger().addHandler(handler)
logging.warning("kept")
atexit.register(print, "x" * 300_000)
atexit.register(lambda: 1 / 0)
atexit.register(print, "first")
`,
    "a fork": "import os\npid = os.fork()\nif pid:\n    os.waitpid(pid, 0)\nprint(pid == 0)\n",
    "os._exit": "import os\nprint('said', flush=True)\nos._exit(9)\n",
    "sys.stdout that is closed": "import sys\nsys.stdout.close()\n",
    "a file that is left open":
      "import atexit, os, sys, tempfile\npath = tempfile.mktemp()\nfile = open(path, 'w')\nfile.write('to the end')\ndef put(): return file\n",
  });
});

Deno.test("run leaves complete files", async () => {
  const source =
    "import sys\nreport = open(sys.argv[1], 'w')\ndef put(text): report.write(text)\nput('to the end')\n";
  await using file = await script(source);
  await using report = await script("");
  assertEquals((await ended([...run(file), report.path])).code, 0);
  assertEquals(await Deno.readTextFile(report.path), "to the end");
});

Deno.test("run reads the bytes of a script as python does", async () => {
  await agree({
    "a coding line": bytes("# coding: latin-1\nword = 'caf", 0xe9, "'\nprint(ascii(word))\n"),
    "a coding line in the second line": bytes(
      "#!x\n# coding: cp1252\nprint(ascii('",
      0x80,
      "'))\n",
    ),
    "shift_jis": bytes("# coding: shift_jis\nprint(ascii('", 0x93, 0xfa, 0x96, 0x7b, "'))\n"),
    "a byte order mark": bytes(0xef, 0xbb, 0xbf, "print('marked')\n"),
    "a byte order mark beside another coding": bytes(0xef, 0xbb, 0xbf, "# coding: latin-1\n"),
    "bytes that are no UTF-8": bytes("x = 1\nword = 'caf", 0xe9, "'\n"),
    "a coding that there is not": "# coding: nosuch\nprint(1)\n",
    "UTF-16": bytes(0xff, 0xfe, 0x70, 0, 0x0a, 0),
    "a NUL": "x = 1\ny = '\0'\n",
    "nothing": "",
    "carriage returns": "x = 1\rraise ValueError(x)\r",
    "no line end": "print('x')",
    "no syntax": "x = 1\nx = = 2\n",
    "lines that hold what ends lines elsewhere":
      "a = 'a\fb\vc\u2028d\u0085e\x1cf'\ndef check(text):\n    raise ValueError(len(text))\n\ncheck(a)\n",
  });
});

Deno.test("run prints uncaught exceptions as python does", async () => {
  await agree({
    "a name that is misspelt": "colour = 'red'\ndef paint():\n    return color\npaint()\n",
    "an attribute that is misspelt": "import math\nmath.sqr(2)\n",
    "an import that is misspelt": "from collections import namedtupel\n",
    "a chain":
      "try:\n    1 / 0\nexcept ArithmeticError as error:\n    raise ValueError('v') from error\n",
    "an excepthook":
      "import sys\nsys.excepthook = lambda *error: print(error[0], sys.exc_info())\n1 / 0\n",
    "an excepthook that fails":
      "import sys\ndef hook(*error): raise KeyError('h')\nsys.excepthook = hook\n1 / 0\n",
    "an excepthook that exits": "import sys\nsys.excepthook = lambda *error: sys.exit(7)\n1 / 0\n",
    "in a thread":
      "import threading\ndef fail(): raise ValueError('t')\nthread = threading.Thread(target=fail, name='own')\nthread.start()\nthread.join()\n",
    "a BaseException": "class Own(BaseException): pass\nraise Own('b')\n",
    "sys.exit(object)": "import sys\nsys.exit({'a': 1})\n",
    "sys.exit(-1)": "import sys\nsys.exit(-1)\n",
    "warnings":
      "import warnings\nwarnings.warn('first')\ndef inner(): warnings.warn('second', stacklevel=2)\ninner()\n",
  });
});

Deno.test("run shows the lines of a script whose file the server does not have", async () => {
  await using file = await script(
    "import os, threading\nos.remove(__file__)\ndef fail(): raise ValueError('in a thread')\n" +
      "thread = threading.Thread(target=fail)\nthread.start()\nthread.join()\n" +
      "class Lock:\n    def __del__(self): raise ValueError('del')\nlock = Lock()\n1 / 0\n",
  );
  const { stderr } = await ended(run(file));
  const lines = stderr.split("\n").map((line) => line.trim());
  for (const line of ["def fail(): raise ValueError('in a thread')", "1 / 0"]) {
    assert(lines.includes(line), stderr);
  }
  assert(lines.includes("def __del__(self): raise ValueError('del')"), stderr);
});

Deno.test("run sets up the interpreter for a script as python does", async () => {
  await agree({
    "its module":
      "import sys\nprint(sorted(sys.modules['__main__'].__dict__))\nprint(__file__, sys.argv, sys.path[0], __spec__, type(__loader__).__name__)\n",
    "its streams, its stack, its classes": `
import inspect, pickle, sys, traceback
for stream in (sys.stdin, sys.stdout, sys.stderr): print(stream.name, stream.errors)
print([frame.function for frame in inspect.stack()], sys._getframe().f_back)
traceback.print_stack()
class Point:
    x = 1
print(type(pickle.loads(pickle.dumps(Point()))) is Point, inspect.getsource(Point))
`,
    "a simple filter of warnings":
      "import warnings\nwarnings.simplefilter('always')\nfile = open(__file__)\ndel file\n",
  });
});

Deno.test("run gives each script a new process", async () => {
  await using file = await script(
    "import json, os, random, signal\nprint(hasattr(json, 'mark'), 'MARK' in os.environ, signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)\nprint(random.random())\njson.mark = 1\nos.environ['MARK'] = '1'\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nrandom.seed(5)\n",
  );
  const drawn = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const { stdout } = await ended(run(file));
    const [looked, number] = stdout.split("\n");
    assertEquals(looked, "False False True");
    drawn.add(number!);
  }
  assertEquals(drawn.size, 3);
});

Deno.test("a Ctrl-C ends the wait for a script's threads, as in python", async () => {
  await using file = await script(
    "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\nprint('begun', flush=True)\n",
  );
  await using program = new Program(run(file));
  await program.until("begun\n");
  program.interrupt();
  assertEquals(await program.code, 0);
  // The first versions of 3.13 say no more than that.
  assertMatch(program.stderr, /^(Exception ignored .*\n(.*\n)*)?KeyboardInterrupt\n$/);
  assert(!program.stderr.includes("pyproxy_worker"), program.stderr);
  await untilNoSessions();
});

Deno.test("a script that was ended by Ctrl-C still finalizes its objects", async () => {
  await using file = await script(
    // Longer than the server waits before it sends the signal again.
    "import time\nclass Slow:\n    def __del__(self):\n        time.sleep(0.8)\n        print('finalized')\n" +
      "slow = Slow()\nprint('begun', flush=True)\ntime.sleep(60)\n",
  );
  await using program = new Program(run(file));
  await program.until("begun\n");
  program.interrupt();
  assertEquals(await program.code, 130);
  assertEquals(program.stdout, "begun\nfinalized\n");
  assertMatch(program.stderr, /^Traceback [^]*\nKeyboardInterrupt\n$/);
});

for (const [runtime, base] of COMMANDS) {
  Deno.test(`repl prints the suggestions that Python prints, under ${runtime}`, async () => {
    await using program = new Program([...base, "--addr", server().addr, "repl"]);
    await program.type("colour = 1\ncolor\nimport math\nmath.sqr(2)\n");
    await program.endInput();
    assertEquals(await program.code, 0);
    if (!program.stderr.includes("Did you mean")) {
      assertMatch(await pythonVersion(), /^3\.9\./, program.stderr); // it has none
    } else {
      assertMatch(program.stderr, /Did you mean: 'colour'\?\n[^]*Did you mean: 'sqrt'\?\n$/);
    }
  });
}

async function pythonVersion(): Promise<string> {
  const { stdout } = await ended([testPython(), "-c", "import sys; print(sys.version)"]);
  return stdout;
}
