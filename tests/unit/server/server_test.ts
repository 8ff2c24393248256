import { assert, assertEquals, assertMatch } from "@std/assert";
import { decode } from "@std/msgpack";
import { frameBytes } from "../../../src/wire/frame.ts";
import { MessageType, ResultStatus } from "../../../src/wire/messages.ts";
import { evalBody } from "../../eval_body.ts";
import { RawSession } from "../../raw_client.ts";
import { sharedServer, shareServer, start, until } from "../../raw_server.ts";

shareServer();

Deno.test("server evaluates, and sends output and its end", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  assertMatch(session.hello.session_id, /^[0-9a-f]{32}$/);
  assertMatch(session.hello.output_addr, /^:\d+$/);
  assertEquals(await session.value("2 + 2"), 4);
  const id = await session.send("print(hello); 7", { locs: { hello: "hello world" } });
  const { status, values } = await session.result(id);
  assertEquals([status, decode(values)], [ResultStatus.VALUE, 7]);
  assertEquals(await session.text(id), "hello world\n");
});

Deno.test("server says SILENT in the result of an eval that wrote nothing, where that is known", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const silent = { silent: true };
  // From the third on a lone eval is taken for one.
  for (let id = 1; id <= 5; id++) assertEquals(await session.value("1", silent), 1);
  assert(session.silent.has(5));
  const loud = await session.send("print('loud')", silent);
  assertEquals(await session.text(loud), "loud\n");
  assert(!session.silent.has(loud));
  const before = session.ended;
  for (let i = 0; i < 5; i++) await session.eval("2", silent);
  assertEquals(session.ended, before);
  // Who does not know of it is told by OUTPUT_END.
  const last = await session.send("3");
  assertEquals(await session.text(last), "");
  assert(!session.silent.has(last));
});

Deno.test("server tells apart what 900 evals write that are all there at once", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const codes = [
    "i",
    "print(i)",
    "import os; os.write(1, b'%d' % i)",
    "import os; os.write(2, b'%d' % i)",
    "import sys; print(i, file=sys.stderr)",
    "1 / 0",
  ];
  const written = [/^$/, /^\d+\n$/, /^\d+$/, /^\d+$/, /^\d+\n$/, /^$/];
  const go = await Deno.makeTempFile();
  await Deno.remove(go);
  const wait = "import os\nwhile not os.path.exists(go): pass";
  const first = await session.send(wait, { locs: { go } });
  let seed = 1;
  const ids = new Map<number, number>();
  for (let i = 0; i < 900; i++) {
    // Long runs of silent ones, with one or a few that write in between.
    seed = seed * 48271 % 2147483647;
    const which = seed % 40 < 5 ? seed % 40 : seed % 2 === 0 ? 0 : 5;
    ids.set(await session.send(codes[which]!, { locs: { i }, silent: true }), which);
  }
  await Deno.writeTextFile(go, "");
  await session.result(first);
  await Deno.remove(go);
  for (const [id, which] of ids) {
    await session.result(id);
    const isOver = () => session.silent.has(id) || session.ended >= id || undefined;
    await session.until(isOver, `the end of the output of ${id}`);
    const pieces = session.written.get(id) ?? [];
    const text = pieces.map(({ bytes }) => new TextDecoder().decode(bytes)).join("");
    assertMatch(text, written[which]!);
    if (text !== "") assertEquals(Number(text), id - first - 1);
  }
  const quiet = [...ids].filter(([, which]) => which === 0 || which === 5);
  assert(session.silent.size <= quiet.length);
});

Deno.test("server sends results also while nothing follows them, however many evals wait", async () => {
  // A PING would bring them along.
  await using server = await start({ limits: { pingIntervalMs: 600_000 } });
  await using session = await RawSession.connect(server.addr);
  const quick: number[] = [];
  for (let i = 0; i < 200; i++) quick.push(await session.send(`${i}`));
  const slow = await session.send("import time; time.sleep(600)");
  for (let i = 0; i < 200; i++) await session.send(`${i}`);
  for (const [i, id] of quick.entries()) assertEquals(decode((await session.result(id)).values), i);
  assertEquals(session.results.has(slow), false);
});

Deno.test("server sends output in order and by descriptor", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const id = await session.send(`
import os, sys, subprocess
print("one")
print("two", file=sys.stderr)
os.write(1, b"three\\n")
subprocess.run(["echo", "four"])
print("five")
os.write(2, b"raw\\n")
`);
  assertEquals(await session.text(id, 1), "one\nthree\nfour\nfive\n");
  assertEquals((await session.text(id, 2)).split("\n").toSorted(), ["", "raw", "two"]);
});

