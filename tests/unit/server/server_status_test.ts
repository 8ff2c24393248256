import { assert, assertEquals } from "@std/assert";
import { EvalFlag, MessageType } from "../../../src/wire/messages.ts";
import { evalBody } from "../../eval_body.ts";
import { RawSession } from "../../raw_client.ts";
import { start } from "../../raw_server.ts";

const SLEEP = "import time; time.sleep(0.6)";

Deno.test("server tells that an eval runs where its flags ask for it, and only after a moment", async () => {
  await using server = await start();
  await using session = await RawSession.connect(server.addr);
  const { main, running } = session;
  await main.frame(MessageType.EVAL, EvalFlag.RUNNING, 1, evalBody(SLEEP));
  await main.frame(MessageType.EVAL, 0, 2, evalBody(SLEEP));
  await main.frame(MessageType.EVAL, EvalFlag.RUNNING, 3, evalBody("1"));
  const ms = await session.until(() => running.get(1), "RUNNING");
  assert(Number(ms) > 0 && !session.results.has(1));
  await session.result(3);
  assertEquals([...running.keys()], [1]);
});

Deno.test("server answers STATUS with the same id, whatever runs, and tells of all sessions", async () => {
  await using server = await start();
  await using other = await RawSession.connect(server.addr);
  await using session = await RawSession.connect(server.addr);
  const status = async (of: RawSession, id: number) => {
    await of.main.control(MessageType.STATUS, {}, id);
    return await of.until(() => of.statuses.get(id), "STATUS_REPLY");
  };
  const python = {
    pid: await other.value("import os; os.getpid()"),
    version: server.python.version,
    implementation: "CPython",
  };
  const idle = { python, queued: 0, process: { evals: 0, sessions: 2 } };
  assertEquals(await status(session, 77), idle);
  const busy = await other.send("print('runs', flush=True)\nwhile True: pass");
  await other.until(() => other.written.get(busy), "output");
  await session.send("1");
  const process = { evals: 2, sessions: 2 };
  assertEquals(await status(session, 0xffff_ffff), { ...idle, queued: 1, process });
  assertEquals(await status(other, 0), { ...idle, running: busy, process });
});
