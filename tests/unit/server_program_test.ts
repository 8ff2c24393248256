import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ResultStatus } from "../../src/wire/messages.ts";
import { RawSession, RawStream } from "../raw_client.ts";
import { isAlive, until } from "../raw_server.ts";

const MAIN = new URL("../../fake_server/main.ts", import.meta.url).pathname;
const FREE = ["--bind-addr", "127.0.0.1:0", "--output-addr", "127.0.0.1:0"];

function command(
  args: string[],
  env: Record<string, string> = {},
  descriptors?: number,
): Deno.Command {
  const limit = descriptors === undefined ? "" : `ulimit -n ${descriptors}; `;
  return new Deno.Command("sh", {
    args: ["-c", `${limit}exec "$0" "$@"`, Deno.execPath(), "run", "-A", MAIN, ...args],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** The server as a child process. */
class Program implements AsyncDisposable {
  readonly child: Deno.ChildProcess;
  readonly #stdout: ReadableStreamDefaultReader<Uint8Array>;
  readonly #stderr: Promise<string>;

  constructor(args: string[] = FREE, env: Record<string, string> = {}, descriptors?: number) {
    this.child = command(args, env, descriptors).spawn();
    this.#stdout = this.child.stdout.getReader();
    this.#stderr = new Response(this.child.stderr).text();
  }

  /** The line that says it is ready. */
  async ready(): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    while (!text.endsWith("\n")) {
      const { done, value } = await this.#stdout.read();
      if (done) throw new Error(`the server ended before it was ready: ${await this.#stderr}`);
      text += decoder.decode(value, { stream: true });
    }
    return text;
  }

  /** Its log, once it has ended. */
  async log(): Promise<Record<string, unknown>[]> {
    return (await this.#stderr).trim().split("\n").map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.child.status;
    await this.#stdout.cancel();
    await this.#stderr;
  }
}

function addrIn(line: string): string {
  return /listening on (\S+),/.exec(line)![1]!;
}

Deno.test("program prints one line when it is ready, and ends at SIGTERM", async () => {
  await using program = new Program([...FREE, "--num-workers", "2"]);
  const line = await program.ready();
  assertMatch(
    line,
    /^PyProxy is listening on 127\.0\.0\.1:\d+, output on 127\.0\.0\.1:\d+, 2 python processes \(CPython 3\.\d+\.\d+, msgpack: (c|python)\)\n$/,
  );
  await using session = await RawSession.connect(addrIn(line));
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
  await using program = new Program();
  await using session = await RawSession.connect(addrIn(await program.ready()));
  const id = await session.send("import os; print(os.getpid(), flush=True)\nwhile True: pass");
  const written = await session.until(() => session.written.get(id), "the pid");
  const pid = Number(new TextDecoder().decode(written[0]!.bytes));
  program.child.kill("SIGTERM");
  program.child.kill("SIGINT");
  assertEquals((await program.child.status).code, 1);
  await until(() => !isAlive(pid));
});

Deno.test("program that is killed leaves no process and no file behind", async () => {
  await using program = new Program();
  await using session = await RawSession.connect(addrIn(await program.ready()));
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
[os.getpid(), os.getppid(), child, int(os.read(reader, 100)), os.path.dirname(sys.modules["pyproxy_worker"].__path__[0])]
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

Deno.test("program that runs out of descriptors serves its sessions, and new ones when it can", async () => {
  // Deno would read these as soon as it needs certificates, and warn of it in its own words.
  await using program = new Program(FREE, { NODE_EXTRA_CA_CERTS: "" }, 64);
  const addr = addrIn(await program.ready());
  {
    await using session = await RawSession.connect(addr);
    const open = (): number => Array.from(Deno.readDirSync(`/proc/${program.child.pid}/fd`)).length;
    const strangers: RawStream[] = [];
    // Most of them wait in the kernel.
    for (let i = 0; i < 100; i++) strangers.push(await RawStream.dial(addr));
    await until(() => open() >= 64);
    for (let i = 0; i < 20; i++) assertEquals(await session.value("i * i", { locs: { i } }), i * i);
    for (const stranger of strangers) stranger.close();
    await using late = await RawSession.connect(addr);
    assertEquals(await late.value("1"), 1);
  }
  program.child.kill("SIGTERM");
  assertEquals((await program.child.status).code, 0);
  const warnings = (await program.log()).filter(({ error }) =>
    `${error}`.includes("Too many open")
  );
  assert(warnings.length >= 1 && warnings.length < 10, `${warnings.length} records`);
});

Deno.test("program keeps its token from its log and from the environment of python processes", async () => {
  const token = "0123456789abcdefghijkl";
  await using program = new Program([...FREE, "--log-level", "debug"], { PYPROXY_TOKEN: token });
  const line = await program.ready();
  const addr = addrIn(line);
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
  const wrong: [string[], Record<string, string>, string][] = [
    [["--nonsense"], {}, "--nonsense"],
    [[], { PYPROXY_BIND_ADDR: "0.0.0.0:0" }, "Cannot listen on 0.0.0.0:0: others can reach it"],
    [[], { PYPROXY_NUM_WORKERS: "many" }, 'Cannot run "many" python processes'],
    [FREE, { PYPROXY_TOKEN: "short" }, "Cannot use the token: it has 5 characters"],
    [["--tls-cert", "/nowhere"], {}, "both --tls-cert and --tls-key are needed"],
    [["--tls-cert", "/nowhere", "--tls-key", "/x"], {}, "Cannot read /nowhere for TLS"],
    [["--token-file", "/nowhere"], {}, "Cannot read the token file /nowhere"],
    [FREE, { PYPROXY_PYTHON: "no-such-python" }, 'Cannot start python "no-such-python"'],
  ];
  for (const [args, env, text] of wrong) {
    const { code, stdout, stderr } = await command(args, env).output();
    assertEquals(code, 1);
    assertEquals(stdout.length, 0);
    const said = new TextDecoder().decode(stderr);
    assertStringIncludes(said, text);
    assertEquals(said.trimEnd().split("\n").length, 1);
  }
});

Deno.test("program prints its help", async () => {
  const { code, stdout } = await command(["--help"]).output();
  assertEquals(code, 0);
  assertStringIncludes(new TextDecoder().decode(stdout), "--bind-addr");
});
