// A server that has no descriptors left: it says so at once to whoever comes, and serves who is there.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connect, ConnectionError, SessionError } from "../../../mod.ts";
import { makeAuthority } from "../../certificates.ts";
import { RawSession, RawStream } from "../../raw_client.ts";
import { until } from "../../raw_server.ts";
import { ServerMain } from "../../server_main.ts";

const LEFT = "the server has no descriptors left: close sessions, or let it have more (ulimit -n)";

/** A server that may have 64 descriptors. */
async function startMain(args: string[] = []): Promise<ServerMain> {
  const program = new ServerMain(["--num-workers", "1", ...args], {
    // Deno would read these as soon as it needs certificates, and warn of it in its own words.
    env: { NODE_EXTRA_CA_CERTS: "" },
    descriptors: 64,
  });
  await program.ready();
  return program;
}

/** How many it has. */
function descriptors({ child }: ServerMain): number {
  return Array.from(Deno.readDirSync(`/proc/${child.pid}/fd`)).length;
}

/** Opens sessions until there is no room for another; `stack` closes them. */
async function fill(
  stack: AsyncDisposableStack,
  open: () => Promise<RawSession>,
): Promise<RawSession[]> {
  const sessions: RawSession[] = [];
  for (;;) {
    try {
      sessions.push(stack.use(await open()));
    } catch (error) {
      assertStringIncludes((error as Error).message, LEFT);
      return sessions;
    }
  }
}

/** The warnings of a server that is to end now. */
async function warnings(program: ServerMain): Promise<Record<string, unknown>[]> {
  program.child.kill("SIGTERM");
  assertEquals((await program.child.status).code, 0);
  return (await program.log()).filter(({ msg }) => `${msg}`.startsWith("no descriptors left"));
}

Deno.test("server without descriptors tells 40 clients so, serves the others, and warns once", async () => {
  await using program = await startMain();
  {
    await using stack = new AsyncDisposableStack();
    const refusals: string[] = [];
    const tries = Array.from({ length: 40 }, async () => {
      try {
        return [stack.use(await RawSession.connect(program.addr))];
      } catch (error) {
        refusals.push((error as Error).message);
        return [];
      }
    });
    const sessions = (await Promise.all(tries)).flat();
    assert(sessions.length >= 5 && refusals.length >= 5, `${sessions.length} were opened`);
    for (const text of refusals) assertStringIncludes(text, LEFT);
    for (const [i, session] of sessions.entries()) {
      assertEquals(await session.value("i * i", { locs: { i } }), i * i);
    }
  }
  await until(() => descriptors(program) < 50);
  await using session = await RawSession.connect(program.addr);
  assertEquals(await session.value("1"), 1);
  session.close();
  const [warning, ...others] = await warnings(program);
  assertEquals([warning!.level, warning!.limit, others], ["warn", 64, []]);
});

Deno.test("server without descriptors is a ConnectionError to our client, over TLS and with a token", async () => {
  const authority = await makeAuthority();
  const { cert, key } = await authority.issue("127.0.0.1");
  const token = "0123456789abcdefghijkl";
  await using folder = new AsyncDisposableStack();
  const path = await Deno.makeTempDir();
  folder.defer(() => Deno.remove(path, { recursive: true }));
  for (const [name, text] of Object.entries({ cert, key, token })) {
    await Deno.writeTextFile(`${path}/${name}`, text, { mode: 0o600 });
  }
  const files = { "--tls-cert": "cert", "--tls-key": "key", "--token-file": "token" };
  const args = Object.entries(files).flatMap(([flag, name]) => [flag, `${path}/${name}`]);
  await using program = await startMain(args);
  await using stack = new AsyncDisposableStack();
  const options = { token, authority: authority.cert };
  await fill(stack, () => RawSession.connect(program.addr, options));
  const tls = { caCerts: [authority.cert] };
  await assertRejects(() => connect(program.addr, { token, tls }), ConnectionError, LEFT);
});

Deno.test("server without descriptors replaces a python process that dies, again and again", async () => {
  await using program = await startMain();
  await using stack = new AsyncDisposableStack();
  const sessions = await fill(stack, () => RawSession.connect(program.addr));
  for (let i = 0; i < 5; i++) {
    await sessions[0]!.eval("__import__('os')._exit(1)");
    for (const session of sessions) assertEquals(await session.value("i", { locs: { i } }), i);
  }
  await assertRejects(() => RawSession.connect(program.addr), Error, LEFT);
});

Deno.test("server without descriptors for a process of its own ends the session that wants one", async () => {
  await using program = await startMain();
  await using stack = new AsyncDisposableStack();
  const sessions = await fill(stack, () => RawSession.connect(program.addr));
  // Two: the reserve may lack some, and takes back what comes free first.
  for (let i = 0; i < 2; i++) sessions.pop()!.close();
  await until(() => descriptors(program) <= 62);
  const failed = async (): Promise<void> => {
    await using own = await connect(program.addr, { process: "own" });
    await own.eval("2");
  };
  // Where the session is over before the call, its end is the cause.
  const error = await assertRejects(failed, SessionError);
  assertStringIncludes(`${error.message} ${(error.cause as Error | undefined)?.message}`, LEFT);
  for (const session of sessions) assertEquals(await session.value("3"), 3);
});

Deno.test("server without descriptors goes on beside strangers who stay, and after them", async () => {
  await using program = await startMain();
  {
    await using session = await RawSession.connect(program.addr);
    using strangers = new DisposableStack();
    // Most of them wait in the kernel.
    for (let i = 0; i < 100; i++) strangers.use(await RawStream.dial(program.addr));
    await until(() => descriptors(program) >= 64);
    for (let i = 0; i < 20; i++) assertEquals(await session.value("i * i", { locs: { i } }), i * i);
  }
  await using late = await firstAdmitted(program.addr);
  assertEquals(await late.value("1"), 1);
  late.close();
  assertEquals((await warnings(program)).length, 1);
});

/** A session as soon as there can be one: the server may not know yet that others have gone. */
async function firstAdmitted(addr: string): Promise<RawSession> {
  for (;;) {
    try {
      return await RawSession.connect(addr);
    } catch (error) {
      if (!(error as Error).message.includes(LEFT)) throw error;
    }
  }
}
