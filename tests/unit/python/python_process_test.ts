/** The python process and its guard: how they start, end, and what they leave behind. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";
import { pythonFolder } from "./python_folder.ts";

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python process ${what} (${name})`, run);

  test("says in READY who it is", async () => {
    await using client = await LinkClient.start(python);
    const { secret, pid, executable, version, implementation, msgpack } = client.ready;
    assertEquals([secret, executable, implementation], ["the secret", python, "CPython"]);
    assertEquals(name, `python ${version}`);
    assert(["c", "python"].includes(msgpack));
    assert(pid !== client.guard && isAlive(pid));
  });

  test("is interactive python to the code: path, argv, stdin, main", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(
      "import sys\n(sys.path[0], sys.argv, sys.stdin.read(), __name__, " +
        "sys.modules['__main__'].__dict__ is globals(), sys.stdout.isatty(), sys.stdout.fileno())",
    );
    assertEquals(value, ["", [""], "", "__main__", true, false, 1]);
    for (const module of ["errors", "values", "output", "link", "worker", "codec"]) {
      const { value: error } = await client.eval(`import ${module}`);
      assertEquals(error.type, "ModuleNotFoundError", module);
    }
  });

  test("keeps compiled files in its directory, whatever the environment says", async () => {
    await using files = await pythonFolder();
    const folder = `${files.path}/pyproxy_worker`;
    const cache = `${folder}/__pycache__`;
    const env = { PYTHONDONTWRITEBYTECODE: "1" };
    await using client = await LinkClient.start(python, { env, folder });
    assert((await Array.fromAsync(Deno.readDir(cache))).length > 5);
    assertEquals((await client.eval("__import__('sys').dont_write_bytecode")).value, true);
  });

  /** Jobs that python finds all at once: it is kept busy until they are there. */
  const together = async (client: LinkClient, codes: string[]): Promise<number[]> => {
    const go = `${client.directory}/go`;
    const first = client.send(
      `import os\nprint()\nwhile not os.path.exists(${JSON.stringify(go)}): pass`,
    );
    const jobs = codes.map((code) => client.send(code));
    await client.until(() => client.pieces[1]!.length > 0, "the start of the first");
    await Deno.writeTextFile(go, "");
    return [first, ...jobs];
  };

  test("sends results that follow each other together", async () => {
    await using client = await LinkClient.start(python);
    const jobs = await together(client, Array(40).fill("1"));
    const before = client.reads;
    for (const job of jobs) assertEquals((await client.answer(job)).status, Status.VALUE);
    assert(client.reads - before < jobs.length, `${client.reads - before} reads`);
    await client.until(() => client.held().length === 0, "that all is sent", 5);
  });

  test("holds no result back behind a job that takes long, where nobody would find it", async () => {
    await using client = await LinkClient.start(python);
    const [, quick, long] = await together(client, ["2 + 2", "import time; time.sleep(60)"]);
    assertEquals((await client.answer(quick!)).value, 4);
    assertEquals((await client.stop(long!)).status, Status.CANCELLED);
  });

  test("leaves what it has not sent in the page when it dies", async () => {
    await using client = await LinkClient.start(python);
    const [, quick, last] = await together(client, ["2 + 2", "import os; os.kill(os.getpid(), 9)"]);
    assertEquals((await client.answer(quick!)).value, 4);
    assertEquals((await client.exit).signal, "SIGKILL");
    assertEquals(client.started(), last);
  });

  test("says READ of jobs that write nothing while its pipes are left unread", async () => {
    await using client = await LinkClient.start(python);
    client.rest(1);
    for (const code of ["1", "2"]) {
      const { job } = await client.eval(code);
      await client.until(() => client.readJobs.has(job), "READ");
    }
    client.rest(2);
    const { job } = await client.eval("3");
    await client.output(job);
    assert(!client.readJobs.has(job));
  });

  test("goes on without what looks into its pipes, if the code closes that", async () => {
    await using client = await LinkClient.start(python);
    const close = `import os
for name in os.listdir("/proc/self/fd"):
    try:
        if "eventpoll" in os.readlink("/proc/self/fd/" + name): os.close(int(name))
    except OSError: pass`;
    await client.eval(close, { alone: true });
    const { answer, text } = await client.run("print('on'); 1", { alone: true });
    assertEquals([answer.value, text], [1, "on\n"]);
    assert(!client.readJobs.has(answer.job));
  });

  test("ends what it writes by an END if its pipes may have been read meanwhile", async () => {
    await using client = await LinkClient.start(python);
    client.rest(1);
    const go = `${client.directory}/read`;
    const job = client.send(`import os, time
os.write(2, b"x")
while not os.path.exists(${JSON.stringify(go)}): time.sleep(0.001)`);
    await client.until(() => client.pieces[2]!.length > 0, "the byte");
    client.rest(2);
    client.rest(3);
    await Deno.writeTextFile(go, "");
    await client.answer(job);
    assertEquals((await client.output(job)).map(({ text }) => text), ["x"]);
    assert(!client.readJobs.has(job));
  });

  test("ends as its code does: os._exit", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send("import os; print('last words'); os._exit(3)");
    assertEquals((await client.exit).code, 3);
    await client.drained;
    assertEquals(client.started(), job);
    assertEquals(client.pieces[1]!.map((piece) => piece.text).join(""), "last words\n");
  });

  test("ends as its code does: a segmentation fault, and with one core at most", async () => {
    await using client = await LinkClient.start(python);
    client.send("import ctypes\nfor i in range(100): print(i)\nctypes.string_at(0)");
    assertEquals((await client.exit).signal, "SIGSEGV");
    await client.drained;
    const text = client.pieces[1]!.map((piece) => piece.text).join("");
    assertEquals(text, Array.from({ length: 100 }, (_, i) => `${i}\n`).join(""));
  });

  test("ends as its code does: killed by a signal", async () => {
    for (const signal of ["SIGKILL", "SIGTERM", "SIGABRT"] as const) {
      await using client = await LinkClient.start(python);
      client.send(`import os, signal; os.kill(os.getpid(), signal.${signal})`);
      assertEquals((await client.exit).signal, signal);
    }
  });

  test("goes on when it is stopped: nobody else would make it", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(
      "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n'went on'",
    );
    assertEquals(value, "went on");
  });

  test("has no last words in the middle of a message", async () => {
    await using client = await LinkClient.start(python);
    // Broken off 100 bytes before the end of a RESULT, which they would complete.
    const job = client.send(`
import gc
link = next(each for each in gc.get_objects() if type(each).__name__ == "Link")
class BreaksOff:
    socket = link._socket
    def sendall(self, piece):
        if len(piece) < 100_000:
            return self.socket.sendall(piece)
        self.socket.sendall(bytes(len(piece) - 100))
        raise LookupError
link._socket = BreaksOff()
bytes(300_000)`);
    assertEquals((await deadline(client.exit, 20_000)).code, 1);
    await assertRejects(() => client.answer(job), Error, "all has ended");
  });

  test("tells an eval for which it has no memory, and goes on", async () => {
    await using client = await LinkClient.start(python);
    await client.eval(
      "import resource\nwith open('/proc/self/statm') as statm: pages = int(statm.read().split()[0])\n" +
        "limit = pages * resource.getpagesize() + (64 << 20)\n" +
        "resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))",
    );
    const { status, value } = await client.eval("1", { locs: { x: new Uint8Array(100 << 20) } });
    assertEquals([status, value.type], [Status.PYTHON_ERROR, "MemoryError"]);
    assertEquals((await client.eval("2")).value, 2);
  });

  test("survives a signal to the whole group that its code handles", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(
      "import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" +
        "os.killpg(0, signal.SIGTERM)\n'here'",
    );
    assertEquals(value, "here");
  });

  test("ends at once when the link does, with exit code 0", async () => {
    const client = await LinkClient.start(python);
    await using _ = client;
    client.closeLink();
    assertEquals((await client.exit).code, 0);
  });

  test("is killed by the guard's command, in the middle of anything", async () => {
    await using client = await LinkClient.start(python);
    client.send("while True: pass");
    await client.until(() => client.started() === 1, "the start", 1);
    client.command("K");
    assertEquals((await client.exit).signal, "SIGKILL");
  });

  test("dies with its guard", async () => {
    await using client = await LinkClient.start(python);
    const { pid } = client.ready;
    client.send("while True: pass");
    Deno.kill(client.guard, "SIGKILL");
    await gone(pid);
  });

  const FAMILY = `
import os, signal, subprocess, sys, time
def daemon():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(w, b"%d " % os.getpid())
    while True: time.sleep(60)
r, w = os.pipe()
for depth in range(3):
    if os.fork() == 0:
        for _ in range(depth):
            os.setsid()
            if os.fork(): os._exit(0)
        daemon()
code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
pipe = subprocess.PIPE
other = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=pipe)
pids = [int(other.stdout.readline())]
while len(pids) < 4:
    pids += map(int, os.read(r, 1000).split())
pids
`;

  test("takes all that it started with it when the server is gone", async () => {
    await using client = await LinkClient.start(python);
    const { value: pids } = await client.eval(FAMILY);
    client.send("while True: pass");
    assertEquals(pids.length, 4);
    assert(pids.every(isAlive));
    await client.hangUp();
    assertEquals((await deadline(client.exit, 2_000)).signal, "SIGKILL");
    assertEquals(pids.filter(isAlive), []);
    assert(!(await exists(client.directory)), "the directory is removed");
  });

  test("takes all that it started with it when it dies itself", async () => {
    await using client = await LinkClient.start(python);
    const { value: pids } = await client.eval(FAMILY);
    client.send("import os; os._exit(7)");
    assertEquals((await deadline(client.exit, 2_000)).code, 7);
    assertEquals(pids.filter(isAlive), []);
    await client.drained;
    assert(await exists(client.directory), "the directory is the server's while that lives");
  });

  test("warns once of processes that an eval leaves running", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(
      "import subprocess, sys\n" +
        "p = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\np.pid",
      { namespace: "n" },
    );
    const { value: pid } = await client.answer(job);
    await client.until(() => client.notes.length > 0, "the note");
    assertEquals(client.notes[0]!.job, job);
    assertEquals(client.notes[0]!.control.level, "warn");
    assertEquals(client.notes[0]!.control.pids, `${pid}`);
    assertMatch(client.notes[0]!.control.msg, /left processes running \(\d+\).*redirect/);
    await client.run("subprocess.run(['true']).returncode", { namespace: "n" });
    await client.run("p.communicate(b'')", { namespace: "n" });
    assertEquals(client.notes.length, 1);
  });

  test("answers an EVAL that breaks a rule with BROKEN, and goes on", async () => {
    await using client = await LinkClient.start(python);
    const bytes = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(" ", ""));
    const broken: [control: string, code: string, values: string, message: string][] = [
      ["c1", "a1 31", "", ""],
      ["07", "a1 31", "", "control must be a map, got int"],
      ["80 80", "a1 31", "", "1 bytes follow the value"],
      ["81 a9 6e616d657370616365 07", "a1 31", "", "namespace must be a string, got int"],
      ["81 a6 737472696374 c0", "a1 31", "", "strict must be a boolean, got NoneType"],
      ["80", "", "", "there is no whole code behind the control map"],
      ["", "", "", "must have control and code, got 8 bytes"],
      ["80", "c0", "", "code must be a string, got a value that begins with 0xc0"],
      ["80", "c4 01 31", "", "code must be a string, got a value that begins with 0xc4"],
      ["80", "a2 31", "", "code claims 2 bytes, 1 are left"],
      ["80", "d9", "", "there is no whole code behind the control map"],
      ["80", "d9 02 31", "", "code claims 2 bytes, 1 are left"],
      ["80", "da 00", "", "there is no whole code behind the control map"],
      ["80", "da ff ff 31", "", "code claims 65535 bytes, 1 are left"],
      ["80", "db ff ff ff ff 31", "", "code claims 4294967295 bytes, 1 are left"],
      ["80", "a1 ff", "", "code must be UTF-8"],
      ["80", "a3 ed a0 80", "", "code must be UTF-8"],
      ["80", "a1 31", "07", "one array of locs and globs"],
      ["80", "a1 31", "92 07 c0", "locs must be a dict or nil, got int"],
      ["80", "a1 31", "92 c0 c7 03 02 92 01 02", "the keys of globs must be strings, got int"],
      ["80", "a1 31", "92 c0 c0 c0", ""],
      ["80", "a1 31", "92 c0", ""],
      ["80", "a1 31", "92 c0 c0 01", "1 bytes follow the value"],
      ["80", "a1 31", "92 81 a1 78 a1 ff c0", ""],
      ["80", "a1 31", "92 81 a1 78 d4 63 00 c0", "no extension has the code 99"],
      ["80", "a1 31", "92 81 a1 78 c7 03 05 81 a1 61 c0", ""],
      ["80", "a1 31", "92 81 01 02 c0", ""],
      ["80", "a1 31", "92 df ff ff ff ff", ""],
    ];
    for (const [control, code, values, message] of broken) {
      const job = client.sendBody(1, bytes(control), bytes(code), bytes(values));
      const { status, control: answer } = await client.answer(job);
      assertEquals(status, "BROKEN", message);
      assertStringIncludes(answer.message, message);
      await client.output(job);
    }
    const { value } = await client.eval("'goes on'");
    assertEquals(value, "goes on");
  });

  test("reads code behind every head that a string may have, and control of any form", async () => {
    await using client = await LinkClient.start(python);
    const text = (code: string): Uint8Array => new TextEncoder().encode(code);
    const heads = ["a7", "d907", "da0007", "db00000007"];
    const controls = ["", "80", "de0000", "81a17807", "81a6737472696374c2"];
    for (const head of heads) {
      for (const control of controls) {
        const code = Uint8Array.from([...Uint8Array.fromHex(head), ...text("'ääx'")]);
        const bytes = [Uint8Array.fromHex(control), code, Uint8Array.fromHex("92c0c0")] as const;
        const { value } = await client.answer(client.sendBody(1, ...bytes));
        assertEquals(value, "ääx", `${head} behind ${control}`);
      }
    }
    // As long as any client may send it, and cached in neither form.
    const namespace = "n".repeat(60_000);
    for (const [code, value] of [["x = 7", null], ["x" + " ".repeat(70_000), 7]] as const) {
      assertEquals((await client.eval(code, { namespace })).value, value);
    }
  });

  test("takes and gives 64 MiB", async () => {
    await using client = await LinkClient.start(python);
    const size = 64 * 1024 * 1024;
    const values = new Uint8Array(size + 10);
    values.set([0x92, 0x81, 0xa1, 0x78, 0xc6, 4, 0, 0, 0]);
    values[1 + 1 + 2 + 5 + size] = 0xc0;
    values[9 + 12_345] = 7;
    const { bytes } = await client.eval("x", { values });
    assertEquals(bytes.length, size + 5);
    assertEquals(bytes[5 + 12_345], 7);
  });

  test("lives on in small memory", async () => {
    await using client = await LinkClient.start(python);
    const { value: error } = await client.eval(`
import resource
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
x = []
while True: x.append(bytearray(1 << 20))
`);
    assertEquals(error.type, "MemoryError");
    assertEquals((await client.eval("len(bytes(150 << 20) * 2)")).value.type, "MemoryError");
    const { status } = await client.eval("'x' * (200 << 20)");
    assertEquals(status, Status.PYTHON_ERROR);
    assertEquals((await client.eval("2 + 2")).value, 4);
  });

  test("ends, and does not hang, when its code closes the link", async () => {
    await using client = await LinkClient.start(python);
    client.send("import os; os.closerange(3, 2000)");
    assertEquals((await deadline(client.exit, 2_000)).code, 1);
  });

  test("survives what code does to the descriptors and streams, and to its own limits", async () => {
    await using client = await LinkClient.start(python);
    const hurts = [
      "import os; os.close(1); os.close(2); os.close(0)",
      "import os; os.dup2(os.open('/dev/null', os.O_WRONLY), 1)",
      "import os; os.closerange(0, 256)",
      "import sys; sys.stdout.close(); sys.stderr.close(); sys.stdin.close()",
      "import sys; sys.stdout.detach()",
      "import sys; del sys.stdout; del sys.stderr",
      "import sys; sys.stdout = sys.stderr = sys.stdin = None",
      "import sys, io; sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='latin-1')",
      "import sys; sys.stdout.reconfigure(encoding='utf-16', newline='\\r\\n')",
      "import sys; sys.stdout.write = lambda text: 1 / 0",
      "import sys; sys.setrecursionlimit(60)",
      "import sys; sys.settrace(lambda *_: 1 / 0)",
      "import signal; signal.setitimer(signal.ITIMER_REAL, 0.001)",
      "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)",
      "exit()",
      "class E(Exception):\n  def __str__(self): raise self\nraise E",
    ];
    for (const code of hurts) {
      await client.run(code);
      const { answer, text } = await client.run("print('é')\nimport sys\nsys.stdin.read()");
      assertEquals(answer.value, "", code);
      assertEquals(text, "é\n", code);
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    // A zombie is no life: who has to reap it is none of ours.
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  const end = Date.now() + 5_000;
  while (isAlive(pid)) {
    if (Date.now() > end) throw new Error(`process ${pid} is still there`);
    await delay(5);
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
