// The command with pipes: what it prints, where, and how it ends.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startServer } from "../../fake_server/mod.ts";
import { VERSION } from "../../src/common/version.ts";
import { makeAuthority } from "../certificates.ts";
import {
  COMMANDS,
  ended,
  Program,
  script,
  server,
  shareServer,
  untilNoSessions,
} from "./program.ts";

shareServer();

for (const [runtime, base] of COMMANDS) {
  Deno.test(`eval prints the output and the value as Python does, under ${runtime}`, async () => {
    const command = [...base, "--addr", server().addr, "eval"];
    assertEquals(await ended([...command, "print('x')\n(1, 2.0, {'a'})"]), {
      code: 0,
      stdout: "x\n(1, 2.0, {'a'})\n",
      stderr: "",
    });
    assertEquals(await ended([...command, "import sys; print('e', file=sys.stderr)"]), {
      code: 0,
      stdout: "",
      stderr: "e\n",
    });
    assertEquals((await ended([...command, "-"], "6 * 7")).stdout, "42\n");
  });

  Deno.test(`eval --json prints the value as JSON and the code's output on stderr, under ${runtime}`, async () => {
    const command = [...base, "--addr", server().addr, "eval", "--json"];
    assertEquals(await ended([...command, "print('x'); {'n': 2**70, 'b': b'xy', 's': {1}}"]), {
      code: 0,
      stdout: '{"n":1180591620717411303424,"b":"eHk=","s":[1]}\n',
      stderr: "x\n",
    });
    const failed = await ended([...command, "1/0"]);
    assertEquals([failed.code, failed.stdout], [1, ""]);
    assertStringIncludes(failed.stderr, "ZeroDivisionError: division by zero\n");
    assertEquals((await ended([...command, "import sys; sys.exit(7)"])).code, 7);
  });

  Deno.test(`run gives a file its arguments, its name and Python's exit codes, under ${runtime}`, async () => {
    await using file = await script(`import sys
print(sys.argv[1:], __file__ == sys.argv[0], __name__)
def fail(): raise ValueError("no")
how = sys.argv[1]
if how == "fail": fail()
if how == "die": import os; os._exit(3)
if how == "kill": import os; os.kill(os.getpid(), 9)
sys.exit(int(how) if how.isdigit() else None if how == "-h" else how)
`);
    const run = (how: string) =>
      ended([...base, "--addr", server().addr, "run", file.path, how, "--json"]);
    const greeting = (how: string) => `['${how}', '--json'] True __main__\n`;
    assertEquals(await run("-h"), { code: 0, stdout: greeting("-h"), stderr: "" });
    assertEquals(await run("300"), { code: 44, stdout: greeting("300"), stderr: "" });
    assertEquals(await run("bye"), { code: 1, stdout: greeting("bye"), stderr: "bye\n" });
    const failed = await run("fail");
    assertEquals([failed.code, failed.stdout], [1, greeting("fail")]);
    assertMatch(
      failed.stderr,
      /^Traceback \(most recent call last\):\n {2}File ".*\.py", line 5, in <module>\n {4}if how == "fail": fail\(\)\n(.*\n)? {2}File ".*\.py", line 3, in fail\n.*\n(.*\n)?ValueError: no\n$/,
    );
    assertEquals((await run("die")).code, 3);
    assertEquals((await run("kill")).code, 137);
  });

  Deno.test(`run waits for threads, and prints what they print, under ${runtime}`, async () => {
    await using file = await script(
      "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()",
    );
    const { stdout } = await ended([...base, "--addr", server().addr, "run", file.path]);
    assertEquals(stdout, "late\n");
  });

  Deno.test(`run shows output live, and a SIGINT raises KeyboardInterrupt in the code, under ${runtime}`, async () => {
    await using file = await script(`import time
try:
    print("begun", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("caught", flush=True)
time.sleep(60)
`);
    await using program = new Program([...base, "--addr", server().addr, "run", file.path]);
    await program.until("begun\n");
    program.interrupt();
    await program.until("caught\n");
    program.interrupt();
    assertEquals(await program.code, 130);
    // The second one was for the program; the code is stopped with its session.
    await untilNoSessions();
  });

  Deno.test(`run ends with 130 and a traceback when the code does not catch a SIGINT, under ${runtime}`, async () => {
    await using file = await script("print('begun', flush=True)\nwhile True: pass\n");
    await using program = new Program([...base, "--addr", server().addr, "run", file.path]);
    await program.until("begun\n");
    program.interrupt();
    assertEquals(await program.code, 130);
    assertMatch(
      program.stderr,
      /^Traceback .*\n {2}File ".*", line [12], in <module>\n.*\nKeyboardInterrupt\n$/,
    );
  });

  Deno.test(`the command reports an error in one line, under ${runtime}`, async () => {
    const wrong: [string[], number, RegExp][] = [
      [["sing"], 2, /^pyproxy: there is no command "sing" \(see --help\)\n$/],
      [["--addr", "no port:x", "eval", "1"], 2, /^pyproxy: Cannot open a session: .*\n$/],
      [
        ["--addr", "127.0.0.1:1", "eval", "1"],
        125,
        /^pyproxy: Cannot open a session at 127\.0\.0\.1:1: .*\n$/,
      ],
      [["run", "/no/such/file.py"], 2, /^pyproxy: Cannot read \/no\/such\/file\.py: .*\n$/],
      [
        ["--token-file", "/no/such/token", "repl"],
        2,
        /^pyproxy: Cannot read \/no\/such\/token: .*\n$/,
      ],
    ];
    for (const [args, wanted, text] of wrong) {
      const { code, stdout, stderr } = await ended([...base, ...args]);
      assertEquals([code, stdout], [wanted, ""], stderr);
      assertMatch(stderr, text);
    }
    assertEquals((await ended([...base, "--version"])).stdout, `${VERSION}\n`);
    assertStringIncludes((await ended([...base, "--help"])).stdout, "Usage: pyproxy");
  });

  Deno.test(`a server with a token and TLS accepts a client that has both, under ${runtime}`, async () => {
    const authority = await makeAuthority();
    const token = "a token of at least 22 characters".replaceAll(" ", "-");
    await using own = await startServer({
      bindAddr: "127.0.0.1:0",
      outputAddr: "127.0.0.1:0",
      numWorkers: 1,
      token,
      tls: await authority.issue("127.0.0.1"),
    });
    await using tokenFile = await script(`${token}\n`);
    await using caFile = await script(authority.cert);
    const command = [...base, "--addr", own.addr, "--ca-file", caFile.path];
    const asked = await ended([...command, "--token-file", tokenFile.path, "eval", "6 * 7"]);
    assertEquals(asked, { code: 0, stdout: "42\n", stderr: "" });
    const refused = await ended([...command, "eval", "6 * 7"]);
    assertEquals([refused.code, refused.stdout], [125, ""]);
    assertMatch(refused.stderr, /^pyproxy: Cannot open a session at .*\n$/);
  });

  Deno.test(`a closed pipe ends the command and its code, under ${runtime}`, async () => {
    await using file = await script("while True: print('y')\n");
    const command = [...base, "--addr", server().addr, "run", file.path];
    const line = command.map((word) => `'${word}'`).join(" ");
    const { code, stdout } = await ended(["sh", "-c", `(${line}; echo "code $?" >&2) | head -n 1`]);
    assertEquals([code, stdout], [0, "y\n"]);
    await untilNoSessions();
  });

  Deno.test(`repl without a terminal runs its input lines, without prompts, under ${runtime}`, async () => {
    const lines =
      "x = 20\nfor i in range(2):\n    print(i)\n\nx + 1\n1/0\nexit(5)\nprint('never')\n";
    const { code, stdout, stderr } = await ended([...base, "--addr", server().addr, "repl"], lines);
    assertEquals([code, stdout], [5, "0\n1\n21\n"]);
    assertMatch(
      stderr,
      /^Traceback .*\n {2}File "<stdin>", line 1, in <module>\nZeroDivisionError: .*\n$/,
    );
  });
}

