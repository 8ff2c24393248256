/**
 * Servers behind every kind of door, for tests that run in Deno and Bun alike. Deno only: under Bun
 * `tests/bun/run.ts` starts them and hands them over in the environment.
 *
 * @module
 */
import { startServer } from "../fake_server/mod.ts";
import { makeAuthority } from "./certificates.ts";
import type { Doors } from "./harness.ts";
import { testPython } from "./python.ts";

const TOKEN = "0123456789abcdefghijklmnop";

/** Starts the servers. */
export async function startDoors(): Promise<Doors & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const common = { python: testPython(), numWorkers: 1 };
  const tcp = { ...common, bindAddr: "127.0.0.1:0", outputAddr: "127.0.0.1:0" };
  const authority = await makeAuthority();
  const directory = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  const identity = await authority.issue("127.0.0.1");
  const secure = stack.use(await startServer({ ...tcp, token: TOKEN, tls: identity }));
  const bindAddr = `unix:${directory}/socket`;
  const unix = stack.use(await startServer({ ...common, bindAddr, token: TOKEN }));
  const plain = stack.use(await startServer({ ...tcp, token: TOKEN }));
  const [other, expired, stranger] = await Promise.all([
    authority.issue("other.example"),
    authority.issue("127.0.0.1", -1),
    (await makeAuthority()).issue("127.0.0.1"),
  ]);
  const owned = stack.move();
  return {
    authority: authority.cert,
    doors: [
      { what: "a token", addr: plain.addr, options: { token: TOKEN } },
      {
        what: "TLS and a token",
        addr: secure.addr,
        options: { token: TOKEN, tls: { caCerts: [authority.cert] } },
      },
      { what: "a unix socket and a token", addr: unix.addr, options: { token: TOKEN } },
    ],
    impostors: { "another host": other, "an expired certificate": expired, stranger },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
