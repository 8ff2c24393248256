// --worker-memory-limit: who wants too much gets an error, everybody else goes on.
import { assert, assertEquals } from "@std/assert";
import { decode } from "@std/msgpack";
import { ResultStatus } from "../../../src/wire/messages.ts";
import { RawSession } from "../../raw_client.ts";
import { start } from "../../raw_server.ts";

const LIMIT = 128 * 1024 * 1024;

Deno.test("server with a memory limit makes too much of it a MemoryError, and goes on", async () => {
  await using server = await start({ workerMemoryLimit: LIMIT });
  await using session = await RawSession.connect(server.addr);
  const pid = await session.value("import os; os.getpid()");
  for (
    const code of [
      "bytearray(1 << 30)",
      "x = []\nwhile True: x.append(bytearray(1 << 20))",
      "'x' * (1 << 28)",
      // The value is there, and there is no room for the message with it.
      "'x' * (70 << 20)",
    ]
  ) {
    const { status, values } = await session.eval(code);
    assertEquals(status, ResultStatus.PYTHON_ERROR, code);
    assertEquals((decode(values) as { type: string }).type, "MemoryError", code);
  }
  assertEquals(await session.value("len(bytearray(32 << 20))"), 32 << 20);
  assertEquals(await session.value("import os; os.getpid()"), pid);
});

Deno.test("server with a memory limit fails the eval whose arguments do not fit, and no more", async () => {
  await using server = await start({ workerMemoryLimit: LIMIT });
  await using session = await RawSession.connect(server.addr);
  const locs = { data: new Uint8Array(160 << 20) };
  const { status, values } = await session.eval("len(data)", { locs });
  assertEquals(status, ResultStatus.PYTHON_ERROR);
  const { type, message } = decode(values) as { type: string; message: string };
  assertEquals([type, message], [
    "MemoryError",
    "there is no memory for the code and its arguments",
  ]);
  assertEquals(await session.value("1 + 1"), 2);
});

Deno.test("server replaces a process that dies of its memory limit, and says so", async () => {
  await using server = await start({ workerMemoryLimit: LIMIT });
  await using session = await RawSession.connect(server.addr);
  // As C code does that does not look whether it has got what it asked for.
  const died = await session.eval(`
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.memset(libc.malloc(ctypes.c_size_t(1 << 30)), 1, 1 << 30)`);
  assertEquals([died.status, died.control], [ResultStatus.DIED, { signal: "SIGSEGV" }]);
  assertEquals(await session.value("1 + 1"), 2);
  const { status } = await session.eval("bytearray(1 << 30)");
  assertEquals(status, ResultStatus.PYTHON_ERROR);
});

Deno.test("server gives the children of a limited process the same limit, and it stands", async () => {
  await using server = await start({ workerMemoryLimit: LIMIT });
  await using session = await RawSession.connect(server.addr);
  const code = `
import subprocess, sys
child = "try:\\n  bytearray(1 << 30)\\nexcept MemoryError:\\n  print('refused')"
subprocess.run([sys.executable, "-c", child], capture_output=True, text=True).stdout`;
  assertEquals(await session.value(code), "refused\n");
  assertEquals(
    await session.value("import resource; list(resource.getrlimit(resource.RLIMIT_DATA))"),
    [LIMIT, LIMIT],
  );
});

Deno.test("server without a memory limit sets none", async () => {
  await using server = await start();
  await using session = await RawSession.connect(server.addr);
  const own = await new Deno.Command("python3", {
    args: ["-c", "import resource; print(*resource.getrlimit(resource.RLIMIT_DATA))"],
  }).output();
  const limits = new TextDecoder().decode(own.stdout).trim().split(" ").map(Number);
  assertEquals(
    await session.value("import resource; list(resource.getrlimit(resource.RLIMIT_DATA))"),
    limits,
  );
  assert(limits.length === 2);
});

Deno.test("server with a memory limit still has room for threads and numpy, where it is", async () => {
  await using server = await start({ workerMemoryLimit: 2 * LIMIT, python: "/usr/bin/python3" });
  await using session = await RawSession.connect(server.addr);
  const code = `
import threading
done = []
threads = [threading.Thread(target=lambda: done.append(len(bytearray(1 << 20)))) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
try:
    import numpy
except ImportError:
    numpy = None
len(done)`;
  assertEquals(await session.value(code), 8);
});
