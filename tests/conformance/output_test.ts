// Output: SPEC 2.3.
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { connect, type Future, SessionClosedError } from "../../mod.ts";
import { all, shareServer, test, testRemote, testServer, until } from "../harness.ts";

shareServer();

/** The text of an eval's lines. */
async function lines(future: Future<unknown>): Promise<string[]> {
  return (await all(future.output())).map(({ line }) => line);
}

test("output() yields an eval's lines in order, then ends", async () => {
  await using own = await testRemote();
  const future = own.remote.eval("import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')");
  assertEquals(await all(own.remote.output(future)), [
    { fd: 1, line: "a", id: 1 },
    { fd: 2, line: "b", id: 1 },
    { fd: 1, line: "c", id: 1 },
  ]);
});

test("output() ends after the last line of the eval, even if nobody has read before", async () => {
  await using own = await testRemote();
  const future = own.remote.eval("for i in range(1000): print(i)");
  await future;
  assertEquals(await lines(future), Array.from({ length: 1000 }, (_, i) => `${i}`));
});

test("output() of an eval that printed nothing is empty", async () => {
  await using own = await testRemote();
  const future = own.remote.eval("1");
  assertEquals(await lines(future), []);
  await future;
  assertEquals(await lines(own.remote.eval("1")), []);
});

test("a last line without a newline and an empty line are lines", async () => {
  await using own = await testRemote();
  assertEquals(await lines(own.remote.eval("print('a\\n\\nb', end='')")), ["a", "", "b"]);
});

test("output is live: a line printed before a wait arrives during it", async () => {
  await using own = await testRemote();
  // The code waits until a line of it has come here and back as a file.
  const path = await own.remote.eval<string>("import tempfile; tempfile.mktemp()");
  const future = own.remote.eval(
    "import os, time\nprint('before')\nwhile not os.path.exists(path): time.sleep(0.005)\n" +
      "os.unlink(path)\nprint('after')",
    { locs: { path } },
  );
  const seen: string[] = [];
  await using other = await connect(own.addr);
  for await (const { line } of future.output()) {
    seen.push(line);
    if (line === "before") {
      assert(!future.done);
      await other.eval("open(path, 'w').close()", { locs: { path } });
    }
  }
  assertEquals(seen, ["before", "after"]);
});

test("print, stderr, os.write and children on descriptor 1 keep their exact order", async () => {
  await using own = await testRemote();
  const code = `
import os, subprocess, sys
for i in range(20):
    print("print", i)
    os.write(1, b"write %d\\n" % i)
    print("stderr", i, file=sys.stderr)
    subprocess.run(["echo", "child", str(i)])
    sys.stdout.write("again %d\\n" % i)
    os.system("echo system %d" % i)`;
  const expected = Array.from(
    { length: 20 },
    (_, i) =>
      ["print", "write", "stderr", "child", "again", "system"].map((word) => `${word} ${i}`),
  ).flat();
  assertEquals(await lines(own.remote.eval(code)), expected);
});

test("descriptor 2 is captured, in its own order", async () => {
  await using own = await testRemote();
  const code = `
import os, subprocess
for i in range(50):
    os.write(2, b"raw %d\\n" % i)
    subprocess.run("echo child %d >&2" % i, shell=True)`;
  const items = await all(own.remote.eval(code).output());
  assert(items.every(({ fd }) => fd === 2));
  const expected = Array.from({ length: 50 }, (_, i) => [`raw ${i}`, `child ${i}`]).flat();
  assertEquals(items.map(({ line }) => line), expected);
});

test("what C writes through stdio is captured at the end of the eval", async () => {
  await using own = await testRemote();
  const code = "import ctypes; ctypes.CDLL(None).puts(b'from C'); None";
  assertEquals(await lines(own.remote.eval(code)), ["from C"]);
});

