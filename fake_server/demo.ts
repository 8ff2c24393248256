/**
 * `deno task demo`: the walkthrough as a script. It starts a server, shows each call with its
 * result, and stops the server.
 *
 * @module
 */
import { connect, PyProxySession, PythonError } from "../mod.ts";
import { startServer } from "./mod.ts";

const write = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));
const say = (text = "") => write(`${text}\n`);
const bold = Deno.stdout.isTerminal() && !Deno.noColor;
const title = (text: string) => say(bold ? `\n\x1b[1m${text}\x1b[0m` : `\n${text}`);
const show = (code: string, result: unknown) =>
  say(`  ${code}\n    -> ${Deno.inspect(result, { colors: false }).replaceAll("\n", "\n       ")}`);

title("A server, on free ports");
await using server = await startServer({
  bindAddr: "127.0.0.1:0",
  outputAddr: "127.0.0.1:0",
  numWorkers: 3,
  log: () => {},
});
say(`  it listens on ${server.addr}, its output on ${server.outputAddr}`);

title("1. PyProxySession");
await using session = await PyProxySession.open(server.addr);
show(`await PyProxySession.open("${server.addr}")`, "the two hellos are exchanged");
show("session.sessionId", session.sessionId);

title("2. Connect");
await using remote = await session.connect();
show("await session.connect()", "a RemoteProcess: its thread has opened the outputstream");

title("3. Eval");
const hello = remote.eval("print(hello)", { locs: { hello: "hello world" } });
say(`  remote.eval("print(hello)", { locs: { hello: "hello world" } })`);
for await (const { fd, line } of hello.output()) say(`    -> fd ${fd}: ${line}`);
show("await future", await hello);
show("2 + 2", await remote.eval("2 + 2"));
show(
  "sum(x * x for x in xs)",
  await remote.eval("sum(x * x for x in xs)", { locs: { xs: [1, 2, 3] } }),
);
show("2 ** 100", await remote.eval("2 ** 100"));
show(
  "{'set': {1}, 'bytes': b'ab', 1: None}",
  await remote.eval("{'set': {1}, 'bytes': b'ab', 1: None}"),
);

title("4. Waiting on the Future");
const slow = remote.eval("import time; time.sleep(0.3); 'slept'");
show("await slow.wait({ timeout: 50 })", (await slow.waitNoExcept({ timeout: 50 })).ok);
show("await slow", await slow);
const endless = remote.eval("while True: pass", { timeout: 200 });
const stopped = await endless.waitNoExcept();
show(`eval("while True: pass", { timeout: 200 })`, stopped.ok ? stopped.value : stopped.error.name);

title("Round-robin over three sessions");
const sessions = await Promise.all([1, 2, 3].map(() => connect(server.addr)));
const where = await Promise.all(
  Array.from({ length: 6 }, (_, i) => sessions[i % 3]!.eval<number>("import os; os.getpid()")),
);
show("os.getpid(), six times", where);
await Promise.all(sessions.map((each) => each.close()));

title("Live output of a slow loop");
const start = performance.now();
const loop = remote.eval(
  "import time\nfor step in range(4):\n    print('step', step)\n    time.sleep(0.25)",
);
for await (const { line } of loop.output()) {
  say(`  ${((performance.now() - start) / 1000).toFixed(2)} s  ${line}`);
}

title("An exception, with its traceback");
try {
  await remote.eval("def average(xs):\n    return sum(xs) / len(xs)\n\naverage([])");
} catch (error) {
  if (!(error instanceof PythonError)) throw error;
  show("error.type", error.type);
  show("error.message", error.message);
  say(error.traceback.replace(/^/gm, "    ").trimEnd());
}

title("The end");
say("  the sessions close, the server stops, no Python process is left");
