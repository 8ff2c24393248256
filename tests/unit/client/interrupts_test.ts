import { assertEquals, assertRejects } from "@std/assert";
import { Interrupts, MAX_INTERRUPTS } from "../../../src/main_thread/interrupts.ts";

Deno.test("Interrupts sends each at once, and gives the answers in order", async () => {
  let sent = 0;
  const interrupts = new Interrupts(() => sent++);
  const asked = [interrupts.ask(), interrupts.ask(), interrupts.ask()];
  assertEquals(sent, 3);
  for (const answer of [true, false, true]) interrupts.answered(answer);
  assertEquals(await Promise.all(asked), [true, false, true]);
});

Deno.test("Interrupts sends no more while too many are not answered", async () => {
  let sent = 0;
  const interrupts = new Interrupts(() => sent++);
  const asked = Array.from({ length: MAX_INTERRUPTS + 5 }, () => interrupts.ask());
  assertEquals(sent, MAX_INTERRUPTS);
  for (let i = 0; i < MAX_INTERRUPTS; i++) interrupts.answered(i === MAX_INTERRUPTS - 1);
  const answers = await Promise.all(asked);
  assertEquals(answers.indexOf(true), MAX_INTERRUPTS - 1);
  assertEquals(answers.slice(MAX_INTERRUPTS), [true, true, true, true, true]);
  interrupts.ask();
  assertEquals(sent, MAX_INTERRUPTS + 1);
});

Deno.test("Interrupts rejects those without an answer at the end, awaited or not", async () => {
  const interrupts = new Interrupts(() => {});
  const asked = [interrupts.ask(), interrupts.ask()];
  interrupts.ask();
  interrupts.end(new Error("over"));
  for (const ask of asked) await assertRejects(() => ask, Error, "over");
});