Deno.test("serve starts the server under Deno", async () => {
  const [, base] = COMMANDS.find(([runtime]) => runtime === "Deno")!;
  await using program = new Program([
    ...base,
    "serve",
    "--bind-addr=127.0.0.1:0",
    "--output-addr=127.0.0.1:0",
    "--num-workers=1",
  ]);
  await program.until(/listening on \S+,.*\n/);
  const [, addr] = /listening on (\S+),/.exec(program.stdout)!;
  assertEquals((await ended([...base, "--addr", addr!, "eval", "2 + 2"])).stdout, "4\n");
  program.interrupt();
  assertEquals(await program.code, 0);
});

Deno.test("serve --help under Deno prints the options and exits", async () => {
  const [, base] = COMMANDS.find(([runtime]) => runtime === "Deno")!;
  const { code, stdout, stderr } = await ended([...base, "serve", "--help"]);
  assertMatch(stdout, /--num-workers N/);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("serve under Bun says that the server needs Deno", async () => {
  const [, base] = COMMANDS.find(([runtime]) => runtime === "Bun")!;
  const { code, stderr } = await ended([...base, "serve"]);
  assert(code !== 0);
  assertMatch(stderr, /^pyproxy: Cannot serve: the server runs in Deno only; .*: deno run .*\n$/);
});
