// Promise 5: a connection that ends after any byte, of either stream, either way, ends its own session
// in both ends, with a reason, and nothing else.
// (The client's core at every byte: tests/unit/client/connection_test.ts; of the hello: bad_peers_test.ts.)
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { connect, ConnectionError, SessionClosedError } from "../../../mod.ts";
import { RawSession } from "../../raw_client.ts";
import { start, until } from "../../raw_server.ts";
import { count, randomNumbers, report } from "../scale.ts";
import { FaultProxy, type StreamName, type Way } from "./proxy.ts";

const WAYS: [StreamName, Way][] = [
  ["main", "up"],
  ["main", "down"],
  ["output", "up"],
  ["output", "down"],
];
const CUTS = ["close", "reset", "halfClose"] as const;

/** The exchange that is cut. */
const CODE = "print('some output')\n[text, 1.5, None]";
const LOCS = { text: "some text" };

Deno.test("a real session that is cut after any byte ends as ConnectionError, and no other does", async () => {
  const random = randomNumbers();
  await using server = await start();
  await using canary = await connect(server.addr);
  const step = count("truncationStep");
  let cuts = 0;
  for (const [name, way] of WAYS) {
    const total = await lengthOf(server, name, way);
    for (let k = Math.floor(random() * step); k < total; k += step) {
      await using proxy = await FaultProxy.start(server);
      proxy.faults[name][way].cutAfter = k;
      proxy.faults[name][way].cutBy = CUTS[Math.floor(random() * CUTS.length)]!;
      const what = `${name} ${way}, ${k} of ${total} bytes, ${proxy.faults[name][way].cutBy}`;
      try {
        await using remote = await connect(proxy.addr);
        const future = remote.eval(CODE, { locs: LOCS });
        const lines = Array.fromAsync(future.output());
        const [outcome, output] = await Promise.all([
          future.waitNoExcept(),
          lines.catch((error) => error),
        ]);
        if (outcome.ok) assertEquals(outcome.value, ["some text", 1.5, null], what);
        else assertInstanceOf(outcome.error, ConnectionError, what);
        if (Array.isArray(output)) {
          assertEquals(output.map(({ line }) => line), ["some output"], what);
        } else assertInstanceOf(output, ConnectionError, what);
        await remote.close();
      } catch (error) {
        assert(error instanceof ConnectionError || error instanceof SessionClosedError, what);
      }
      assertEquals(await canary.eval("k", { locs: { k } }), k);
      await until(() => server.stats().sessions === 1);
      cuts++;
    }
  }
  await until(() => server.stats().evals === 0);
  report(import.meta.url, { "real sessions cut": cuts, step });
});

Deno.test("a raw session that is cut after every byte is let go by the server, and no other is", async () => {
  await using server = await start();
  await using canary = await RawSession.connect(server.addr);
  let cuts = 0;
  for (const [name, way] of WAYS) {
    const total = await lengthOf(server, name, way);
    for (let k = 0; k < total; k++) {
      await using proxy = await FaultProxy.start(server);
      proxy.faults[name][way].cutAfter = k;
      proxy.faults[name][way].cutBy = CUTS[k % CUTS.length]!;
      try {
        await using session = await RawSession.connect(proxy.addr);
        await session.eval(CODE, { locs: LOCS });
        session.close();
      } catch (error) {
        assert(error instanceof Error); // whatever a raw client makes of it
      }
      await until(() => server.stats().sessions === 1 && server.stats().handshakes === 0);
      cuts++;
    }
    assertEquals(await canary.value("7"), 7);
  }
  await until(() => server.stats().evals === 0);
  assertEquals(canary.mainEnded, false);
  report(import.meta.url, { "raw sessions cut": cuts });
});

/** How many bytes go one way of a stream in the exchange, from a run without a cut. */
async function lengthOf(
  server: { addr: string; outputAddr: string },
  name: StreamName,
  way: Way,
): Promise<number> {
  await using proxy = await FaultProxy.start(server);
  await using remote = await connect(proxy.addr);
  const future = remote.eval(CODE, { locs: LOCS });
  await Array.fromAsync(future.output());
  await future;
  return proxy.connections[name][0]!.passed[way];
}
