/** Requests in the middle of an eval: from any thread, with cancels, forks and broken sockets. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";
import { frame, jobOf, payload, type RequestFrame, RequestType } from "../link/link_requests.ts";

const PING =
  "from pyproxy_worker.link import requests\nfrom pyproxy_worker.link.requests import ping\n";

/** Asks in threads of its own; `replies` has what came. */
const THREADS = PING + `import threading
replies = {}
def ask(name):
    try:
        replies[name] = ping(name.encode()).decode()
    except Exception as error:
        replies[name] = repr(error)
def start(name):
    thread = threading.Thread(target=ask, args=(name,))
    thread.start()
    return thread
`;

const text = (request: RequestFrame): string => new TextDecoder().decode(payload(request));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python requests ${what} (${name})`, run);

  test("get what the server replies, of any size", async () => {
    await using client = await LinkClient.start(python);
    client.requests.echo();
    for (const size of [0, 1, 65_536, 3_000_000]) {
      const { value } = await client.eval(
        `${PING}data = (bytes(range(251)) * (${size} // 251 + 1))[:${size}]
ping(data) == data`,
      );
      assertEquals(value, true, `${size} bytes`);
    }
  });

  test("say which job they are of, in a thread that has outlived it as well", async () => {
    await using client = await LinkClient.start(python);
    const first = client.send(
      `${THREADS}go = threading.Event()
def late():
    go.wait()
    ask("late")
threading.Thread(target=late).start()
ping()`,
      { namespace: "kept" },
    );
    const early = await client.requests.next();
    await client.requests.reply(early.id, payload(early));
    await client.answer(first);
    const second = client.send("go.set()\nping()", { namespace: "kept" });
    const jobs = new Set<number>();
    for (let i = 0; i < 2; i++) {
      const request = await client.requests.next();
      jobs.add(jobOf(request));
      await client.requests.reply(request.id, payload(request));
    }
    await client.answer(second);
    assertEquals([jobOf(early), jobs], [first, new Set([first, second])]);
    const { value } = await client.eval(
      "import time\nwhile 'late' not in replies: time.sleep(0.001)\nreplies",
      { namespace: "kept" },
    );
    assertEquals(value, { late: "late" });
  });

  test("take a reply however it is cut", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(`${PING}[ping(b"%d" % i) for i in range(3)]`);
    for (let i = 0; i < 3; i++) {
      const { id } = await client.requests.next();
      // The reply of a request that nobody has made is dropped.
      const whole = [
        frame(RequestType.REPLY, 77, bytes("nobody's")),
        frame(0x65, id, bytes(`${i}!`)),
      ];
      for (const part of whole) {
        for (const byte of part) {
          await client.requests.write(Uint8Array.of(byte));
          await delay(0);
        }
      }
    }
    assertEquals((await client.answer(job)).value, ["0!", "1!", "2!"].map(bytes));
  });

  test("parse any stream of replies, cut anywhere, without a socket", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`
from pyproxy_worker.link.exchange import Call, Exchange, HEADER, VERSION
from pyproxy_worker.codec.codec import encode
bodies = [b"", b"one", b"x" * 300, b"abandoned" * 40]
stream = b"".join(HEADER.pack(0, VERSION, 0x65, 0, len(b), i + 1) + b for i, b in enumerate(bodies))
no = encode({"message": "no"})
stream += HEADER.pack(0, VERSION, 0x66, 0, len(no), 5) + no
wrong = []
def result(call):
    try:
        return bytes(call.result())
    except RuntimeError as error:
        return str(error)
for size in range(1, len(stream) + 1):
    exchange, calls = Exchange(), [Call(0) for _ in range(5)]
    for call in calls:
        exchange.begin(call, 1, 0, b"")
    exchange.leave(calls[3])
    for at in range(0, len(stream), size):
        exchange.receive(lambda _: stream[at : at + size])
    got = [call.is_over and result(call) for call in calls]
    if got != [*bodies[:3], False, "no"] or exchange._inbox:
        wrong.append((size, got))
wrong`);
    assertEquals(value, []);
  });

  test("write whole frames, however little is taken at once, without a socket", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`
from pyproxy_worker.link.exchange import Call, Exchange, HEADER, VERSION
out, wrong = bytearray(), []
for size in range(1, 40):
    exchange, calls = Exchange(), [Call(0) for _ in range(3)]
    out.clear()
    def write(data):
        if len(out) % (size + 1) == size:
            out.extend(data[:1])
            raise_at.append(len(out))
            return 1
        out.extend(data[:size])
        return min(size, len(data))
    raise_at = []
    for call in calls:
        exchange.begin(call, 7, 9, b"body")
    first = calls[0].piece
    first.send(write)
    exchange.leave(calls[0])  # begun: it goes out whole, and is abandoned
    exchange.leave(calls[1])  # not begun: it never goes out
    exchange.send(write)
    frames, at = [], 0
    while at < len(out):
        _, _, kind, flags, length, ident = HEADER.unpack_from(out, at)
        frames.append((kind, flags, ident, bytes(out[at + 12 : at + 12 + length])))
        at += 12 + length
    body = b"\\0\\0\\0\\x09body"
    if frames != [(0x64, 7, 1, body), (0x64, 7, 3, body), (0x67, 0, 1, b"")]:
        wrong.append((size, frames))
wrong`);
    assertEquals(value, []);
  });

  test("of many threads each get their own reply, in any order", async () => {
    await using client = await LinkClient.start(python);
    const names = Array.from({ length: 8 }, (_, i) => `thread ${i}`);
    const job = client.send(`${THREADS}
for thread in [start("thread %d" % i) for i in range(8)]: thread.join()
replies`);
    const requests: RequestFrame[] = [];
    for (let i = 0; i < 8; i++) requests.push(await client.requests.next());
    for (const request of requests.toSorted((a, b) => text(b).localeCompare(text(a)))) {
      await client.requests.reply(request.id, payload(request));
      await delay(1);
    }
    const wanted = Object.fromEntries(names.map((name) => [name, name]));
    assertEquals((await client.answer(job)).value, wanted);
  });

  test("of many threads at full rate stay in step", async () => {
    await using client = await LinkClient.start(python);
    client.requests.echo();
    const { value } = await client.eval(`${PING}import threading
wrong = []
def ask(name):
    for i in range(300):
        data = b"%d %d " % (name, i) * (i % 50)
        if ping(data) != data: wrong.append((name, i))
threads = [threading.Thread(target=ask, args=(name,)) for name in range(8)]
for thread in threads: thread.start()
ask(8)
for thread in threads: thread.join()
wrong`);
    assertEquals(value, []);
  });

  test("raise what the server refuses with, and the next is answered", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(`${PING}try:
    requests.current.request(99, b"?")
except RuntimeError as error:
    said = str(error)
said, ping(b"on")`);
    const refused = await client.requests.next();
    assertEquals([refused.flags, text(refused)], [99, "?"]);
    await client.requests.fail(refused.id, "there is no such thing");
    client.requests.echo();
    assertEquals((await client.answer(job)).value, ["there is no such thing", bytes("on")]);
  });

  test("end by a cancel while they wait, and drop the reply that comes then", async () => {
    await using client = await LinkClient.start(python);
    for (let i = 0; i < 20; i++) {
      const job = client.send(`${PING}ping(b"lost")`);
      const lost = await client.requests.next();
      assertEquals((await client.stop(job)).status, Status.CANCELLED);
      assertEquals((await client.requests.next(RequestType.ABANDON)).id, lost.id);
      const next = client.send(`${PING}ping(b"mine")`);
      const { id } = await client.requests.next();
      await client.requests.reply(lost.id, bytes("lost"));
      await client.requests.reply(id, bytes("mine"));
      assertEquals((await client.answer(next)).value, bytes("mine"));
    }
  });

  test("of other threads are read on when their reader is cancelled", async () => {
    await using client = await LinkClient.start(python);
    for (let i = 0; i < 20; i++) {
      // The main thread asks first, and reads.
      const job = client.send(
        `${THREADS}
def later():
    while requests.current._reader is None: pass
    for name in names: start(name)
names = ["a", "b", "c"]
threading.Thread(target=later).start()
ping(b"main")`,
        { namespace: "kept" },
      );
      const asked = new Map<string, number>();
      while (asked.size < 4) {
        const request = await client.requests.next();
        asked.set(text(request), request.id);
      }
      assertEquals((await client.stop(job)).status, Status.CANCELLED);
      for (const name of ["c", "a", "b"]) {
        await client.requests.reply(asked.get(name)!, bytes(name));
      }
      const { value } = await client.eval(
        "import time\nwhile len(replies) < 3: time.sleep(0.001)\nreplies",
        { namespace: "kept" },
      );
      assertEquals(value, { a: "a", b: "b", c: "c" });
    }
  });

  test("stay in step through cancels at any instant", async () => {
    await using client = await LinkClient.start(python);
    client.requests.echo();
    await client.eval(
      `${THREADS}
def check(data):
    if ping(data) != data: raise SystemError("another's reply")
def background():
    for i in range(10 ** 9):
        if stop.is_set(): return
        check(b"background %d" % i)
stop = threading.Event()
background_error = []
def guarded():
    try:
        background()
    except BaseException as error:
        background_error.append(repr(error))
threading.Thread(target=guarded).start()`,
      { namespace: "kept" },
    );
    let cancelled = 0;
    for (let i = 0; i < 400; i++) {
      const size = [1, 100, 300_000][i % 3];
      const job = client.send(
        `
for i in range(10 ** 9): check(b"%d " % i * ${size})`,
        { namespace: "kept" },
      );
      await client.until(() => client.started() === job, "the start", 1);
      await delay(Math.random() * 4);
      const { status, value } = await client.stop(job);
      assertEquals(status, Status.CANCELLED, value?.traceback);
      cancelled++;
    }
    const { value } = await client.eval(
      "stop.set()\ncheck(b'at last')\nbackground_error, len(requests.current._exchange.calls) <= 1",
      { namespace: "kept" },
    );
    assertEquals([value, cancelled], [[[], true], 400]);
    assertEquals(client.notes, []);
  });

  test("stay in step through exceptions of a signal handler of the code's own", async () => {
    await using client = await LinkClient.start(python);
    client.requests.echo();
    const { value } = await client.eval(`${PING}import random, signal
class Alarm(Exception): pass
def ring(*_): raise Alarm
signal.signal(signal.SIGALRM, ring)
alarms = pings = 0
for i in range(600):
    data = b"%d " % i * random.choice((1, 100, 100_000))
    try:
        signal.setitimer(signal.ITIMER_REAL, random.random() / 1_000)
        while True:
            pings += 1
            if ping(data) != data: raise SystemError("another's reply")
    except Alarm:
        alarms += 1
signal.setitimer(signal.ITIMER_REAL, 0)
alarms, pings > 100, ping(b"on"), len(requests.current._exchange.calls)`);
    assertEquals(value, [600, true, bytes("on"), 0]);
  });

  test("that are large are cancelled while the server reads nothing, and leave a whole frame", async () => {
    await using client = await LinkClient.start(python);
    const { promise, resolve } = Promise.withResolvers<void>();
    client.requests.paused = promise;
    // It reads once more before it looks.
    await client.requests.write(frame(RequestType.REPLY, 77, new Uint8Array()));
    const job = client.send(`${PING}print("asks")\nping(bytes(5_000_000))`);
    await client.until(() => client.pieces[1]!.some((piece) => piece.job === job), "the start");
    await delay(20);
    assertEquals((await client.stop(job)).status, Status.CANCELLED);
    resolve();
    const next = client.send(`${PING}ping(b"next")`);
    const large = await client.requests.next();
    assertEquals(payload(large).length, 5_000_000);
    assertEquals((await client.requests.next(RequestType.ABANDON)).id, large.id);
    const { id } = await client.requests.next();
    await client.requests.reply(large.id, bytes("late"));
    await client.requests.reply(id, bytes("next"));
    assertEquals((await client.answer(next)).value, bytes("next"));
  });

  test("take a huge reply", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(
      `${PING}data = ping()\nlen(data), data[:3], data[-3:], data.count(7)`,
    );
    const { id } = await client.requests.next();
    const huge = new Uint8Array(100_000_000).fill(7);
    huge.set([1, 2, 3]);
    huge.set([4, 5, 6], huge.length - 3);
    await client.requests.reply(id, huge);
    const { value } = await client.answer(job);
    assertEquals(value, [huge.length, huge.slice(0, 3), huge.slice(-3), huge.length - 6]);
  });

  test("that lack memory for a reply say so, and the next is answered", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(`${PING}import resource
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (100 << 20), resource.RLIM_INFINITY))
try:
    ping(b"much")
