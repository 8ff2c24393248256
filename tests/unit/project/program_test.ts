// Whole programs, from outside: they end by themselves, whatever became of their session.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startServer } from "../../../fake_server/mod.ts";
import { connect, ConnectionError } from "../../../mod.ts";

const root = new URL("../../../", import.meta.url);
const config = `${root.pathname}deno.json`;

/** Runs a program that imports the client; gives what it printed. */
async function program(body: string, permissions = ["--allow-all"]): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, `import * as client from "${root}mod.ts";\n${body}`);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--no-prompt", "--config", config, ...permissions, file],
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // The one deadline of these tests: a program that hangs must not hang the tests.
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    const { success, signal, stdout, stderr } = await child.output();
    clearTimeout(timer);
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals(signal, null, `the program did not end by itself:\n${text}`);
    assert(success, text);
    return text;
  } finally {
    await Deno.remove(file);
  }
}

const server = (log: string[] = []) =>
  startServer({
    bindAddr: "127.0.0.1:0",
    outputAddr: "127.0.0.1:0",
    numWorkers: 1,
    log: (record) => log.push(JSON.stringify(record)),
  });

Deno.test("a program that opens, evals and closes ends by itself, and leaves no session", async () => {
  await using own = await server();
  const text = await program(`
    const remote = await client.connect("${own.addr}");
    console.log(await remote.eval("2 + 2"));
    await remote.close();`);
  assertEquals(text, "4\n");
  assertEquals(own.stats().sessions, 0);
});

Deno.test("a program whose session could not be opened ends by itself", async () => {
  const text = await program(`
    for (const addr of ["127.0.0.1:1", "no-such-host.invalid:1"]) {
      await client.connect(addr).catch((error) => console.log(error.name));
    }`);
  assertEquals(text, "ConnectionError\nConnectionError\n");
});

Deno.test("a program that fails with a session open ends, and the server lets the session go", async () => {
  const log: string[] = [];
  await using own = await server(log);
  const text = await program(`
    const remote = await client.connect("${own.addr}", { name: "unlucky" });
    remote.eval("import time; time.sleep(60)");
    await remote.eval("1").wait({ timeout: 50 }).catch((error) => console.log(error.name));
    Deno.exit(0);`);
  assertEquals(text, "FutureTimeoutError\n");
  while (own.stats().sessions > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assertMatch(log.join("\n"), /unlucky/);
});

Deno.test("a failed future that nobody awaits does not end the program, nor does a lost session", async () => {
  await using own = await server();
  const text = await program(`
    const remote = await client.connect("${own.addr}");
    remote.eval("1 / 0");
    remote.eval("import time; time.sleep(60)");
    await remote.eval("1").wait({ timeout: 200 }).catch(() => {});
    remote.close();
    console.log((await remote.closed).reason);`);
  assertEquals(text, "CLIENT_CLOSED\n");
});

Deno.test("the client needs permission for the network alone, and to read its own files", async () => {
  await using own = await server();
  const text = await program(
    `await using remote = await client.connect("${own.addr}");
    console.log(await remote.eval("'least'"));`,
    [`--allow-net=${own.addr},${own.outputAddr}`, `--allow-read=${root.pathname}src`],
  );
  assertEquals(text, "least\n");
});

Deno.test("a server whose log function throws goes on, and tells of it and the record on stderr", async () => {
  const text = await program(`
    const { startServer } = await import("${root}fake_server/mod.ts");
    const server = await startServer({
      bindAddr: "127.0.0.1:0",
      outputAddr: "127.0.0.1:0",
      numWorkers: 1,
      log: () => { throw new Error("the disk is full"); },
    });
    const remote = await client.connect(server.addr);
    await remote.eval("import os; os._exit(3)").then(undefined, (error) => console.log(error.name));
    console.log(await remote.eval("2 + 2"));
    await remote.close();
    await server.close();
    console.log("closed");`);
  const lines = text.trimEnd().split("\n");
  const logged = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  assertEquals(lines.slice(0, 3), ["RemoteProcessDiedError", "4", "closed"]);
  const [threw, ready] = logged;
  assertEquals([threw.msg, threw.error], ["the log function threw", "the disk is full"]);
  assertEquals([ready.level, ready.msg], ["info", "python process ready"]);
  assertEquals(logged.at(-1).msg, "server closed");
});

/** Starts the server as a program of its own; gives it and the address that it tells. */
async function serverProgram(): Promise<{ child: Deno.ChildProcess; addr: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", `${root.pathname}fake_server/main.ts`],
    env: {
      PYPROXY_BIND_ADDR: "127.0.0.1:0",
      PYPROXY_OUTPUT_ADDR: "127.0.0.1:0",
      PYPROXY_NUM_WORKERS: "1",
    },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  const [, addr] = /listening on (\S+),/.exec(new TextDecoder().decode(value))!;
  return { child, addr: addr! };
}

Deno.test("kill -9 of the server fails all futures with ConnectionError and leaves no python", async () => {
  const { child, addr } = await serverProgram();
  const remote = await connect(addr);
  const pid = await remote.eval<number>("import os; os.getpid()");
  const futures = Array.from({ length: 1500 }, () => remote.eval("import time; time.sleep(60)"));
  const output = futures[0]!.output();
  child.kill("SIGKILL");
  await child.status;
  for (const future of futures) {
    const outcome = await future.waitNoExcept();
    assert(!outcome.ok && outcome.error instanceof ConnectionError);
  }
  assert((await output.next().catch((error) => error)) instanceof ConnectionError);
  const end = await remote.closed;
  assert(end.error instanceof ConnectionError);
  // The guard has 2 s; gone or a zombie that waits for init are the same.
  const alive = () =>
    Deno.readTextFile(`/proc/${pid}/stat`).then((stat) => !/\) Z /.test(stat), () => false);
  while (await alive()) await new Promise((resolve) => setTimeout(resolve, 10));
});

Deno.test("SIGTERM lets what runs finish, its output arrives whole, and the session says why it ended", async () => {
  const { child, addr } = await serverProgram();
  const remote = await connect(addr);
  const future = remote.eval(
    "import time\nprint('begun')\ntime.sleep(0.3)\nfor i in range(100_000): print(i)\n'finished'",
  );
  const lines: string[] = [];
  for await (const { line } of future.output()) {
    if (lines.length === 0) child.kill("SIGTERM");
    lines.push(line);
  }
  assertEquals([lines.length, lines.at(-1)], [100_001, "99999"]);
  assertEquals(await future, "finished");
  const end = await remote.closed;
  assertEquals(end.reason, "SHUTDOWN");
  assert(end.error instanceof ConnectionError);
  assertEquals((await child.status).code, 0);
});
