import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ResultStatus } from "../../../src/wire/messages.ts";
import { RawSession } from "../../raw_client.ts";
import { isAlive, until } from "../../raw_server.ts";
import { ServerMain } from "../../server_main.ts";

Deno.test("program prints one line when it is ready, and ends at SIGTERM", async () => {
  await using program = new ServerMain(["--num-workers", "2"]);
  const line = await program.ready();
  assertMatch(
    line,
    /^PyProxy is listening on 127\.0\.0\.1:\d+, output on 127\.0\.0\.1:\d+, 2 python processes \(CPython 3\.\d+\.\d+, msgpack: (c|python)\)\n$/,
  );
  await using session = await RawSession.connect(program.addr);
  const id = await session.send("print('x', flush=True); import time; time.sleep(0.2); 5");
  await session.until(() => session.written.get(id), "the line");
  program.child.kill("SIGTERM");
  assertEquals((await session.result(id)).status, ResultStatus.VALUE);
  assertEquals(await session.closed(), "SHUTDOWN");
  const { code } = await program.child.status;
  assertEquals(code, 0);
  const log = await program.log();
  assert(log.every(({ level, ts, msg }) => level && ts && msg));
  assert(log.some(({ session_id }) => session_id === session.hello.session_id));
});

Deno.test("program ends at once at the second signal, and leaves no process behind", async () => {
  await using program = new ServerMain();
  await program.ready();
  await using session = await RawSession.connect(program.addr);
  const id = await session.send("import os; print(os.getpid(), flush=True)\nwhile True: pass");
  const written = await session.until(() => session.written.get(id), "the pid");
  const pid = Number(new TextDecoder().decode(written[0]!.bytes));
  program.child.kill("SIGTERM");
  program.child.kill("SIGINT");
  assertEquals((await program.child.status).code, 1);
  await until(() => !isAlive(pid));
});

Deno.test("program that is killed leaves no process and no file behind", async () => {
  await using program = new ServerMain();
  await program.ready();
  await using session = await RawSession.connect(program.addr);
  const [pid, guard, child, daemon, folder] = await session.value(`
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "1000"], start_new_session=True).pid
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(writer, b"%d" % os.getpid())
        time.sleep(1000)
    os._exit(0)
page = next(line for line in open("/proc/self/maps") if ".page" in line).split(None, 5)[5]
[os.getpid(), os.getppid(), child, int(os.read(reader, 100)), os.path.dirname(page)]
`) as [number, number, number, number, string];
  const pids = [pid, guard, child, daemon];
  assert(pids.every(isAlive));
  assert((await Deno.stat(folder)).isDirectory);
  await session.send("while True: pass");
  program.child.kill("SIGKILL");
  await until(() => !pids.some(isAlive));
  await until(() => {
    try {
      return !Deno.statSync(folder).isDirectory;
    } catch (error) {
      return error instanceof Deno.errors.NotFound;
    }
  });
});

Deno.test("program keeps its token from its log and from the environment of python processes", async () => {
  const token = "0123456789abcdefghijkl";
  await using program = new ServerMain(["--log-level", "debug"], {
    env: { PYPROXY_TOKEN: token },
  });
  const line = await program.ready();
  const { addr } = program;
  await assertRejects(() => RawSession.connect(addr), Error, "AUTHENTICATION");
  {
    await using session = await RawSession.connect(addr, { token });
    // The process, and its guard.
    const seen = await session.value(`
import os
texts = [repr(os.environ), repr(open("/proc/self/environ").read())]
for pid in (os.getpid(), os.getppid()):
    texts.append(repr(open(f"/proc/{pid}/environ").read() + open(f"/proc/{pid}/cmdline").read()))
texts`) as string[];
    assert(seen.length === 4 && !seen.join().includes(token), seen.join());
  }
  program.child.kill("SIGTERM");
  await program.child.status;
  assert(!line.includes(token) && !JSON.stringify(await program.log()).includes(token));
});

Deno.test("program says in one line what is wrong with how it was started", async () => {
  const free = { PYPROXY_BIND_ADDR: "127.0.0.1:0", PYPROXY_OUTPUT_ADDR: "127.0.0.1:0" };
  const wrong: [string[], Record<string, string>, string][] = [
    [["--nonsense"], {}, "--nonsense"],
    [[], { PYPROXY_BIND_ADDR: "0.0.0.0:0" }, "Cannot listen on 0.0.0.0:0: others can reach it"],
    [[], { PYPROXY_NUM_WORKERS: "many" }, 'Cannot run "many" python processes'],
    [[], { ...free, PYPROXY_TOKEN: "short" }, "Cannot use the token: it has 5 characters"],
    [["--tls-cert", "/nowhere"], {}, "both --tls-cert and --tls-key are needed"],
    [["--tls-cert", "/nowhere", "--tls-key", "/x"], {}, "Cannot read /nowhere for TLS"],
    [["--token-file", "/nowhere"], {}, "Cannot read the token file /nowhere"],
    [[], { ...free, PYPROXY_PYTHON: "no-such-python" }, 'Cannot start python "no-such-python"'],
  ];
  for (const [args, env, text] of wrong) {
    const { code, stdout, stderr } = await ServerMain.command(args, { env }).output();
    assertEquals(code, 1);
    assertEquals(stdout.length, 0);
    const said = new TextDecoder().decode(stderr);
    assertStringIncludes(said, text);
    assertEquals(said.trimEnd().split("\n").length, 1);
  }
});

Deno.test("program prints its help", async () => {
  const { code, stdout } = await ServerMain.command(["--help"]).output();
  assertEquals(code, 0);
  assertStringIncludes(new TextDecoder().decode(stdout), "--bind-addr");
});
