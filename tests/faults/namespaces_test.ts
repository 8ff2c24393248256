// A namespace survives every end of an eval that its process survives, and is told gone once after
// one that it does not.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { CancelledError, connect, NamespaceGoneError, PythonError } from "../../mod.ts";
import { test, testServer } from "../harness.ts";

test("a namespace survives a KeyboardInterrupt, and is told gone once after a kill", async () => {
  await using server = await testServer({ numWorkers: 1 });
  await using remote = await connect(server.addr);
  await using neighbour = await connect(server.addr);
  const namespace = "kept";
  const stop = async (code: string): Promise<string> => {
    const future = remote.eval(code, { namespace });
    await future.output().next();
    future.cancel();
    const outcome = await future.waitNoExcept();
    assert(!outcome.ok);
    assertInstanceOf(outcome.error, CancelledError);
    return outcome.error.how;
  };
  await remote.eval("x = 1", { namespace });
  await neighbour.eval("x = 'its own'", {
    namespace,
  });
  assertEquals(await stop("x = 2; print('begun')\nwhile True: pass"), "interrupted");
  assertEquals(await remote.eval("x", { namespace }), 2);

  const stubborn = `
while True:
    try:
        print("begun")
        while True: pass
    except KeyboardInterrupt: pass`;
  assertEquals(await stop(stubborn), "killed");
  const gone = [remote.eval("x", { namespace }), remote.eval("x = 3", { namespace })];
  const first = await gone[0]!.waitNoExcept();
  assert(!first.ok);
  assertInstanceOf(first.error, NamespaceGoneError);
  await gone[1];
  assertEquals(await remote.eval("x", { namespace }), 3);
  // The neighbour's was in the same process: it is told on its own, once.
  const its = await neighbour.eval("x", { namespace }).waitNoExcept();
  assert(!its.ok);
  assertInstanceOf(its.error, NamespaceGoneError);
  const fresh = await neighbour.eval("x", { namespace }).waitNoExcept();
  assert(!fresh.ok);
  assertInstanceOf(fresh.error, PythonError);
  assertEquals(fresh.error.type, "NameError");
});