except MemoryError as error:
    said = str(error)
said, ping(b"on")`);
    const { id } = await client.requests.next();
    await client.requests.reply(id, new Uint8Array(150_000_000));
    client.requests.echo();
    const { value } = await client.answer(job);
    const message = "there is no memory for the reply, which has 150000000 bytes";
    assertEquals(value, [message, bytes("on")]);
  });

  test("believe no length before its bytes are there", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(`${PING}import threading
def size(): return int(open("/proc/self/statm").read().split()[1]) * 4096
before = size()
after = []
def look():
    while not requests.current._exchange._inbox: pass
    after.append(size())
    print("seen")
threading.Thread(target=look).start()
try: ping()
except RuntimeError: pass
after[0] - before`);
    const { id } = await client.requests.next();
    const claim = frame(RequestType.REPLY, id, new Uint8Array());
    new DataView(claim.buffer).setUint32(4, 256 * 1024 * 1024);
    await client.requests.write(claim);
    await client.requests.write(bytes("a few"));
    await client.until(() => client.pieces[1]!.some((piece) => piece.job === job), "its start");
    await client.requests.close();
    assertLess((await client.answer(job)).value, 16 * 1024 * 1024);
  });

  test("are refused in a forked child, and go on in its parent", async () => {
    await using client = await LinkClient.start(python);
    client.requests.echo();
    const { value } = await client.eval(`${THREADS}import os, signal