Deno.test("server sends a line while the eval that printed it still runs", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const id = await session.send("print('now')\nimport time\nwhile True: time.sleep(0.01)");
  await session.until(() => session.written.get(id), "the line");
  assertEquals(session.results.has(id), false);
  await session.cancel(id);
  assertEquals((await session.result(id)).control, { how: "interrupted" });
});

Deno.test("server runs a thousand evals sent at once, in order", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  await session.value("0");
  const code = "print(i); i";
  const frames: Uint8Array[] = [];
  for (let i = 0; i < 1_000; i++) {
    const body = evalBody(code, [{ i }, null]);
    frames.push(frameBytes(MessageType.EVAL, 0, 2 + i, body));
  }
  await session.main.send(new Uint8Array(await new Blob(frames as BlobPart[]).arrayBuffer()));
  assertEquals(await session.text(1_001), "999\n");
  for (let i = 0; i < 1_000; i++) {
    assertEquals(decode((await session.result(2 + i)).values), i);
    assertEquals(await session.text(2 + i), `${i}\n`);
  }
});

Deno.test("server refuses the thousand-and-first eval in flight", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  for (let i = 0; i < 1_001; i++) await session.send("import time; time.sleep(0.1)");
  assertEquals(await session.closed(), "LIMIT");
});

Deno.test("server passes a large value through, both ways", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const data = crypto.getRandomValues(new Uint8Array(60_000));
  const large = new Uint8Array(3_000_000);
  for (let at = 0; at < large.length; at += data.length) large.set(data, at);
  assertEquals(await session.value("data", { locs: { data: large } }), large);
});

Deno.test("server tells of an exception, and goes on", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const { status, values } = await session.eval("1 / 0");
  assertEquals(status, ResultStatus.PYTHON_ERROR);
  assertEquals((decode(values) as Record<string, unknown>).type, "ZeroDivisionError");
  assertEquals(await session.value("1"), 1);
});

Deno.test("server loses the eval that killed its process, and runs those behind it", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  await using other = await RawSession.connect(server.addr);
  const before = await session.send("print('before')");
  const killer = await session.send(
    "print('last words', flush=True); import os; os.kill(os.getpid(), 9)",
  );
  const behind = await Promise.all([1, 2, 3].map((n) => session.send(`print(${n}); ${n}`)));
  const others = await Promise.all([4, 5].map((n) => other.send(`${n}`)));
  assertEquals((await session.result(before)).status, ResultStatus.VALUE);
  const lost = await session.result(killer);
  assertEquals([lost.status, lost.control], [ResultStatus.DIED, { signal: "SIGKILL" }]);
  assertEquals(await session.text(before), "before\n");
  assertEquals(await session.text(killer), "last words\n");
  for (const [i, id] of behind.entries()) {
    assertEquals(decode((await session.result(id)).values), i + 1);
    assertEquals(await session.text(id), `${i + 1}\n`);
  }
  for (const [i, id] of others.entries()) {
    assertEquals(decode((await other.result(id)).values), i + 4);
  }
});

Deno.test("server tells the exit code of a process that ended itself", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const { status, control } = await session.eval("import os; os._exit(3)");
  assertEquals([status, control], [ResultStatus.DIED, { exit_code: 3 }]);
  assertEquals(await session.value("'alive'"), "alive");
});

Deno.test("server brings results of quick evals while the one behind them runs on", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const go = await Deno.makeTempFile();
  const wait = `import os\nwhile os.path.exists(${JSON.stringify(go)}): pass`;
  // The first rounds teach the scheduler that these are quick, so that all are handed over ahead.
  for (let round = 0; round < 20; round++) {
    const quick = await Promise.all(Array.from({ length: 30 }, () => session.send("1")));
    const slow = round === 19 ? await session.send(wait) : undefined;
    for (const id of quick) assertEquals(decode((await session.result(id)).values), 1);
    if (slow === undefined) continue;
    await Deno.remove(go);
    assertEquals((await session.result(slow)).status, ResultStatus.VALUE);
  }
});

