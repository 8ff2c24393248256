// A session's thread that hangs or ends, with evals running and output coming, is noticed by the
// heartbeat and takes its own session only. (One that throws, or is terminated: session_test.ts.)
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { connect, type RemoteProcess, SessionCrashedError } from "../../../mod.ts";
import { test, testServer } from "../../harness.ts";
import { report } from "../scale.ts";

/** The real thread, and before it what obeys two words more. */
const SOURCE = `
const early = [];
let isReady = false;
addEventListener("message", (event) => {
  if (event.data.kind === "spin") for (;;);
  if (event.data.kind === "end") { event.stopImmediatePropagation(); close(); }
  else if (!isReady) { event.stopImmediatePropagation(); early.push(event.data); }
});
await import(${
  JSON.stringify(new URL("../../../src/worker/session_worker.ts", import.meta.url).href)
});
isReady = true;
for (const data of early) self.onmessage({ data });`;

/** A session whose thread can be told to fail. */
async function fragile(addr: string): Promise<[RemoteProcess, Worker]> {
  const Original = globalThis.Worker;
  let worker: Worker | undefined;
  globalThis.Worker = class extends Original {
    constructor(_url: string | URL, options?: WorkerOptions) {
      super(`data:application/javascript,${encodeURIComponent(SOURCE)}`, options);
      worker = this;
    }
  };
  try {
    return [await connect(addr, { limits: { heartbeatInterval: 100 } }), worker!];
  } finally {
    globalThis.Worker = Original;
  }
}

for (const fault of ["spin", "end"]) {
  test(`a session whose thread is told to ${fault} fails alone, as SessionCrashedError`, async () => {
    await using server = await testServer();
    await using other = await connect(server.addr);
    const [remote, worker] = await fragile(server.addr);
    const future = remote.eval("while True: print('x')");
    const output = future.output();
    await output.next();
    const start = performance.now();
    worker.postMessage({ kind: fault });
    const error = await assertRejects(() => future.wait(), SessionCrashedError);
    const took = performance.now() - start;
    const end = await remote.closed;
    assertEquals([end.reason, end.error], ["CRASHED", error]);
    const last = await (async () => {
      for await (const _ of output);
    })().catch((error) => error);
    assertInstanceOf(last, SessionCrashedError);
    assertEquals(await other.eval("1"), 1);
    report(import.meta.url, { fault, noticed: `${took.toFixed(0)} ms, a heartbeat every 100` });
  });
}
