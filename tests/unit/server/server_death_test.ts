import { assert, assertEquals } from "@std/assert";
import { decode } from "@std/msgpack";
import { ResultStatus } from "../../../src/wire/messages.ts";
import { RawSession } from "../../raw_client.ts";
import { isAlive, sharedServer, shareServer, start, until } from "../../raw_server.ts";

shareServer();

const DEATHS: [string, Record<string, unknown>][] = [
  ["import os; os._exit(3)", { exit_code: 3 }],
  ["import os; os._exit(0)", { exit_code: 0 }],
  ["import os; os.abort()", { signal: "SIGABRT" }],
  ["import ctypes; ctypes.string_at(0)", { signal: "SIGSEGV" }],
  ["import os, signal; os.kill(os.getpid(), signal.SIGKILL)", { signal: "SIGKILL" }],
  ["import os, signal; os.kill(os.getpid(), signal.SIGTERM)", { signal: "SIGTERM" }],
  // Without its link it is of no use.
  ["import os, time; os.closerange(3, 1 << 16); time.sleep(100)", { signal: "SIGKILL" }],
  // The guard, which the server knows by its end.
  ["import os, time; os.kill(os.getppid(), 9); time.sleep(100)", { signal: "SIGKILL" }],
];

Deno.test("server tells how a python process ended, and replaces it", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  for (const [code, how] of DEATHS) {
    const id = await session.send(code);
    const behind = await session.send("print(1); 1");
    const { status, control } = await session.result(id);
    assertEquals([code, status, control], [code, ResultStatus.DIED, how]);
    assertEquals(decode((await session.result(behind)).values), 1);
    assertEquals(await session.text(behind), "1\n");
  }
});

Deno.test("server ends a process that has stopped itself, or its guard, when it is cancelled", async () => {
  await using server = await start({ limits: { cancelGraceMs: 100, tickMs: 20 } });
  await using session = await RawSession.connect(server.addr);
  for (const who of ["os.getpid()", "os.getppid()"]) {
    const { pid, guardPid } = server.stats().processes[0]!;
    const id = await session.send(
      `import os, signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n` +
        `print('x', flush=True); os.kill(${who}, signal.SIGSTOP)\nwhile True: pass`,
    );
    await session.until(() => session.written.get(id), "the line");
    await session.cancel(id);
    const { status, control } = await session.result(id);
    assertEquals([status, control], [ResultStatus.CANCELLED, { how: "killed" }]);
    await until(() => !isAlive(pid!) && !isAlive(guardPid!));
    assertEquals(await session.value("1"), 1);
  }
});

Deno.test("server ends with a process what it has started", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const child = await session.value(
    "__import__('subprocess').Popen(['sleep', '1000'], start_new_session=True).pid",
  ) as number;
  assert(isAlive(child));
  await session.eval("import os; os._exit(1)");
  await until(() => !isAlive(child));
});

Deno.test("server delivers all that was written before a death", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  const id = await session.send(`
import os, sys
for i in range(20000): print(i)
sys.stdout.flush()
os.write(2, b"last")
os.kill(os.getpid(), 9)
`);
  assertEquals((await session.result(id)).status, ResultStatus.DIED);
  const lines = (await session.text(id, 1)).split("\n");
  assertEquals([lines.length, lines.at(-2)], [20_001, "19999"]);
  assertEquals(await session.text(id, 2), "last");
});

Deno.test("server runs evals of other sessions when one dies with theirs behind it", async () => {
  const server = sharedServer();
  await using killer = await RawSession.connect(server.addr);
  await using other = await RawSession.connect(server.addr);
  for (let i = 0; i < 100; i++) await other.send(`print(${i}); ${i}`);
  for (let i = 0; i < 3; i++) await killer.send("import os; os._exit(9)");
  for (let i = 0; i < 100; i++) {
    assertEquals(decode((await other.result(i + 1)).values), i);
    assertEquals(await other.text(i + 1), `${i}\n`);
  }
  for (const id of [1, 2, 3]) assertEquals((await killer.result(id)).control, { exit_code: 9 });
});

Deno.test("server loses no result of a process that dies in the middle of many quick evals", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  for (let round = 0; round < 10; round++) {
    const go = await Deno.makeTempFile();
    await Deno.remove(go);
    // All are there before the first is over, so that results wait to be sent together.
    const first = await session.send("import os\nwhile not os.path.exists(go): pass", {
      locs: { go },
    });
    const ids: number[] = [];
    for (let i = 0; i < 40 + round; i++) ids.push(await session.send(`${i}`, { silent: true }));
    const deadly = await session.send("import os, signal; os.kill(os.getpid(), signal.SIGKILL)");
    const behind = await session.send("'behind'");
    await Deno.writeTextFile(go, "");
    await session.result(first);
    for (const [i, id] of ids.entries()) {
      const { status, values } = await session.result(id);
      assertEquals([i, status], [i, ResultStatus.VALUE]);
      assertEquals(decode(values), i);
    }
    assertEquals((await session.result(deadly)).status, ResultStatus.DIED);
    assertEquals(decode((await session.result(behind)).values), "behind");
    await session.text(behind);
    await Deno.remove(go);
  }
});

Deno.test("server passes on results at once behind which a long eval runs", async () => {
  const server = sharedServer();
  await using session = await RawSession.connect(server.addr);
  for (const count of [50, 55, 60, 65, 70]) {
    const go = await Deno.makeTempFile();
    await Deno.remove(go);
    const first = await session.send("import os\nwhile not os.path.exists(go): pass", {
      locs: { go },
    });
    const quick: number[] = [];
    for (let i = 0; i < count; i++) quick.push(await session.send(`${i}`));
    const print = count % 2 === 0 ? "print('begun')\n" : "";
    const long = await session.send(`${print}import time\nwhile True: time.sleep(0.01)`);
    await Deno.writeTextFile(go, "");
    await session.result(first);
    for (const id of quick) await session.result(id);
    if (print !== "") await session.until(() => session.written.get(long), "the line");
    await session.cancel(long);
    await session.result(long);
    await Deno.remove(go);
  }
});
