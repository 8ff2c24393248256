/** The python process's output: exact in order, whole, and of the eval that wrote it. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";
import { joined } from "../link/link_output.ts";

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python output ${what} (${name})`, run);

  test("keeps print, stderr, os.write, buffer and children in order", async () => {
    await using client = await LinkClient.start(python);
    const { text } = await client.run(`
import os, subprocess, sys
sys.stdout.reconfigure(line_buffering=False)
for i in range(50):
    print(f"a{i}")
    print(f"b{i}", file=sys.stderr)
    print(f"c{i}", end="\\n")
    os.write(1, b"d%d\\n" % i)
    sys.stdout.write(f"e{i}\\n")
    sys.stdout.buffer.write(b"f%d\\n" % i)
    print(f"g{i}")
    sys.stderr.buffer.write(b"h%d\\n" % i)
    os.writev(1, [b"i%d" % i, b"\\n"])
    sys.stdout.writelines([f"j{i}", "\\n"])
    if i % 10 == 0:
        print("k", end="")
        subprocess.run(["echo", f"{i}"])
        print("l", end="")
        os.system(f"echo {i}")
`);
    const lines: string[] = [];
    for (let i = 0; i < 50; i++) {
      for (const letter of "abcdefghij") lines.push(`${letter}${i}`);
      if (i % 10 === 0) lines.push(`k${i}`, `l${i}`);
    }
    assertEquals(text, lines.join("\n") + "\n");
  });

  test("tells stdout from stderr, and keeps raw descriptor 2 in itself", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(
      "import os, sys\nprint('out')\nprint('err', file=sys.stderr)\nos.write(2, b'raw\\n')",
    );
    const pieces = await client.output(job);
    assertEquals(joined(pieces.filter(({ fd }) => fd === 1)), "out\n");
    assertEquals(joined(pieces.filter(({ fd, kind }) => fd === 2 && kind === "data")), "err\n");
    assertEquals(joined(pieces.filter(({ fd, kind }) => fd === 2 && kind === "raw")), "raw\n");
  });

  test("keeps order when a child was forked, and the child's print comes once", async () => {
    await using client = await LinkClient.start(python);
    const { text } = await client.run(`
import os
for i in range(20):
    print("before", i)
    pid = os.fork()
    if pid == 0:
        print("child", i)
        os._exit(0)
    os.waitpid(pid, 0)
    print("after", i)
`);
    const expected = Array.from({ length: 20 }, (_, i) => `before ${i}\nchild ${i}\nafter ${i}\n`);
    assertEquals(text, expected.join(""));
  });

  test("of a forked child that comes to the end of the eval is whole, and it ends", async () => {
    await using client = await LinkClient.start(python);
    const { answer, text } = await client.run(`
import os, sys
status = []
for code in ("pass", "sys.exit(3)", "1/0", "sys.exit('bye')"):
    print("parent")
    pid = os.fork()
    if pid == 0:
        break
    status.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
if pid == 0:
    print("child", code)
    exec(code)
status
`);
    assertEquals(answer.value, [0, 3, 1, 1]);
    assertEquals(text.match(/^parent$/gm)?.length, 4);
    assertEquals(text.match(/^child/gm)?.length, 4);
    const error =
      /Traceback .*\n {2}File "<eval-1>", line \d+, in <module>\n {4}exec\(code\)\n.*\nZeroDiv/;
    assert(error.test(text) && /^bye$/m.test(text), text);
    assertEquals((await client.eval("2 + 2")).value, 4);
  });

  test("of multiprocessing is of the eval, in order", async () => {
    await using client = await LinkClient.start(python);
    const { answer, text } = await client.run(`
import multiprocessing
def work(n):
    print("work", n)
    return n * n
context = multiprocessing.get_context("fork")
print("begin")
with context.Pool(2) as pool:
    squares = pool.map(work, range(4))
print("end")
squares
`);
    assertEquals(answer.value, [0, 1, 4, 9]);
    const lines = text.trim().split("\n");
    assertEquals([lines[0], lines.at(-1)], ["begin", "end"]);
    assertEquals(lines.slice(1, -1).sort(), ["work 0", "work 1", "work 2", "work 3"]);
  });

  test("has no warning of our thread when code forks", async () => {
    await using client = await LinkClient.start(python);
    for (let i = 0; i < 3; i++) {
      const { text } = await client.run(`
import os
for i in range(5):
    print("a")
    print("b", end="\\n")
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
`);
      assertEquals(text, "a\nb\n".repeat(5));
    }
  });

  test("of multiprocessing's spawn comes too, and its processes work", async () => {
    await using client = await LinkClient.start(python);
    const { answer, text } = await client.run(`
import math, multiprocessing
print("begin")
with multiprocessing.get_context("spawn").Pool(1) as pool:
    roots = pool.map(math.isqrt, [4, 9])
    pool.apply(print, ("from the child",))
    pool.close()
    pool.join()
print("end")
roots`);
    assertEquals(answer.value, [2, 3]);
    assertEquals(text, "begin\nfrom the child\nend\n");
  });

  test("goes through a write that code has put in its place", async () => {
    await using client = await LinkClient.start(python);
    const { text } = await client.run(`
import sys, threading
plain = sys.stdout.write
sys.stdout.write = lambda text: plain(text.upper())
print("a")
print("b")
thread = threading.Thread(target=print, args=("c",))
thread.start()
thread.join()
print("d")`);
    assertEquals(text, "A\nB\nC\nD\n");
    assertEquals((await client.run("print('e')")).text, "e\n");
  });

  test("comes live: what was printed before a wait arrives during it", async () => {
    await using client = await LinkClient.start(python);
    for (const code of ["print('now')", "print('now', end='')", "print('a\\nb\\nnow')"]) {
      const flags = await Deno.makeTempDir();
      try {
        const wait = (name: string) =>
          `while not os.path.exists(${JSON.stringify(`${flags}/${name}`)}): ` +
          `time.sleep(0.001)\n`;
        // The second and third time the stream is not quiet any more: only the ticker sends.
        const job = client.send(
          `import os, time\n${code}\n${wait("first")}${code}\n${code}\n${wait("second")}`,
        );
        const seen = () => joined(client.pieces.flat().filter((piece) => piece.job === job));
        for (const [name, count] of [["first", 1], ["second", 3]] as const) {
          await client.until(
            () => (seen().match(/now/g)?.length ?? 0) >= count,
            `${count} of ${code}`,
          );
          await Deno.writeTextFile(`${flags}/${name}`, "");
        }
        await client.answer(job);
        await client.output(job);
      } finally {
        await Deno.remove(flags, { recursive: true });
      }
    }
  });

  test("of 100,000 quick lines arrives exactly", async () => {
    await using client = await LinkClient.start(python);
    const { answer, text } = await client.run(`
import hashlib, sys
sum = hashlib.sha256()
for i in range(100_000):
    print("line", i, "é" * (i % 7), file=sys.stderr if i % 1000 == 0 else sys.stdout)
    sum.update(f"line {i} {'é' * (i % 7)}\\n".encode())
sum.hexdigest()
`);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    assertEquals(new Uint8Array(digest).toHex(), answer.value);
  });

  test("of one write of 5 MB, and of bytes that are no text, arrives exactly", async () => {
    await using client = await LinkClient.start(python);
    const { text } = await client.run("print('0123456789' * 500_000, end='')\nprint('end')");
    assertEquals(text, "0123456789".repeat(500_000) + "end\n");
    const job = client.send("import sys; sys.stdout.buffer.write(b'\\xff\\xfe'); print('\\ud800')");
    assertEquals(await client.text(job), "\ufffd\ufffd\\ud800\n");
  });

  test("of a thread belongs to the eval that started it, also later", async () => {
    await using client = await LinkClient.start(python);
    const first = client.send(`
import threading, time, _thread
def work(name, level):
    for i in range(30):
        print(name, i)
        time.sleep(0.01)
    if level:
        threading.Thread(target=work, args=(name + "'", level - 1)).start()
threading.Thread(target=work, args=("thread", 1)).start()
_thread.start_new_thread(work, ("raw", 0))
print("main 1")
`);
    const second = client.send(`
import time
for i in range(40):
    print("main 2")
    time.sleep(0.01)
`);
    const third = client.send("import threading\nfor t in threading.enumerate()[1:]: t.join()");
    await client.answer(third);
    await client.output(third);
    const texts = [first, second, third].map((job) =>
      joined(client.pieces[1]!.filter((piece) => piece.job === job && piece.kind === "data"))
    );
    assertEquals(texts[1], "main 2\n".repeat(40));
    assertEquals(texts[2], "");
    for (const who of ["thread", "thread'", "raw"]) {
      const lines = Array.from(texts[0]!.matchAll(new RegExp(`${who} (\\d+)\n`, "g")), (m) => m[1]);
      assertEquals(lines.filter((_, i) => Number(lines[i]) === i).length, 30, who);
    }
    const ended = client.pieces[1]!.findIndex((p) => p.kind === "end" && p.job === first);
    const late = client.pieces[1]!.slice(ended).filter(({ job, kind }) =>
      job === first && kind === "data"
    );
    assertGreater(late.length, 20);
  });

  test("is quick again after threads and processes are gone", async () => {
    await using client = await LinkClient.start(python);
    await client.run("import threading\nt = threading.Thread(target=print)\nt.start(); t.join()");
    await client.run("import subprocess\nsubprocess.run(['true'])");
    const job = client.send("for i in range(100_000): print(i)");
    await client.answer(job);
    const pieces = await client.output(job);
    assertLess(pieces.length, 5_000);
  });

  test("ends with its eval: nothing of it comes behind END, in 500 evals", async () => {
    await using client = await LinkClient.start(python);
    const jobs = Array.from(
      { length: 500 },
      (_, i) => client.send(`print("first ${i}")\nprint("x" * ${i * 13}, end="")\n${i}`),
    );
    for (const [i, job] of jobs.entries()) {
      const { value } = await client.answer(job);
      assertEquals(value, i);
      assertEquals(await client.text(job), `first ${i}\n${"x".repeat(i * 13)}`);
    }
    const order = client.pieces[1]!.map(({ job }) => job);
    assertEquals(order, order.toSorted((a, b) => a - b));
  });

  test("needs no END where a job is alone and all has been read", async () => {
    await using client = await LinkClient.start(python);
    const silent = client.send("1", { alone: true });
    await client.answer(silent);
    await client.until(() => client.readJobs.has(silent), "READ");
    const second = await client.run("import os; os.write(1, b'raw')");
    assertEquals([second.text, client.readJobs.has(second.answer.job)], ["raw", false]);
    // What nobody has read yet has to be followed by an END.
    const hold = Promise.withResolvers<void>();
    client.paused = hold.promise;
    // With the first of it the reading stops.
    await client.eval("print('read')");
    await client.until(() => client.pieces[1]!.some(({ text }) => text === "read\n"), "the line");
    const unread = client.send("print('unread')", { alone: true });
    await client.answer(unread);
    assertEquals(client.readJobs.has(unread), false);
    client.paused = undefined;
    hold.resolve();
    assertEquals(await client.text(unread), "unread\n");
    assertEquals(client.pieces[1]!.filter(({ job }) => job === silent), []);
  });

  test("of C comes by the end of the eval", async () => {
    await using client = await LinkClient.start(python);
    const { text } = await client.run(
      "import ctypes\nctypes.CDLL(None).printf(b'from C\\n')\nprint('from python')",
    );
    assertEquals(text.split("\n").toSorted(), ["", "from C", "from python"]);
  });

  test("of a replaced sys.stdout is flushed, and the next eval has ours again", async () => {
    await using client = await LinkClient.start(python);
    const { text } = await client.run(
      "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer)\nprint('mine')",
    );
    assertEquals(text, "mine\n");
    assertEquals((await client.run("print('ours')")).text, "ours\n");
  });

  test("is not slowed by PYTHONUNBUFFERED, nor spoilt by PYTHONIOENCODING", async () => {
    const env = { PYTHONUNBUFFERED: "1", PYTHONIOENCODING: "latin-1" };
    await using client = await LinkClient.start(python, { env });
    const job = client.send("for i in range(20_000): print('é', i)");
    await client.answer(job);
    const pieces = await client.output(job);
    assertLess(pieces.length, 1_000);
    assertEquals(joined(pieces).slice(0, 8), "é 0\né 1\n");
  });

  test("that nobody reads makes the code wait, and a cancel still gets through", async () => {
    await using client = await LinkClient.start(python);
    const { promise, resolve } = Promise.withResolvers<void>();
    client.paused = promise;
    const job = client.send(`
import time
n = 0
while True:
    print(n)
    n += 1
`);
    await client.until(() => client.started() === job, "the start", 1);
    // Blocked once the process sleeps in poll, and no more is written.
    const { pid } = client.ready;
    await client.until(
      () => /poll|pipe/.test(Deno.readTextFileSync(`/proc/${pid}/wchan`)) || asleep(pid),
      "the writer to be blocked",
      20,
    );
    client.cancel(job);
    const { status, control } = await client.answer(job);
    assertEquals([status, control.how], [Status.CANCELLED, "interrupted"]);
    resolve();
    client.paused = undefined;
    const lines = (await client.text(job)).split("\n");
    // All that was printed before, in order, nothing twice; only the last line may be cut.
    const last = lines.pop();
    assertGreater(lines.length, 10_000);
    lines.forEach((line, i) => {
      if (line !== `${i}`) throw new Error(`line ${i} is ${line}`);
    });
    assert(`${lines.length}`.startsWith(last!));
    assertEquals((await client.run("print('on')")).text, "on\n");
  });

  test("is written out before exec, and by input() as a prompt", async () => {
    await using client = await LinkClient.start(python);
    const { answer, text } = await client.run("print('a')\nprint('b')\ninput('prompt')");
    assertEquals(answer.value.type, "EOFError");
    assertEquals(text, "a\nb\nprompt");
    const job = client.send("import os\nprint('c')\nprint('d')\nos.execvp('echo', ['echo', 'e'])");
    await deadline(client.exit, 5_000);
    await client.drained;
    assertEquals(joined(client.pieces[1]!.filter((piece) => piece.job === job)), "c\nd\ne\n");
  });
}

function asleep(pid: number): boolean {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2)[0] === "S";
}
