// Promise 11: half-open peers are noticed, by both sides, and nobody else is taken for one. On the
// simulator's clock, with the real client and the real server.
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { FakeClient } from "../simulator/client.ts";
import { Random } from "../simulator/random.ts";
import { World } from "../simulator/world.ts";

/** 10 s to the ping, 20 s for its answer, and a second until somebody looks. */
const NOTICED_MS = 31_000;

/** What the server needs more, after its last words to whoever does not hear them. */
const LINGER_MS = 2_000;

async function opened(world: World): Promise<FakeClient> {
  const client = world.open();
  await world.until("the session is open", () => client.isOpen);
  return client;
}

/** Ends everything, which must leave nothing. */
async function closed(world: World): Promise<void> {
  for (const client of world.clients) {
    if (client.end === undefined) world.watch(client.close(false));
  }
  await world.until(
    "all sessions have ended",
    () => world.clients.every(({ end, reading }) => end !== undefined && reading === 0),
  );
  let isClosed = false;
  world.watch(world.server.close().then(() => isClosed = true));
  await world.until("the server has ended", () => isClosed);
  assertEquals(world.timers, 0);
}

const DIRECTIONS = {
  "both ways": { up: true, down: true },
  "to the server": { up: true, down: false },
  "to the client": { up: false, down: true },
};

const STREAMS = { mainstream: [0], outputstream: [1], "both streams": [0, 1] };

for (const [stream, numbers] of Object.entries(STREAMS)) {
  for (const [way, directions] of Object.entries(DIRECTIONS)) {
    for (const busy of ["idle", "running", "printing"]) {
      Deno.test(`a network that swallows ${stream} ${way} is noticed by both sides (${busy})`, async () => {
        using world = new World(new Random(7), 2);
        const [victim, other] = [await opened(world), await opened(world)];
        if (busy !== "idle") victim.eval(busy === "running" ? ["l"] : ["p60000", "p9000", "l"]);
        await world.wait(500);
        victim.fault = "swallowed";
        const pending = victim.pending.length;
        for (const number of numbers) world.swallow(victim, number, directions);
        const end = world.now + NOTICED_MS;
        while (world.now < end && victim.end === undefined) await world.wait(250);
        assert(victim.end !== undefined, "the client has noticed");
        assertEquals(victim.pending.length, 0);
        assertEquals(victim.evals.length, pending);
        assertLessOrEqual(victim.endedAt! - victim.swallowedAt!, NOTICED_MS);
        // The session's end frees its python process; a goodbye that nobody hears takes longer.
        while (world.now < end + LINGER_MS && world.server.connections.size > 2) {
          await world.wait(250);
        }
        assertEquals([world.server.sessions.size, world.server.connections.size], [1, 2]);
        const called = other.eval(["p9", "w"]);
        await world.until("the other session goes on", () => called.outcome !== undefined);
        assertEquals(called.outcome?.ok, true);
        await closed(world);
        assertEquals(world.violation, undefined);
      });
    }
  }
}

Deno.test("nobody is taken for dead in ten minutes of silence, of load, of a long eval", async () => {
  using world = new World(new Random(11), 2);
  const [silent, busy, long] = [await opened(world), await opened(world), await opened(world)];
  const loop = long.eval(["l"]);
  const end = world.now + 600_000;
  while (world.now < end) {
    for (let i = 0; i < 20; i++) busy.eval(["p9000", "w"]);
    await world.wait(7_000);
  }
  loop.model.cancelled = true;
  loop.future.cancel();
  await world.until("all is done", () => busy.pending.length + long.pending.length === 0);
  for (const { end } of [silent, busy, long]) assertEquals(end, undefined);
  assertEquals(busy.evals.every(({ outcome }) => outcome?.ok), true);
  await closed(world);
  assertEquals(world.violation, undefined);
});

Deno.test("nobody is taken for dead whose reader takes ten minutes for what it has", async () => {
  using world = new World(new Random(13), 1);
  const client = await opened(world);
  // More than the credit and the client's buffer, less than would make the server wait: nothing
  // that the server sends on that stream is read meanwhile.
  const called = client.eval(Array.from({ length: 36 }, () => "p60000"));
  world.watch(client.read(called, 20_000));
  await world.wait(600_000);
  assertEquals(client.end, undefined);
  assertEquals(called.outcome?.ok, true);
  assertEquals(called.readToEnd, false);
  while (!called.readToEnd && world.violation === undefined) await world.wait(20_000);
  await closed(world);
  assertEquals(world.violation?.message, undefined);
});
