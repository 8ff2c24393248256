import { assertEquals, assertRejects } from "@std/assert";
import { connect, ConnectionError } from "../../../mod.ts";
import { isAlive, start, until } from "../../raw_server.ts";

const PID = "import os; os.getpid()";

Deno.test("server refuses more processes of one's own than it may have, and has room again", async () => {
  await using server = await start({ limits: { ownProcesses: 1 } });
  await using shared = await connect(server.addr);
  {
    await using own = await connect(server.addr, { process: "own" });
    assertEquals(await own.eval("2 + 2"), 4);
    await assertRejects(
      () => connect(server.addr, { process: "own" }),
      ConnectionError,
      "1 sessions have a python process of their own, and no more can have one",
    );
    assertEquals(server.stats().processes.length, 2);
  }
  await until(() => server.stats().processes.length === 1);
  await using next = await connect(server.addr, { process: "own" });
  assertEquals(await next.eval("2 + 2"), 4);
  assertEquals(await shared.eval("2 + 2"), 4);
});

Deno.test("server takes the processes of its sessions along, and needs no session to have used them", async () => {
  let pid = 0;
  {
    await using server = await start();
    await using own = await connect(server.addr, { process: "own" });
    await using _unused = await connect(server.addr, { process: "own" });
    pid = await own.eval<number>(PID);
  }
  await until(() => !isAlive(pid));
});
