import { assert, assertEquals } from "@std/assert";
import { callerStack, CallerStacks } from "../../../src/main_thread/caller.ts";

Deno.test("every call records its stack while few evals are under way", () => {
  const stacks = new CallerStacks();
  for (let call = 0; call < 1000; call++) assert(stacks.take(31));
});

Deno.test("while many are, the first 200 calls record theirs, each time anew", () => {
  const stacks = new CallerStacks();
  const taken = (calls: number) => {
    let count = 0;
    for (let call = 0; call < calls; call++) if (stacks.take(32)) count++;
    return count;
  };
  assertEquals(taken(100), 100);
  assertEquals(taken(1000), 100);
  assert(stacks.take(31));
  assertEquals(taken(1000), 200);
});

Deno.test("callerStack() without a caller is empty", () =>
  assertEquals(callerStack(undefined), ""));
