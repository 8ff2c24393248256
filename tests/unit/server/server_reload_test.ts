// SIGHUP and reload(): another token and another certificate, while sessions go on.
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { ResultStatus } from "../../../src/wire/messages.ts";
import { makeAuthority } from "../../certificates.ts";
import { pathPython } from "../../python.ts";
import { RawSession } from "../../raw_client.ts";
import { start } from "../../raw_server.ts";
import { ServerMain } from "../../server_main.ts";

const OLD = "the-old-token-0123456789";
const NEW = "the-new-token-0123456789";

/** A directory of the test's own, and how files get into it. */
async function makeFolder() {
  const path = await Deno.makeTempDir();
  return {
    path,
    async write(name: string, text: string, mode = 0o600): Promise<string> {
      await Deno.writeTextFile(`${path}/${name}`, text);
      await Deno.chmod(`${path}/${name}`, mode);
      return `${path}/${name}`;
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Begins an eval that ends once there is a file `go`; gives its id. */
async function begin(session: RawSession, go: string): Promise<number> {
  const code = `
import os, time
print("begun", flush=True)
while not os.path.exists(path): time.sleep(0.01)
"whole"`;
  const id = await session.send(code, { locs: { path: go } });
  await session.until(() => session.written.get(id), "its line");
  return id;
}

Deno.test("program takes a new token at SIGHUP, and its sessions and evals go on", async () => {
  await using folder = await makeFolder();
  const file = await folder.write("token", OLD);
  await using program = new ServerMain(["--token-file", file, "--num-workers", "1"]);
  await program.ready();
  await using session = await RawSession.connect(program.addr, { token: OLD });
  // Its outputstream comes after the change, and is one of the old login.
  await using half = await RawSession.open(program.addr, undefined, OLD);
  const id = await begin(session, `${folder.path}/go`);
  await folder.write("token", `${NEW}\n`);
  program.child.kill("SIGHUP");
  const { level, token, tls } = await program.logged("configuration reloaded");
  assertEquals([level, token, tls], ["info", true, false]);
  const old = () => RawSession.connect(program.addr, { token: OLD });
  await assertRejects(old, Error, "AUTHENTICATION");
  await using next = await RawSession.connect(program.addr, { token: NEW });
  await half.connect();
  await folder.write("go", "");
  assertEquals((await session.result(id)).status, ResultStatus.VALUE);
  for (const each of [session, half, next]) assertEquals(await each.value("1"), 1);
});

Deno.test("program keeps the token that it has when the new file cannot be used, and logs why", async () => {
  await using folder = await makeFolder();
  const file = await folder.write("token", OLD);
  await using program = new ServerMain(["--token-file", file, "--num-workers", "1"]);
  await program.ready();
  const bad: [change: () => Promise<unknown>, why: string][] = [
    [() => folder.write("token", NEW, 0o644), "it has the mode 0644"],
    [() => folder.write("token", "short"), "Cannot use the token: it has 5 characters"],
    [() => folder.write("token", ""), "Cannot use the token: "],
    [() => Deno.remove(file), `Cannot read the token file ${file}: `],
  ];
  for (const [change, why] of bad) {
    await change();
    program.child.kill("SIGHUP");
    const { level, error } = await program.logged("configuration not reloaded");
    assertEquals(level, "error");
    assertStringIncludes(String(error), why);
    await using _ = await RawSession.connect(program.addr, { token: OLD });
  }
  await folder.write("token", NEW);
  program.child.kill("SIGHUP");
  await program.logged("configuration reloaded");
  await using _ = await RawSession.connect(program.addr, { token: NEW });
});

Deno.test("program shows a new certificate after SIGHUP, and its sessions and evals go on", async () => {
  await using folder = await makeFolder();
  const [first, second] = [await makeAuthority(), await makeAuthority()];
  const [one, other] = [await first.issue("127.0.0.1"), await second.issue("127.0.0.1")];
  const cert = await folder.write("cert.pem", one.cert);
  const key = await folder.write("key.pem", one.key);
  const tls = ["--tls-cert", cert, "--tls-key", key];
  await using program = new ServerMain([...tls, "--num-workers", "1"]);
  await program.ready();
  const connect = (authority: string) => RawSession.connect(program.addr, { authority });
  await using session = await connect(first.cert);
  const id = await begin(session, `${folder.path}/go`);

  // As while somebody copies them, one after the other.
  await folder.write("cert.pem", other.cert);
  program.child.kill("SIGHUP");
  const { error } = await program.logged("configuration not reloaded");
  assertStringIncludes(String(error), "the key belongs to another");
  await using between = await connect(first.cert);

  await folder.write("key.pem", other.key);
  program.child.kill("SIGHUP");
  await program.logged("configuration reloaded");
  await assertRejects(() => connect(first.cert));
  await using next = await connect(second.cert);
  await folder.write("go", "");
  assertEquals((await session.result(id)).status, ResultStatus.VALUE);
  for (const each of [session, between, next]) assertEquals(await each.value("1"), 1);
});

Deno.test("program without files has nothing to reload, says so and goes on", async () => {
  await using program = new ServerMain(["--num-workers", "1"], { env: { PYPROXY_TOKEN: OLD } });
  await program.ready();
  await using session = await RawSession.connect(program.addr, { token: OLD });
  program.child.kill("SIGHUP");
  const text = "nothing to reload: there is neither a token file nor a TLS certificate";
  assertEquals((await program.logged(text)).level, "info");
  assertEquals(await session.value("1"), 1);
});

Deno.test("program ends as at SIGTERM when the terminal is closed that it was started in", async () => {
  // It holds the server's terminal until it is told to let go, and gives the server's end.
  const terminal = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
text = b""
while b"listening" not in text:
    text += os.read(fd, 1000)
os.close(fd)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
  const main = new URL("../../../fake_server/main.ts", import.meta.url).pathname;
  const server = [Deno.execPath(), "run", "-A", main, "--num-workers", "1"];
  const { code, stderr } = await new Deno.Command(pathPython(), {
    args: ["-c", terminal, ...server],
    env: { PYPROXY_BIND_ADDR: "127.0.0.1:0", PYPROXY_OUTPUT_ADDR: "127.0.0.1:0" },
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
});

Deno.test("PyProxyServer.reload() takes all that it is given or nothing", async () => {
  const authority = await makeAuthority();
  const [one, other] = [await authority.issue("127.0.0.1"), await authority.issue("127.0.0.1")];
  await using server = await start({ token: OLD, tls: one });
  const connect = (token: string) =>
    RawSession.connect(server.addr, { token, authority: authority.cert });
  const wrong = { cert: other.cert, key: one.key };
  assertThrows(() => server.reload({ token: NEW, tls: wrong }), TypeError, "belongs to another");
  assertThrows(() => server.reload({ token: "short", tls: other }), TypeError, "5 characters");
  {
    await using _ = await connect(OLD);
  }
  server.reload({ token: NEW });
  server.reload({ tls: other });
  server.reload({});
  await using _ = await connect(NEW);
});

Deno.test("PyProxyServer.reload() puts nothing where the server was started without", async () => {
  const tls = await (await makeAuthority()).issue("127.0.0.1");
  await using server = await start();
  const without = "the server was started without one";
  assertThrows(() => server.reload({ token: NEW }), TypeError, `change the token: ${without}`);
  assertThrows(() => server.reload({ tls }), TypeError, `change the TLS certificate: ${without}`);
  await using session = await RawSession.connect(server.addr);
  assertEquals(await session.value("1"), 1);
});
