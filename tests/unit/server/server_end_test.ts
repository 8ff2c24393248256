import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { PYTHON_FILES } from "../../../fake_server/executors/local/python_files.ts";
import { type ServerLogRecord, StartError } from "../../../fake_server/mod.ts";
import { ResultStatus } from "../../../src/wire/messages.ts";
import { testPython } from "../../python.ts";
import { RawSession } from "../../raw_client.ts";
import { isAlive, start, until } from "../../raw_server.ts";

Deno.test("PYTHON_FILES has every file of fake_server/python, as it is there", async () => {
  const folder = new URL("../../../fake_server/python/", import.meta.url);
  const files: Record<string, string> = {};
  const read = async (path: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(new URL(path, folder))) {
      if (isDirectory) await read(`${path}${name}/`);
      else if (name.endsWith(".py")) {
        files[path + name] = await Deno.readTextFile(new URL(path + name, folder));
      }
    }
  };
  await read("");
  assertEquals(PYTHON_FILES, files);
});

Deno.test("server drains a session that says so, and stops one that does not", async () => {
  await using server = await start();
  await using session = await RawSession.connect(server.addr);
  const ids = await Promise.all([1, 2, 3].map((n) => session.send(`print(${n})`)));
  await session.goodbye(true);
  assertEquals(await session.closed(), "CLIENT_CLOSED");
  for (const id of ids) assertEquals(await session.text(id), `${id}\n`);

  await using hasty = await RawSession.connect(server.addr);
  await hasty.send("while True: pass");
  await hasty.send("1");
  await hasty.goodbye();
  assertEquals(await hasty.closed(), "CLIENT_CLOSED");
  assertEquals(hasty.results.size, 0);
  await until(() => server.stats().evals === 0);
});

Deno.test("server stops the evals of a session whose client is gone", async () => {
  await using server = await start();
  {
    await using session = await RawSession.connect(server.addr);
    await session.send("while True: pass");
    await session.send("1");
    await until(() => server.stats().evals === 2);
  }
  await until(() => server.stats().evals === 0 && server.stats().sessions === 0);
});

Deno.test("server ends a session when one of its streams ends", async () => {
  await using server = await start();
  await using session = await RawSession.connect(server.addr);
  session.output!.close();
  await session.until(() => session.mainEnded || undefined, "the end");
  assertEquals(session.closeReason, "STREAM_LOST");
  await until(() => server.stats().connections === 0);
});

Deno.test("server closes with a drain when what was asked for is done", async () => {
  const server = await start();
  await using session = await RawSession.connect(server.addr);
  const id = await session.send("import time; time.sleep(0.2); print('done')");
  await until(() => server.stats().evals === 1);
  const closed = server.close({ drain: true });
  assertEquals((await session.result(id)).status, ResultStatus.VALUE);
  assertEquals(await session.closed(), "SHUTDOWN");
  assertEquals(await session.text(id), "done\n");
  await closed;
});

Deno.test("server closes in time when what drains does not end", async () => {
  const server = await start();
  await using session = await RawSession.connect(server.addr);
  await session.send("while True: pass");
  await until(() => server.stats().evals === 1);
  await server.close({ drain: true, timeout: 100 });
  assertEquals(await session.closed(), "SHUTDOWN");
});

Deno.test("server leaves no process behind when it is closed", async () => {
  const server = await start({ numWorkers: 2 });
  await using session = await RawSession.connect(server.addr);
  await until(() => server.stats().processes.every(({ state }) => state === "ready"));
  const sleeper = await session.value(
    "__import__('subprocess').Popen(['sleep', '1000'], start_new_session=True).pid",
  ) as number;
  const pids = server.stats().processes.flatMap(({ pid, guardPid }) => [pid!, guardPid!]);
  assertEquals(pids.length, 4);
  assert([...pids, sleeper].every(isAlive));
  await server.close();
  await until(() => ![...pids, sleeper].some(isAlive));
});

Deno.test("startServer() says what is wrong with an interpreter", async () => {
  await assertRejects(() => start({ python: "no-such-python" }), StartError, "no-such-python");
  await assertRejects(() => start({ python: "false" }), StartError, "exit code 1");
  const error = await assertRejects(
    () => start({ python: "sleep", limits: { pythonStartMs: 100 } }),
    StartError,
  );
  assertMatch(error.message, /^Cannot start python "sleep": /);
});

Deno.test("startServer() says that an interpreter is too old", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // A real one that takes itself for an older one.
    await Deno.writeTextFile(
      `${folder}/sitecustomize.py`,
      "import sys; sys.version_info = (3, 8, 18, 'final', 0)",
    );
    const python = `${folder}/python3`;
    const script = `#!/bin/sh\nPYTHONPATH=${folder} exec ${testPython()} "$@"\n`;
    await Deno.writeTextFile(python, script, { mode: 0o755 });
    await assertRejects(
      () => start({ python }),
      StartError,
      "it is Python 3.8.18, and must be 3.9 or newer",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("startServer() says which address is in use", async () => {
  await using server = await start();
  await assertRejects(
    () => start({ bindAddr: server.addr }),
    Error,
    `Cannot listen on ${server.addr}: it is in use`,
  );
});

Deno.test("server logs each session with its id", async () => {
  const records: ServerLogRecord[] = [];
  {
    await using server = await start({ log: (record) => void records.push(record) });
    await using session = await RawSession.open(server.addr, "a name");
    await session.connect();
    await session.eval("1");
    const mine = records.filter(({ session_id }) => session_id === session.hello.session_id);
    assertEquals(mine.map(({ msg }) => msg), ["session opened", "session connected"]);
    assertEquals(mine[0]!.name, "a name");
    assertMatch(mine[0]!.ts, /^\d{4}-.*Z$/);
  }
  assertEquals(records.at(-1)!.msg, "server closed");
});