statuses = set()
stop = threading.Event()
def background():
    while not stop.is_set(): ping(b"x" * 1000)
threading.Thread(target=background).start()
for i in range(50):
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)
        try:
            ping()
        except RuntimeError as error:
            os._exit(3 if "a forked child cannot ask the server" in str(error) else 4)
        os._exit(5)
    statuses.add(os.waitpid(pid, 0)[1] >> 8)
stop.set()
[*statuses], ping(b"parent")`);
    assertEquals(value, [[3], bytes("parent")]);
  });

  test("are refused in a child that C has forked, whoever had the lock", async () => {
    await using client = await LinkClient.start(python);
    const { answer } = await client.run(`${PING}import ctypes, os, signal, threading
lock = requests.current._lock
ready, stop = threading.Event(), threading.Event()
def hold():
    with lock:
        ready.set()
        stop.wait()
thread = threading.Thread(target=hold)
libc = ctypes.PyDLL(None)
fork, leave = libc.fork, libc._exit
thread.start()
ready.wait()
pid = fork()
if pid == 0:
    signal.alarm(10)
    try:
        ping()
    except RuntimeError:
        leave(3)
    leave(4)
stop.set()
os.waitpid(pid, 0)[1] >> 8`);
    assertEquals(answer.value, 3);
  });

  test("have a descriptor that no program inherits", async () => {
    await using client = await LinkClient.start(python);
    client.requests.echo();
    const { value } = await client.eval(`${PING}import os, subprocess
