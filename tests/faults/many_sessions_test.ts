// Promise 14: many sessions at a time, of a raw client and of ours.
import { assertEquals, assertLess } from "@std/assert";
import {
  clientProgram,
  openHandles,
  peakBytes,
  residentBytes,
  ServerProgram,
} from "../programs.ts";
import { RawSession } from "../raw_client.ts";
import { count, mib, report } from "./scale.ts";

/** Promised: what one more session costs the server. */
const SESSION_BYTES = 128 * 1024;

Deno.test("raw sessions at a time cost the server little each, and are all served", async () => {
  await using server = await ServerProgram.start(2);
  const sessions = count("rawSessions");
  {
    await using first = await RawSession.connect(server.addr);
    await first.value("1");
  }
  const before = residentBytes(server.pid);
  let each: number;
  {
    await using all = new AsyncDisposableStack();
    const opened: RawSession[] = [];
    for (let i = 0; i < sessions; i += 20) {
      const some = Array.from({ length: 20 }, () => RawSession.connect(server.addr));
      for (const session of await Promise.all(some)) opened.push(all.use(session));
    }
    assertEquals((await server.stats()).sessions, sessions);
    const values = opened.map((session, i) => session.value("i", { locs: { i } }));
    assertEquals(await Promise.all(values), opened.map((_, i) => i));
    each = (residentBytes(server.pid) - before) / sessions;
    assertLess(each, SESSION_BYTES);
  }
  while ((await server.stats()).connections > 0);
  report(import.meta.url, { sessions, "a session": `${(each / 1024).toFixed(1)} KiB` });
});

Deno.test("real sessions in one program work at a time, and the program ends by itself", async () => {
  await using server = await ServerProgram.start(2);
  const sessions = count("realSessions");
  await using client = clientProgram(
    server.addr,
    `
const remotes = [];
while (remotes.length < ${sessions}) {
  const some = Array.from({ length: 10 }, () => client.connect(addr, { connectTimeout: 60_000 }));
  remotes.push(...await Promise.all(some));
}
const sum = await Promise.all(remotes.map((remote, i) => remote.eval("i", { locs: { i } })));
say(sum.reduce((a, b) => a + b));
await heard();
await Promise.all(remotes.map((remote) => remote.close()));
say("closed");`,
  );
  assertEquals(await client.next(), sessions * (sessions - 1) / 2);
  assertEquals((await server.stats()).sessions, sessions);
  const { descriptors, threads } = openHandles(client.pid);
  const peak = peakBytes(client.pid);
  await client.tell("close");
  assertEquals(await client.next(), "closed");
  assertEquals((await client.status).code, 0);
  assertEquals((await server.stats()).sessions, 0);
  report(import.meta.url, { sessions, descriptors, threads, "the program": mib(peak) });
});
