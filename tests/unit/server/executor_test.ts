/** A server whose jobs are run in memory: what stands above the executor needs no Python. */
import { assertEquals, assertRejects } from "@std/assert";
import { encode, type ValueType } from "@std/msgpack";
import { resultBody } from "../../../fake_server/common/control.ts";
import type { Observer } from "../../../fake_server/common/observer.ts";
import { StartError } from "../../../fake_server/mod.ts";
import { PyProxyServer } from "../../../fake_server/server.ts";
import { ResultStatus } from "../../../src/wire/messages.ts";
import { MemoryExecutor } from "../../memory_executor.ts";
import { RawSession } from "../../raw_client.ts";
import { until } from "../../raw_server.ts";

function start(
  executor: MemoryExecutor,
  options: { numWorkers?: number; observer?: Observer; cancelGraceMs?: number } = {},
): Promise<PyProxyServer> {
  const { numWorkers = 1, observer = {}, cancelGraceMs = 2_000 } = options;
  const limits = { cancelGraceMs, tickMs: 5 };
  const addresses = { bindAddr: "127.0.0.1:0", outputAddr: "127.0.0.1:0" };
  return PyProxyServer.start({ ...addresses, numWorkers, limits }, { executor, observer });
}

/** The body of a RESULT that has this value. */
const valueOf = (value: ValueType): Uint8Array =>
  Uint8Array.from([0, 0, 0, 1, 0x80, ...encode(value)]);

Deno.test("any executor can run a server's jobs: results and output come back from it", async () => {
  const executor = new MemoryExecutor();
  await using server = await start(executor);
  await using session = await RawSession.connect(server.addr);
  const execution = executor.executions[0]!;
  const id = await session.send("2 + 2");
  await until(() => execution.jobs.length === 1);
  const { work } = execution.begin();
  assertEquals(work.kind, "eval");
  execution.print("hello\n");
  execution.finish(ResultStatus.VALUE, valueOf(4));
  assertEquals((await session.result(id)).status, ResultStatus.VALUE);
  assertEquals(await session.text(id), "hello\n");
});

Deno.test("a job is handed over again where its execution has died before it began", async () => {
  const executor = new MemoryExecutor();
  await using server = await start(executor);
  await using session = await RawSession.connect(server.addr);
  const [first] = executor.executions;
  const begun = await session.send("1");
  await until(() => first!.jobs.length === 1);
  first!.begin();
  const waiting = await session.send("2");
  await until(() => server.stats().evals === 2);
  first!.die({ exit_code: 7 });
  const died = await session.result(begun);
  assertEquals([died.status, died.control], [ResultStatus.DIED, { exit_code: 7 }]);
  await until(() => executor.executions.some(({ jobs }) => jobs.length === 1));
  const second = executor.executions.find(({ jobs }) => jobs.length === 1)!;
  second.begin();
  second.finish(ResultStatus.VALUE, valueOf(2));
  assertEquals((await session.result(waiting)).status, ResultStatus.VALUE);
});

Deno.test("an execution is told of a cancel by the job's number, and killed after the grace", async () => {
  const executor = new MemoryExecutor();
  await using server = await start(executor, { cancelGraceMs: 20 });
  await using session = await RawSession.connect(server.addr);
  const execution = executor.executions[0]!;
  const id = await session.send("while True: pass");
  await until(() => execution.jobs.length === 1);
  const job = execution.begin();
  await session.cancel(id);
  const { status, control } = await session.result(id);
  assertEquals([status, control], [ResultStatus.CANCELLED, { how: "killed" }]);
  assertEquals(execution.told[0], `cancel ${job.id}`);
  assertEquals(execution.told.at(-1), "kill");
});

Deno.test("the work of a closed session's namespaces is one job more", async () => {
  const executor = new MemoryExecutor();
  await using server = await start(executor);
  const execution = executor.executions[0]!;
  {
    await using session = await RawSession.connect(server.addr);
    await session.send("x = 1", { namespace: "n" });
    await until(() => execution.jobs.length === 1);
    execution.begin();
    execution.finish(ResultStatus.VALUE, valueOf(null));
  }
  await until(() => execution.jobs.length === 1);
  assertEquals(execution.begin().work, { kind: "forget", session: 1 });
  execution.finish();
  await until(() => server.stats().evals === 0);
});

