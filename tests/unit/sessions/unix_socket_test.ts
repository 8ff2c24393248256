// Unix domain sockets as addresses: whose they are, and what becomes of their files.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkConfig } from "../../../fake_server/config.ts";
import { startServer } from "../../../fake_server/mod.ts";
import { connect } from "../../../mod.ts";
import { outputAddress } from "../../../src/common/address.ts";
import { RawSession } from "../../raw_client.ts";
import { start } from "../../raw_server.ts";

/** A directory of the test's own. */
async function directory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function names(path: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(path));
  return entries.map(({ name }) => name).sort();
}

Deno.test("server listens on one unix socket or two, for its owner alone, and removes them", async () => {
  await using dir = await directory();
  const [one, other] = [`unix:${dir.path}/one`, `unix:${dir.path}/other`];
  for (const outputAddr of [undefined, one, other]) {
    {
      await using server = await startServer({ bindAddr: one, outputAddr, numWorkers: 1 });
      assertEquals([server.addr, server.outputAddr], [one, outputAddr ?? one]);
      for (const addr of [server.addr, server.outputAddr]) {
        const { mode, isSocket } = await Deno.lstat(addr.slice("unix:".length));
        assertEquals([mode! & 0o777, isSocket], [0o600, true]);
      }
      await using remote = await connect(one);
      const future = remote.eval("print('over a unix socket'); 1");
      for await (const { line } of future.output()) assertEquals(line, "over a unix socket");
      assertEquals(await future, 1);
    }
    assertEquals(await names(dir.path), []);
  }
});

Deno.test("server leaves the umask as it was", async () => {
  await using dir = await directory();
  const before = Deno.umask();
  await using _server = await startServer({ bindAddr: `unix:${dir.path}/s`, numWorkers: 1 });
  assertEquals(Deno.umask(), before);
});

Deno.test("server replaces a socket that nobody answers on, and no other file", async () => {
  await using dir = await directory();
  const path = `${dir.path}/socket`;
  const bindAddr = `unix:${path}`;
  // As after a kill -9: the file outlives its server.
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", `Deno.listen({ transport: "unix", path: "${path}" }); Deno.exit();`],
  });
  assert((await child.output()).success);
  assertEquals(await names(dir.path), ["socket"]);
  {
    await using server = await start({ bindAddr, outputAddr: bindAddr });
    await using session = await RawSession.connect(server.addr);
    assertEquals(await session.value("1"), 1);
    const error = await assertRejects(() => start({ bindAddr, outputAddr: bindAddr }), Error);
    assertEquals(error.message, `Cannot listen on ${bindAddr}: it is in use`);
    assertEquals(await session.value("2"), 2);
  }
  await Deno.writeTextFile(path, "somebody's");
  await assertRejects(() => start({ bindAddr, outputAddr: bindAddr }), Error, "it is in use");
  assertEquals(await Deno.readTextFile(path), "somebody's");
});

Deno.test("checkConfig() takes unix sockets for both streams or for none, and no TLS on them", () => {
  const tls = { cert: "", key: "" };
  assertEquals(checkConfig({ bindAddr: "unix:/a" }).outputAddr, "unix:/a");
  for (
    const options of [
      { bindAddr: "unix:/a", outputAddr: "127.0.0.1:0" },
      { bindAddr: "127.0.0.1:0", outputAddr: "unix:/a" },
      { bindAddr: "unix:/a", tls },
      { bindAddr: "unix:a" },
      { bindAddr: "unix:" },
    ]
  ) {
    assertThrows(() => checkConfig(options), TypeError);
  }
});

Deno.test("outputAddress() follows a server that is elsewhere to no socket of this machine", () => {
  const there = { hostname: "there", port: 1 };
  const unix = { path: "/main" };
  assertEquals(outputAddress(":2", there), { hostname: "there", port: 2 });
  assertEquals(outputAddress("other:2", there), { hostname: "other", port: 2 });
  assertEquals(outputAddress("unix:/output", unix), { path: "/output" });
  assertThrows(() => outputAddress("unix:/output", there), TypeError, "or neither");
  assertThrows(() => outputAddress("there:1", unix), TypeError, "or neither");
  for (const given of [":0", ":x", ":", "unix:x", ""]) {
    assertThrows(() => outputAddress(given, there), TypeError);
    assertThrows(() => outputAddress(given, unix), TypeError);
  }
});