test("UTF-8 output is decoded across chunk boundaries", async () => {
  await using own = await testRemote();
  const code = `
import os, time
for byte in "grüße 😀 ende\\n".encode():
    os.write(1, bytes([byte]))
    time.sleep(0.002)`;
  assertEquals(await lines(own.remote.eval(code)), ["grüße 😀 ende"]);
});

test("output({ partial: true }) gives a line without an end while the code waits", async () => {
  await using own = await testRemote();
  const future = own.remote.eval(
    "import os, sys, time\nprint('10 %', end='\\r', flush=True)\nwhile not go: time.sleep(60)",
    { locs: { go: false } },
  );
  for await (const item of future.output({ partial: true })) {
    assertEquals(item, { id: future.id, fd: 1, line: "10 %", partial: true });
    future.cancel();
    break;
  }
  await future.waitNoExcept();
  const unknown = { part: true } as unknown as undefined;
  assertThrows(() => future.output(unknown), TypeError, "no option 'part'; there are raw, partial");
});

test("output({ raw: true }) gives the bytes", async () => {
  await using own = await testRemote();
  const code = "import os; os.write(1, bytes(range(256)) * 100); None";
  const future = own.remote.eval(code);
  const chunks = await all(future.output({ raw: true }));
  assert(chunks.every(({ fd, id, bytes }) => fd === 1 && id === 1 && bytes instanceof Uint8Array));
  const bytes = chunks.flatMap(({ bytes }) => [...bytes]);
  assertEquals(bytes, Array.from({ length: 25_600 }, (_, i) => i % 256));
});

test("invalid UTF-8 at the end of an eval's output belongs to that eval", async () => {
  await using own = await testRemote();
  // The server holds back what may be the start of a record of its own. Slept on, so that all of it
  // is read before the result is there.
  const code = "import os, time; os.write(fd, bytes([255])); time.sleep(0.01); None";
  for (let i = 0; i < 20; i++) {
    const fd = 1 + i % 2;
    const future = own.remote.eval(code, { locs: { fd } });
    const chunks = await all(future.output({ raw: true }));
    assertEquals(chunks.map(({ fd, bytes }) => [fd, ...bytes]), [[fd, 255]], `eval ${future.id}`);
  }
});

test("a thread's output belongs to the eval that started the thread", async () => {
  await using own = await testRemote();
  const code = `
import threading, time
def work(n):
    for i in range(20):
        print(tag, n, i)
        time.sleep(0.001)
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()`;
  const futures = ["a", "b", "c"].map((tag) => own.remote.eval(code, { locs: { tag } }));
  for (const [i, tag] of ["a", "b", "c"].entries()) {
    const got = await lines(futures[i]!);
    assertEquals(got.length, 80);
    assert(got.every((line) => line.startsWith(tag)), `a stray line in ${tag}: ${got}`);
  }
});

test("output after the end of the eval goes to logs() as late output", async () => {
  await using own = await testRemote();
  const future = own.remote.eval("import threading; threading.Timer(0.1, print, ['late']).start()");
  assertEquals(await lines(future), []);
  for await (const record of own.remote.logs()) {
    if (record.msg !== "late output") continue;
    assertEquals(record.future_id, future.id);
    assertEquals(record.text, "late\n");
    assertEquals(record.bytes, 5);
    break;
  }
});

test("logs() warns of a process that an eval leaves running, with its pid", async () => {
  await using own = await testRemote();
  const pid = await own.remote.eval<number>(
    "import subprocess; subprocess.Popen(['sleep', '60']).pid",
  );
  for await (const record of own.remote.logs()) {
    if (record.level !== "warn") continue;
    assert(JSON.stringify(record).includes(String(pid)), JSON.stringify(record));
    break;
  }
  await own.remote.eval("import os; os.kill(pid, 9)", { locs: { pid } });
});

test("remote.output() without a future yields every line with its eval's id, until the end", async () => {
  await using own = await testRemote();
  const early = own.remote.eval("print('early')");
  await early;
  const items = own.remote.output();
  const later = own.remote.eval("print('later')");
  assertEquals((await items.next()).value, { fd: 1, line: "early", id: early.id });
  assertEquals((await items.next()).value, { fd: 1, line: "later", id: later.id });
  // The future's own output is not taken away by it.
  assertEquals(await lines(later), ["later"]);
  const rest = all(items);
  await own.remote.close();
  assertEquals(await rest, []);
});