def sockets(text): return [line for line in text.split() if line.startswith("socket:")]
own = sockets(" ".join(os.readlink("/proc/self/fd/" + fd) for fd in os.listdir("/proc/self/fd")
                       if os.path.exists("/proc/self/fd/" + fd) or os.path.islink("/proc/self/fd/" + fd)))
code = "import os\\nfor fd in os.listdir('/proc/self/fd'):\\n  try: print(os.readlink('/proc/self/fd/' + fd))\\n  except OSError: pass"
there = subprocess.run([${
      JSON.stringify(python)
    }, "-c", code], close_fds=False, capture_output=True, text=True)
len(own), sockets(there.stdout), ping(b"on")`);
    assertEquals(value, [2, [], bytes("on")]);
  });

  test("raise, and do not hang, once code has closed their descriptor", async () => {
    for (
      const close of ["os.close(fd)", "os.closerange(fd, fd + 1)", "os.dup2(os.pipe()[0], fd)"]
    ) {
      await using client = await LinkClient.start(python);
      client.requests.echo();
      const { value } = await client.eval(`${PING}import os
ping()
fd = requests.current._fd
${close}
said = []
for _ in range(2):
    try:
        ping(b"once more")
    except RuntimeError as error:
        said.append(str(error))
said`);
      assertEquals(value.length, 2);
      for (const message of value) {
        assertMatch(message, /^Cannot ask the server: the connection is broken \(.*\)$/);
      }
    }
  });

  test("raise in every thread once the server has closed its end", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(`${THREADS}
