// A session that asks for a Python process of its own.
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { NamespaceGoneError, RemoteProcessDiedError } from "../../mod.ts";
import { shareServer, test, testRemote, until } from "../harness.ts";

shareServer();

const PID = "import os; os.getpid()";
const own = { process: "own" } as const;

test("a session's own process is new and not shared", async () => {
  await using shared = await testRemote();
  await shared.remote.eval("import json; json.used = True");
  await using first = await testRemote(own);
  await using second = await testRemote(own);
  const pids = await Promise.all([shared, first, second].map(({ remote }) => remote.eval(PID)));
  assertEquals(new Set(pids).size, 3);
  await first.remote.eval("import json; json.used = True");
  assertEquals(await second.remote.eval("import json; hasattr(json, 'used')"), false);
  assertEquals(await shared.remote.eval(PID), pids[0]);
});

test("a session's own process ends with the session, with all that it has started", async () => {
  let pids: number[] = [];
  {
    await using session = await testRemote(own);
    pids = await session.remote.eval(
      "import os, subprocess; [os.getpid(), subprocess.Popen(['sleep', '600']).pid]",
    );
    for (const pid of pids) assert(existsSync(`/proc/${pid}`));
  }
  await until("they are gone", () => pids.every((pid) => !existsSync(`/proc/${pid}`)));
  await using after = await testRemote(own);
  assertEquals(await after.remote.eval("2 + 2"), 4);
});

test("a session's own process is replaced by a new one when it dies", async () => {
  await using session = await testRemote(own);
  const { remote } = session;
  const before = await remote.eval(PID);
  await remote.eval("x = 1", { namespace: "n" });
  await assertRejects(
    async () => await remote.eval("import os; os._exit(3)"),
    RemoteProcessDiedError,
  );
  assertNotEquals(await remote.eval(PID), before);
  await assertRejects(async () => await remote.eval("x", { namespace: "n" }), NamespaceGoneError);
});

test("cancel, drain and status work with a session's own process", async () => {
  await using session = await testRemote(own);
  const { remote } = session;
  const future = remote.eval("while True: pass");
  assertEquals((await remote.status()).process.sessions, 1);
  future.cancel();
  assertEquals((await future.waitNoExcept()).ok, false);
  const last = remote.eval("import time; time.sleep(0.1); 'whole'");
  await remote.close({ drain: true });
  assertEquals(await last, "whole");
});

test("open() refuses an unknown value of process", async () => {
  await assertRejects(
    // deno-lint-ignore no-explicit-any
    async () => await testRemote({ process: "mine" as any }),
    TypeError,
    `'process' must be "shared" or "own", got "mine"`,
  );
});
