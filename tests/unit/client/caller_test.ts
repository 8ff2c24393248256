import { assert, assertEquals } from "@std/assert";
import { callerStack, CallerStacks } from "../../../src/main_thread/caller.ts";

Deno.test("every call records its stack while few evals are under way", () => {
  const stacks = new CallerStacks();
  for (let call = 0; call < 1000; call++) assert(stacks.take(call % 4));
});

Deno.test("while many are, the first 200 calls record theirs, and as many after a second", () => {
  let now = 0;
  const stacks = new CallerStacks(() => now);
  const taken = (calls: number) => {
    let count = 0;
    for (let call = 0; call < calls; call++) if (stacks.take(4)) count++;
    return count;
  };
  assertEquals(taken(100), 100);
  // The clock is read for the first time once these are used up.
  assertEquals(taken(163), 100);
  assertEquals(taken(1000), 200);
  now = 999;
  assertEquals(taken(1000), 0);
  now = 1000;
  assertEquals(taken(1000), 200);
});

Deno.test("callerStack() without a caller is empty", () =>
  assertEquals(callerStack(undefined), ""));