threads = [start("abc"[i]) for i in range(3)]
ask("main")
for thread in threads: thread.join()
ask("later")
sorted(set(replies.values())), len(replies)`);
    for (let i = 0; i < 4; i++) await client.requests.next();
    await client.requests.close();
    const { value: [messages, count] } = await client.answer(job);
    assertEquals(count, 5);
    for (const message of messages) assertStringIncludes(message, "Cannot ask the server: ");
    assertEquals((await client.eval("2 + 2")).value, 4);
  });

  test("raise what is wrong if the server breaks the rules", async () => {
    const wrong: [Uint8Array, string][] = [
      [new Uint8Array(12).fill(5), "it sent a frame that starts with b'\\\\x05\\\\x05'"],
      [frame(0x10, 1, bytes("x")), "it sent a frame of type 0x10"],
    ];
    for (const [sent, message] of wrong) {
      await using client = await LinkClient.start(python);
      const job = client.send(`${THREADS}ask("it")\nreplies["it"]`);
      await client.requests.next();
      await client.requests.write(sent);
      assertStringIncludes((await client.answer(job)).value, `Cannot ask the server: ${message}`);
    }
  });

  test("are refused in a signal handler of a thread that waits for a reply", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(`${PING}import signal
said = []
def ring(*_):
    try:
        ping(b"nested")
    except RuntimeError as error:
        said.append(str(error))
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.01)
ping(b"outer")
said`);
    const { id } = await client.requests.next();
    await delay(100);
    await client.requests.reply(id, bytes("outer"));
    const { value: [said] } = await client.answer(job);
    assertStringIncludes(said, "this thread waits for a reply already");
    assertEquals(client.requests.frames, []);
  });

  test("that are no bytes, or too many, are refused where they are made", async () => {
    await using client = await LinkClient.start(python);
    client.requests.echo();
    const { value } = await client.eval(`${PING}said = []
for wrong in ("text", None, bytes(256 * 1024 * 1024)):
    try:
        ping(wrong)
    except (TypeError, ValueError) as error:
        said.append(type(error).__name__ + ": " + str(error))
said, ping(b"on")`);
    const [[text, none, many], on] = value;
    assert(text.startsWith("TypeError") && none.startsWith("TypeError"), `${text} ${none}`);
    assertEquals(
      many,
      "ValueError: Cannot ask the server: the request has 268435456 bytes, and may have 268435452",
    );
    assertEquals(on, bytes("on"));
  });

  test("end with the process while they wait", async () => {
    await using client = await LinkClient.start(python);
    client.send(`${PING}ping()`);
    await client.requests.next();
    client.command("K");
    assertEquals((await client.exit).signal, "SIGKILL");
    await client.requests.ended;
  });
}
