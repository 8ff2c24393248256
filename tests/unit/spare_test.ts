/** The python process in reserve. */
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import type { Death } from "../../fake_server/executors/local/process_events.ts";
import type { PythonProcess } from "../../fake_server/executors/local/python_process.ts";
import { StartError } from "../../fake_server/executors/local/start_error.ts";
import { Spare } from "../../fake_server/scheduling/spare.ts";

/** What Spare sees of a process: when it is gone, and how to end it. */
class Bench {
  readonly starts: { process: PythonProcess; die: () => void; fail: () => void; up: () => void }[] =
    [];
  readonly spare = new Spare(() => {
    const started = Promise.withResolvers<PythonProcess>();
    const exited = Promise.withResolvers<Death>();
    const die = (): void => exited.resolve({ exit: { exit_code: 0 }, started: 0 });
    const process = { exited: exited.promise, end: async () => (die(), await exited.promise) };
    this.starts.push({
      process: process as unknown as PythonProcess,
      die,
      fail: () => started.reject(new StartError("Cannot start python: on purpose")),
      up: () => started.resolve(process as unknown as PythonProcess),
    });
    return started.promise;
  });
}

/** Lets promises that are due run. */
async function turn(): Promise<void> {
  for (let i = 0; i < 20; i++) await undefined;
}

Deno.test("Spare starts one ahead once those that are needed now are up", async () => {
  const { spare, starts } = new Bench();
  const first = spare.take();
  const second = spare.take();
  starts[0]!.up();
  await first;
  assertEquals(starts.length, 2);
  starts[1]!.up();
  await second;
  assertEquals(starts.length, 3);
  starts[2]!.up();
  assertStrictEquals(await spare.take(), starts[2]!.process);
  assertEquals(starts.length, 4);
});

Deno.test("Spare gives one that is still starting", async () => {
  const { spare, starts } = new Bench();
  const first = spare.take();
  starts[0]!.up();
  await first;
  const second = spare.take();
  assertEquals(starts.length, 2);
  starts[1]!.up();
  assertStrictEquals(await second, starts[1]!.process);
});

Deno.test("Spare gives none that has died in reserve", async () => {
  const { spare, starts } = new Bench();
  const first = spare.take();
  starts[0]!.up();
  await first;
  starts[1]!.up();
  starts[1]!.die();
  await turn();
  const second = spare.take();
  starts[2]!.up();
  assertStrictEquals(await second, starts[2]!.process);
});

Deno.test("Spare fails those who need a process where none comes up, and works after it", async () => {
  const { spare, starts } = new Bench();
  const first = spare.take();
  starts[0]!.fail();
  await assertRejects(() => first, StartError, "on purpose");
  // Where one has just failed, none is started ahead of need.
  await turn();
  assertEquals(starts.length, 1);
  const second = spare.take();
  starts[1]!.up();
  assertStrictEquals(await second, starts[1]!.process);
});

Deno.test("close() ends what Spare has in reserve, also one that never comes up", async () => {
  for (const how of ["up", "fail"] as const) {
    const { spare, starts } = new Bench();
    const first = spare.take();
    starts[0]!.up();
    await first;
    const closed = spare.close();
    starts[1]![how]();
    await closed;
    assertEquals(starts.length, 2);
  }
});