test("output() has one reader at a time, which can stop and start again", async () => {
  await using own = await testRemote();
  const future = own.remote.eval("for i in range(3): print(i)");
  const first = future.output();
  assertThrows(() => future.output(), TypeError, "it has a reader already");
  assertEquals((await first.next()).value, { fd: 1, line: "0", id: 1 });
  await first.return!();
  await future;
  const rest = (await lines(future)).length;
  // What was on its way to the reader that left is counted: two bytes a line.
  assertEquals(future.outputDropped + 2 * rest, 4);
});

test("of output that nobody reads the newest part is kept, and the dropped bytes are counted", async () => {
  await using own = await testRemote({ limits: { unreadOutputPerEval: 100_000 } });
  const future = own.remote.eval("for i in range(100_000): print('%09d' % i)");
  await future;
  // The result may be there first, and a reader gets what comes after it did: so all comes before.
  await until("all but what is kept is dropped", () => future.outputDropped >= 900_000);
  const kept = await lines(future);
  assertEquals(kept.at(-1), "000099999");
  assert(kept.length <= 10_001, `${kept.length} lines were kept`);
  // A dropped chunk may end within a line.
  const bytes = kept.reduce((sum, line) => sum + line.length + 1, 0);
  assertEquals(future.outputDropped + bytes, 1_000_000);
});

test("a slow reader makes the writer wait and loses nothing", async () => {
  await using own = await testRemote();
  const size = 30_000_000;
  const future = own.remote.eval(
    "import sys, time\nstart = time.monotonic()\nfor i in range(n): sys.stdout.write('x' * 99_999 + '\\n')\n",
    { locs: { n: size / 100_000 } },
  );
  const output = future.output({ raw: true });
  let bytes = (await output.next()).value!.bytes.length;
  // Everything between is full now and the code waits: it cannot end before we go on.
  await assertRejects(() => future.wait({ timeout: 300 }));
  assert(!future.done);
  for await (const chunk of output) bytes += chunk.bytes.length;
  assertEquals(bytes, size);
  await future;
});

test("output of print, os.write, a subprocess and a thread belongs to the right eval in eight sessions", async () => {
  await using server = await testServer();
  const remotes = await Promise.all(Array.from({ length: 8 }, () => connect(server.addr)));
  const code = `
import os, subprocess, threading
print("print", tag)
os.write(1, b"write %d\\n" % tag)
subprocess.run(["echo", "child", str(tag)])
thread = threading.Thread(target=lambda: print("thread", tag))
thread.start()
thread.join()`;
  const expected = ["print", "write", "child", "thread"];
  await Promise.all(remotes.map(async (remote, session) => {
    const futures = Array.from({ length: 10 }, (_, i) => session * 100 + i)
      .map((tag) => ({ tag, future: remote.eval(code, { locs: { tag } }) }));
    for (const { tag, future } of futures) {
      assertEquals(await lines(future), expected.map((word) => `${word} ${tag}`));
    }
  }));
  await Promise.all(remotes.map((remote) => remote.close()));
});

test("when the session closes, output() of an eval throws, and output() of all evals ends", async () => {
  await using own = await testRemote();
  const future = own.remote.eval("import time; print('a'); time.sleep(60)");
  const every = own.remote.output();
  const output = future.output();
  assertEquals((await output.next()).value?.line, "a");
  const closing = own.remote.close();
  const error = await assertRejects(() => all(output));
  assertInstanceOf(error, SessionClosedError);
  assertEquals((await all(every)).map(({ line }) => line), ["a"]);
  await closing;
  await assertRejects(() => all(future.output()), SessionClosedError);
  await assertRejects(() => future.wait(), SessionClosedError);
});
