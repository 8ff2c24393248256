import { assertEquals, assertRejects } from "@std/assert";
import { Interrupts } from "../../src/interrupts.ts";

Deno.test("Interrupts sends one at a time, and one more for all that are asked for meanwhile", async () => {
  let sent = 0;
  const interrupts = new Interrupts(() => sent++);
  const first = interrupts.ask();
  const others = [interrupts.ask(), interrupts.ask(), interrupts.ask()];
  assertEquals(sent, 1);
  interrupts.answered(true);
  assertEquals([await first, sent], [true, 2]);
  interrupts.answered(false);
  assertEquals([await Promise.all(others), sent], [[false, false, false], 2]);
  const later = interrupts.ask();
  interrupts.answered(true);
  assertEquals([await later, sent], [true, 3]);
});

Deno.test("Interrupts rejects those without an answer at the end, awaited or not", async () => {
  const interrupts = new Interrupts(() => {});
  const asked = [interrupts.ask(), interrupts.ask()];
  interrupts.ask();
  interrupts.end(new Error("over"));
  for (const ask of asked) await assertRejects(() => ask, Error, "over");
});