Deno.test("server keeps a pool whole that every eval kills", async () => {
  await using server = await start({ numWorkers: 2 });
  await using poison = await RawSession.connect(server.addr);
  await using other = await RawSession.connect(server.addr);
  for (let i = 0; i < 10; i++) await poison.send("import os; os.kill(os.getpid(), 11)");
  assertEquals(await other.value("1"), 1);
  for (let id = 1; id <= 10; id++) {
    assertEquals((await poison.result(id)).control, { signal: "SIGSEGV" });
  }
  await until(() => server.stats().processes.every(({ state }) => state === "ready"));
});

Deno.test("server drops a waiting eval, interrupts a running one, and kills a stubborn one", async () => {
  await using server = await start({ limits: { cancelGraceMs: 200, tickMs: 20 } });
  await using session = await RawSession.connect(server.addr);
  const running = await session.send("print('running')\nwhile True: pass");
  const waiting = await session.send("print('never')");
  const last = await session.send("'last'");
  await session.until(() => session.written.get(running), "the first line");
  await session.cancel(waiting);
  assertEquals((await session.result(waiting)).control, { how: "queued" });
  await session.cancel(running);
  assertEquals((await session.result(running)).control, { how: "interrupted" });
  assertEquals(decode((await session.result(last)).values), "last");
  assertEquals(await session.text(waiting), "");

  // What comes at the jump to the first instruction of a `try` body is not caught in Python 3.11: so
  // the loop is not the first.
  const stubborn = await session.send(`
while True:
    try:
        print("begun")
        while True: print("stubborn")
    except KeyboardInterrupt:
        pass
`);
  const next = await session.send("'next'");
  await session.until(() => session.written.get(stubborn), "the stubborn line");
  await session.cancel(stubborn);
  const { status, control } = await session.result(stubborn);
  assertEquals([status, control], [ResultStatus.CANCELLED, { how: "killed" }]);
  assertEquals(decode((await session.result(next)).values), "next");
});

Deno.test("server ignores a cancel of what has its result, or never was", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  await session.eval("1");
  await session.cancel(1);
  await session.cancel(77);
  assertEquals(await session.value("2"), 2);
});

Deno.test("server keeps namespaces, and says once that one is gone", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const namespace = "mine";
  await session.eval("x = 1", { namespace });
  assertEquals(await session.value("x", { namespace }), 1);
  await session.eval("import os; os._exit(0)");
  const { status, control } = await session.eval("x", { namespace });
  assertEquals([status, control], [ResultStatus.NAMESPACE_GONE, { namespace }]);
  assertEquals(await session.value("'x' in globals()", { namespace }), false);
});

Deno.test("server forgets the namespaces of a session that ends", async () => {
  await using server = await start();
  const code = `
class Witness:
    def __del__(self): open(path, "w").close()
witness = Witness()
`;
  const path = await Deno.makeTempFile();
  await Deno.remove(path);
  await using other = await RawSession.connect(server.addr);
  {
    await using session = await RawSession.connect(server.addr);
    await session.eval(code, { namespace: "n", locs: { path } });
    await session.eval(`path = ${JSON.stringify(path)}; globals().update(path=path)`, {
      namespace: "n",
    });
    assertEquals(await session.value("1"), 1);
  }
  await until(() => server.stats().sessions === 1);
  await other.value("__import__('gc').collect()");
  assert((await Deno.stat(path)).isFile);
  await Deno.remove(path);
});

Deno.test("server sends late output of a thread as a log record", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const id = await session.send(
    `
import threading
go = threading.Event()
def late():
    go.wait()
    print("too late")
threading.Thread(target=late).start()
`,
    { namespace: "n" },
  );
  assertEquals(await session.text(id), "");
  await session.eval("go.set(); import time; time.sleep(0.1)", { namespace: "n" });
  const late = () => session.logs.filter(({ msg }) => msg === "late output");
  const text = () => late().map((log) => log.text).join("");
  await session.until(() => text() === "too late\n" || undefined, "the records");
  const [log] = late();
  assertEquals([log!.future_id, log!.fd, log!.session_id], [id, 1, session.hello.session_id]);
  assertEquals(log!.bytes, (log!.text as string).length);
});

Deno.test("server spreads sessions over its processes, and runs them in parallel", async () => {
  await using server = await start({ numWorkers: 2 });
  await using a = await RawSession.connect(server.addr);
  await using b = await RawSession.connect(server.addr);
  await a.send("import time\nwhile True: time.sleep(0.01)");
  assertEquals(await b.value("1"), 1);
  assertEquals(a.results.size, 0);
});
