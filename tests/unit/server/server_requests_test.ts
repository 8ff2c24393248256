// Requests in the middle of an eval, with the whole server: cancels, deaths, ends of sessions.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { ServerLogRecord } from "../../../fake_server/common/log.ts";
import { CancelledError, connect, PythonError, RemoteProcessDiedError } from "../../../mod.ts";
import { start, until } from "../../raw_server.ts";

const PING =
  "from pyproxy_worker.link import requests\nfrom pyproxy_worker.link.requests import ping\n";
const PID = "import os; os.getpid()";

/** Asks for ever, and of another thread as well, and prints once it has begun. */
const FLOOD = `${PING}import threading
stop = threading.Event()
def ask():
    i = 0
    while not stop.is_set():
        i += 1
        data = b"%d " % i * (1 if i % 2 else 20_000)
        if ping(data) != data: raise SystemError("another's reply")
        if i == 5: print("asks")
threads = [threading.Thread(target=ask) for _ in range(3)]
for thread in threads: thread.start()
try:
    ask()
finally:
    stop.set()
    for thread in threads: thread.join()
`;

/** Waits for the first line. */
async function begun(future: { output(): AsyncIterable<unknown> }): Promise<void> {
  for await (const _ of future.output()) return;
}

Deno.test("server answers a ping in the middle of an eval, and 8 threads at once", async () => {
  await using server = await start();
  await using remote = await connect(server.addr);
  assertEquals(await remote.eval(`${PING}ping(b"there").decode() + " and back"`), "there and back");
  const code = `${PING}from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool: replies = list(pool.map(ping, [b"%d" % i for i in range(800)]))
replies == [b"%d" % i for i in range(800)]`;
  assertEquals(await remote.eval(code), true);
});

Deno.test("server cancels an eval that asks, and its process goes on for everybody", async () => {
  await using server = await start({ numWorkers: 1 });
  await using remote = await connect(server.addr);
  await using another = await connect(server.addr);
  const pid = await another.eval(PID);
  for (let i = 0; i < 15; i++) {
    const future = remote.eval(FLOOD);
    await begun(future);
    future.cancel();
    await assertRejects(async () => await future, CancelledError);
    assertEquals(await another.eval(`${PING}ping(b"on").decode()`), "on");
  }
  assertEquals(await another.eval(PID), pid, "the process was replaced");
});

Deno.test("server survives the death of a process whose code asks", async () => {
  const log: ServerLogRecord[] = [];
  await using server = await start({ numWorkers: 1, log: (record) => log.push(record) });
  await using remote = await connect(server.addr);
  for (let i = 0; i < 3; i++) {
    const pid = await remote.eval<number>(PID);
    const future = remote.eval(FLOOD);
    await begun(future);
    Deno.kill(pid, "SIGKILL");
    await assertRejects(async () => await future, RemoteProcessDiedError);
    assertEquals(await remote.eval(`${PING}ping(b"on").decode()`), "on");
  }
  assertEquals(log.filter(({ level }) => level === "error"), []);
});

Deno.test("server closes a session whose eval asks, and serves the others", async () => {
  await using server = await start({ numWorkers: 1 });
  await using another = await connect(server.addr);
  const remote = await connect(server.addr);
  const future = remote.eval(FLOOD);
  await begun(future);
  const outcome = future.waitNoExcept();
  await remote.close();
  assert(!(await outcome).ok);
  assertEquals(await another.eval(`${PING}ping(b"on").decode()`), "on");
});

Deno.test("server answers a thread that has outlived its eval, and its session", async () => {
  await using server = await start({ numWorkers: 1 });
  await using another = await connect(server.addr);
  {
    await using remote = await connect(server.addr);
    await remote.eval(`${PING}import json, threading
json.go, json.said = threading.Event(), []
def late():
    json.go.wait()
    json.said.append(ping(b"late"))
threading.Thread(target=late).start()`);
  }
  const code =
    "import json, time\njson.go.set()\nwhile not json.said: time.sleep(0.001)\njson.said[0]";
  assertEquals(await another.eval(code), new TextEncoder().encode("late"));
});

Deno.test("server refuses a request of a kind that it does not know", async () => {
  await using server = await start();
  await using remote = await connect(server.addr);
  const error = await assertRejects(
    async () => await remote.eval(`${PING}requests.current.request(200)`),
    PythonError,
  );
  assertStringIncludes(error.message, "the server knows no request of kind 200");
});

Deno.test("server goes on without the requests of a process whose code closes their socket", async () => {
  await using server = await start({ numWorkers: 1 });
  await using remote = await connect(server.addr);
  const pid = await remote.eval(PID);
  await remote.eval(`${PING}import os; os.close(requests.current._fd)`);
  const ask = async () => await remote.eval(`${PING}ping()`);
  const error = await assertRejects(ask, PythonError);
  assertStringIncludes(error.message, "Cannot ask the server: the connection is broken");
  assertEquals(await remote.eval(PID), pid);
});

Deno.test("server ends a process that writes nonsense where requests come", async () => {
  const log: ServerLogRecord[] = [];
  await using server = await start({ numWorkers: 1, log: (record) => log.push(record) });
  await using remote = await connect(server.addr);
  const code =
    `${PING}import os, time; os.write(requests.current._fd, b"nonsense"); time.sleep(60)`;
  await assertRejects(async () => await remote.eval(code), RemoteProcessDiedError);
  assertEquals(await remote.eval("2 + 2"), 4);
  await until(() => log.some(({ msg }) => msg === "python process ended for a broken link"));
});
