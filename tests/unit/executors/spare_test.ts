/** The python process in reserve. */
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { StartError } from "../../../fake_server/executors/start_error.ts";
import { Spare } from "../../../fake_server/scheduling/spare.ts";
import { MemoryExecutor } from "../../memory_executor.ts";

/** A spare over executions that come up when the test says so. */
class Bench {
  readonly executor = new MemoryExecutor(false);
  #starts = 0;
  readonly spare = new Spare(() => {
    this.#starts++;
    return this.executor.start();
  });

  /** How many have been started. */
  get starts(): number {
    return this.#starts;
  }
}

/** Lets promises that are due run. */
async function turn(): Promise<void> {
  for (let i = 0; i < 20; i++) await undefined;
}

Deno.test("Spare starts one ahead once those that are needed now are up", async () => {
  const bench = new Bench();
  const { spare, executor } = bench;
  const first = spare.take();
  const second = spare.take();
  executor.up();
  await first;
  assertEquals(bench.starts, 2);
  executor.up();
  await second;
  assertEquals(bench.starts, 3);
  const third = executor.up();
  assertStrictEquals(await spare.take(), third);
  assertEquals(bench.starts, 4);
});

Deno.test("Spare gives one that is still starting", async () => {
  const bench = new Bench();
  const { spare, executor } = bench;
  const first = spare.take();
  executor.up();
  await first;
  const second = spare.take();
  assertEquals(bench.starts, 2);
  const started = executor.up();
  assertStrictEquals(await second, started);
});

Deno.test("Spare gives none that has died in reserve", async () => {
  const { spare, executor } = new Bench();
  const first = spare.take();
  executor.up();
  await first;
  executor.up().die({ exit_code: 0 });
  await turn();
  const second = spare.take();
  const started = executor.up();
  assertStrictEquals(await second, started);
});

Deno.test("Spare fails those who need a process where none comes up, and works after it", async () => {
  const bench = new Bench();
  const { spare, executor } = bench;
  const first = spare.take();
  executor.fail();
  await assertRejects(() => first, StartError, "on purpose");
  // Where one has just failed, none is started ahead of need.
  await turn();
  assertEquals(bench.starts, 1);
  const second = spare.take();
  const started = executor.up();
  assertStrictEquals(await second, started);
});

Deno.test("close() ends what Spare has in reserve, also one that never comes up", async () => {
  for (const how of ["up", "fail"] as const) {
    const bench = new Bench();
    const { spare, executor } = bench;
    const first = spare.take();
    executor.up();
    await first;
    const closed = spare.close();
    executor[how]();
    await closed;
    assertEquals(bench.starts, 2);
    if (how === "up") assertEquals(executor.executions[1]!.told, ["kill"]);
  }
});
