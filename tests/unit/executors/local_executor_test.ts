/** Python processes of this machine, as the scheduler's side sees them. */
import { assert, assertEquals } from "@std/assert";
import { KeptBuffers } from "../../../fake_server/common/kept_buffers.ts";
import type { ExecutionSink } from "../../../fake_server/executors/executor.ts";
import { LocalExecutor } from "../../../fake_server/executors/local/local_executor.ts";
import { evalBody } from "../../eval_body.ts";
import { pathPython } from "../../python.ts";

Deno.test("an execution tells with a large result how long its job took", async () => {
  const executor = await LocalExecutor.make({
    python: pathPython(),
    memoryLimit: 0,
    startMs: 10_000,
    buffers: new KeptBuffers(() => 0),
  });
  const execution = await executor.start();
  const told: [what: string, amount: number][] = [];
  const turned = Promise.withResolvers<void>();
  const ignore = (): undefined => undefined;
  const sink: ExecutionSink = {
    result: (_job, _status, body) => told.push(["result", body.length]),
    turn: (tookMs) => {
      told.push(["turn", tookMs]);
      turned.resolve();
    },
    broken: ignore,
    note: ignore,
    late: ignore,
    fault: ignore,
  };
  execution.listen(sink);
  const size = 4 << 20;
  const evalId = { session: 1, id: 1 };
  const code = `import time; time.sleep(0.1); bytes(${size})`;
  execution.run({
    id: 1,
    isAlone: true,
    work: { kind: "eval", session: 1, body: evalBody(code) },
    output: { evalId, output: ignore, outputEnd: ignore, pressure: ignore },
  });
  await turned.promise;
  execution.kill();
  await execution.exited;
  await executor.close();
  // One turn, after the last part of the result.
  const [[result, length], [turn, tookMs]] = told as [[string, number], [string, number]];
  assertEquals([told.length, result, length, turn], [2, "result", 4 + 1 + 5 + size, "turn"]);
  assert(tookMs >= 100, `${tookMs} ms`);
});
