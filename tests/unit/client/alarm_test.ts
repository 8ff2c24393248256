import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { startServer } from "../../../fake_server/mod.ts";
import { connect } from "../../../mod.ts";
import { alarm } from "../../../src/worker/alarm.ts";

Deno.test("alarm() calls once, and not at all when it is called off", async () => {
  const calls: string[] = [];
  alarm(10, () => calls.push("first"));
  const callOff = alarm(10, () => calls.push("called off"));
  callOff();
  await delay(50);
  assertEquals(calls, ["first"]);
});

/** The real thread, where Node's timers are out of order. */
const SOURCE = `
const early = [];
self.onmessage = ({ data }) => early.push(data);
globalThis.setTimeout = globalThis.setInterval = () => { throw new Error("a timer of Node's"); };
await import(${
  JSON.stringify(new URL("../../../src/worker/session_worker.ts", import.meta.url).href)
});
for (const data of early) self.onmessage({ data });`;

Deno.test("a session opens, evals and closes without Node's timers in its thread", async () => {
  await using server = await startServer({
    bindAddr: "127.0.0.1:0",
    outputAddr: "127.0.0.1:0",
    numWorkers: 1,
    log: () => {},
  });
  const Original = globalThis.Worker;
  globalThis.Worker = class extends Original {
    constructor(_url: string | URL, options?: WorkerOptions) {
      super(`data:application/javascript,${encodeURIComponent(SOURCE)}`, options);
    }
  };
  try {
    await using remote = await connect(server.addr);
    assertEquals(await remote.eval("2 + 2"), 4);
    await remote.close();
    assertEquals(await remote.closed, { reason: "CLIENT_CLOSED" });
  } finally {
    globalThis.Worker = Original;
  }
});
