// Exceptions of the code, and the death of its process: SPEC 2.6.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  EncodeError,
  Opaque,
  PyProxyError,
  PythonError,
  RemoteProcessDiedError,
} from "../../../mod.ts";
import { all, shareServer, test, testRemote } from "../../harness.ts";

shareServer();

test("an exception becomes a PythonError with all its details", async () => {
  await using own = await testRemote();
  const code = `
def divide(a):
    return a / 0

divide(1)`;
  const error = await assertRejects(async () => await own.remote.eval(code), PythonError);
  assertInstanceOf(error, PyProxyError);
  assertEquals(error.name, "PythonError");
  assertEquals(error.type, "ZeroDivisionError");
  assertEquals(error.module, "builtins");
  assertEquals(error.message, "division by zero");
  assertEquals(error.args, ["division by zero"]);
  assertEquals(error.mro, ["ZeroDivisionError", "ArithmeticError", "Exception", "BaseException"]);
  assertEquals(error.frames.map(({ line, function: name, source }) => ({ line, name, source })), [
    { line: 5, name: "<module>", source: "divide(1)" },
    { line: 3, name: "divide", source: "return a / 0" },
  ]);
  assert(error.traceback.startsWith("Traceback (most recent call last):\n"), error.traceback);
  assert(error.traceback.endsWith("ZeroDivisionError: division by zero\n"), error.traceback);
  assert(error.traceback.includes("    return a / 0\n"), error.traceback);
  assert(!error.traceback.includes("pyproxy"), error.traceback);
  assert(error.stack!.includes("ZeroDivisionError"), error.stack);
  assert(error.stack!.includes("errors_test.ts"), error.stack);
});

test("the cause or context of an exception becomes the cause", async () => {
  await using own = await testRemote();
  const raise = async (code: string) =>
    await assertRejects(async () => await own.remote.eval(code), PythonError);
  const cause = await raise("try: {}['k']\nexcept KeyError as e: raise ValueError('v') from e");
  assertInstanceOf(cause.cause, PythonError);
  assertEquals([cause.type, cause.cause.type, cause.cause.args], ["ValueError", "KeyError", ["k"]]);
  const context = await raise("try: {}['k']\nexcept KeyError: raise ValueError('v')");
  assertEquals((context.cause as PythonError).type, "KeyError");
  const none = await raise("try: {}['k']\nexcept KeyError: raise ValueError('v') from None");
  assertEquals(none.cause, undefined);
});

test("a PythonError of a SyntaxError has its position", async () => {
  await using own = await testRemote();
  const error = await assertRejects(
    async () => await own.remote.eval("x = 1\ny = = 2"),
    PythonError,
  );
  assertEquals(error.type, "SyntaxError");
  assertEquals([error.syntax?.line, error.syntax?.column], [2, 5]);
});

test("sys.exit() and other BaseExceptions become a PythonError and don't end the process", async () => {
  await using own = await testRemote();
  const pid = await own.remote.eval("import os; os.getpid()");
  for (
    const [code, type] of [
      ["import sys; sys.exit(3)", "SystemExit"],
      ["exit()", "SystemExit"],
      ["raise KeyboardInterrupt", "KeyboardInterrupt"],
      ["raise GeneratorExit", "GeneratorExit"],
      ["raise BaseException('x')", "BaseException"],
    ] as const
  ) {
    const error = await assertRejects(async () => await own.remote.eval(code), PythonError);
    assertEquals(error.type, type);
  }
  assertEquals(await own.remote.eval("import os; os.getpid()"), pid);
});

test("the death of the process is a RemoteProcessDiedError with exit code or signal", async () => {
  await using own = await testRemote();
  const die = async (code: string) =>
    await assertRejects(async () => await own.remote.eval(code), RemoteProcessDiedError);
  const exited = await die("import os; os._exit(3)");
  assertEquals([exited.exitCode, exited.signal], [3, undefined]);
  const killed = await die("import os; os.kill(os.getpid(), 9)");
  assertEquals([killed.exitCode, killed.signal], [undefined, "SIGKILL"]);
  const crashed = await die("import ctypes; ctypes.string_at(0)");
  assertEquals(crashed.signal, "SIGSEGV");
  assertEquals(await own.remote.eval("'replaced'"), "replaced");
});

test("evals queued after one that kills the process run on the replacement, in order", async () => {
  await using own = await testRemote();
  const before = Array.from({ length: 5 }, (_, i) => own.remote.eval("i", { locs: { i } }));
  const killer = own.remote.eval("import os; print('last words', flush=True); os._exit(1)");
  const after = Array.from({ length: 50 }, (_, i) => own.remote.eval("i", { locs: { i } }));
  assertEquals((await killer.waitNoExcept()).ok, false);
  assertEquals(await Promise.all(before), [0, 1, 2, 3, 4]);
  assertEquals(await Promise.all(after), Array.from({ length: 50 }, (_, i) => i));
  assertEquals((await all(killer.output())).map(({ line }) => line), ["last words"]);
});

test("a value that cannot be sent comes as opaque, or is an EncodeError when strict", async () => {
  await using own = await testRemote();
  const value = await own.remote.eval<{ f: Opaque }>("{'f': object}");
  assertInstanceOf(value.f, Opaque);
  assertEquals([value.f.type, value.f.repr], ["type", "<class 'object'>"]);
  const error = await assertRejects(
    async () => await own.remote.eval("{'rows': [1, object]}", { strict: true }),
    EncodeError,
  );
  assert(error.path.includes("rows"), error.path);
  assertEquals(await own.remote.eval("1"), 1);
});

test("an argument that cannot be sent fails its eval with an EncodeError that has its path, and nothing is sent", async () => {
  await using own = await testRemote();
  const rows = [0, 1, 2, { f: () => 1 }];
  const error = await assertRejects(
    async () => await own.remote.eval("rows", { locs: { rows } }),
    EncodeError,
    "locs.rows[3].f",
  );
  assertEquals(error.path, "locs.rows[3].f");
  assertEquals(await own.remote.eval("x", { locs: { x: 1 } }), 1);
});