Deno.test("a server whose first execution does not come up closes its executor", async () => {
  const executor = new MemoryExecutor(false);
  const started = start(executor);
  await until(() => executor.starts.length === 1);
  executor.fail();
  await assertRejects(() => started, StartError, "on purpose");
  assertEquals(executor.isClosed, true);
});

Deno.test("a server that closes ends all executions, and the starts that are under way", async () => {
  const executor = new MemoryExecutor();
  const server = await start(executor, { numWorkers: 2 });
  await until(() => server.stats().processes.every(({ state }) => state === "ready"));
  await server.close();
  assertEquals(executor.isClosed, true);
  // The third is the one in reserve.
  assertEquals(executor.executions.map(({ told }) => told), [["kill"], ["kill"], ["kill"]]);
});

/** An observer that writes down all it is told, without what differs from run to run. */
function listing(told: string[]): Observer {
  return {
    sessionOpened: ({ client, name }) => told.push(`opened ${client} ${name}`),
    sessionConnected: () => told.push("connected"),
    sessionClosed: ({ reason }) => told.push(`closed ${reason}`),
    evalQueued: (event) => told.push(`queued ${event.eval}`),
    evalStarted: (event) => told.push(`started ${event.eval} ${event.queuedMs >= 0}`),
    evalEnded: ({ eval: id, status, queuedMs, ranMs, bytes }) =>
      told.push(`ended ${id} ${status} ${queuedMs >= 0} ${ranMs > 0} ${bytes}`),
    processStarted: ({ slot, pid }) => told.push(`process ${slot} ${pid}`),
    processDied: ({ pid, exit }) => told.push(`died ${pid} ${JSON.stringify(exit)}`),
    processKilled: ({ pid }) => told.push(`killed ${pid}`),
    clientRefused: ({ code }) => told.push(`refused ${code}`),
  };
}

Deno.test("an observer is told of each step of a session, of its evals and of their process", async () => {
  const executor = new MemoryExecutor();
  const told: string[] = [];
  const server = await start(executor, { observer: listing(told), cancelGraceMs: 20 });
  const session = await RawSession.connect(server.addr);
  const execution = executor.executions[0]!;
  await session.send("1");
  await session.send("2");
  await until(() => execution.jobs.length === 1);
  execution.begin();
  execution.finish(ResultStatus.VALUE, valueOf(1));
  await until(() => execution.jobs.length === 1);
  execution.begin();
  await session.cancel(2);
  await session.result(2);
  await until(() => told.filter((line) => line.startsWith("process")).length === 2);
  await session.goodbye();
  await session.closed();
  await session[Symbol.asyncDispose]();
  await server.close();
  assertEquals(told, [
    "process 0 1000",
    "opened raw undefined",
    "connected",
    "queued 1",
    "started 1 true",
    "queued 2",
    `ended 1 ${ResultStatus.VALUE} true true ${valueOf(1).length}`,
    "started 2 true",
    "killed 1000",
    'died 1000 {"signal":"SIGKILL"}',
    `ended 2 ${ResultStatus.CANCELLED} true true ${resultBody({ how: "killed" }).length}`,
    "process 0 1001",
    "closed CLIENT_CLOSED",
  ]);
});

Deno.test("each eval that an observer is told of ends, whatever becomes of its session", async () => {
  const executor = new MemoryExecutor();
  const told: string[] = [];
  await using server = await start(executor, { observer: listing(told) });
  const session = await RawSession.connect(server.addr);
  const execution = executor.executions[0]!;
  for (const code of ["1", "2", "3"]) await session.send(code);
  await until(() => execution.jobs.length === 1 && server.stats().evals === 3);
  execution.begin();
  await session[Symbol.asyncDispose]();
  await until(() => server.stats().sessions === 0);
  execution.finish(ResultStatus.VALUE, valueOf(1));
  await until(() => server.stats().evals === 0);
  const ended = told.filter((line) => line.startsWith("ended")).map((line) => line.split(" ")[1]);
  assertEquals(ended.toSorted(), ["1", "2", "3"]);
});

Deno.test("an observer is told of a client that was refused, and with which code", async () => {
  const told: string[] = [];
  await using server = await start(new MemoryExecutor(), { observer: listing(told) });
  await assertRejects(() => RawSession.open(`${server.addr}`, "x".repeat(5_000)));
  assertEquals(told.at(-1), "refused PROTOCOL");
});
