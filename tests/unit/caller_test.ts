import { assertEquals } from "@std/assert";
import { Callers } from "../../src/main_thread/caller.ts";

Deno.test("Callers shares no stack while few evals are under way", () => {
  const callers = new Callers();
  for (let pending = 0; pending < 32; pending++) {
    assertEquals(callers.of("1", pending), undefined);
    callers.called("1", new Error(), pending);
  }
});

Deno.test("Callers shares the stack of the call before, of the same code, while many are", () => {
  const callers = new Callers();
  const first = new Error();
  assertEquals(callers.of("1", 32), undefined);
  callers.called("1", first, 32);
  assertEquals(callers.of("1", 33), first);
  assertEquals(callers.of("2", 33), undefined);
  callers.called("2", new Error(), 33);
  assertEquals(callers.of("1", 34), undefined);
});

Deno.test("Callers lets go of a stack at the first call with few under way", () => {
  const callers = new Callers();
  callers.called("1", new Error(), 32);
  callers.called("1", new Error(), 31);
  assertEquals(callers.of("1", 32), undefined);
});
