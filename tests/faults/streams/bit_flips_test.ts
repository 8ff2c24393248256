// Promise 4, through a wire: a bit that flips, in either stream, either way, harms its own session at
// most: it ends with an error of ours or goes on, the server's with a reason, and nobody else notices.
// (Mutated frames by the million, without a wire: tests/fuzz.)
import { assert, assertEquals } from "@std/assert";
import type { ServerLogRecord } from "../../../fake_server/mod.ts";
import { connect, PyProxyError } from "../../../mod.ts";
import { start, until } from "../../raw_server.ts";
import { count, randomNumbers, report } from "../scale.ts";
import { FaultProxy } from "./proxy.ts";

/** A flipped length may make either side wait for what never comes: then the client gives up. */
const PATIENCE_MS = 500;

Deno.test("a flipped bit harms its own session at most", async () => {
  const random = randomNumbers();
  const records: ServerLogRecord[] = [];
  await using server = await start({ log: (record) => void records.push(record) });
  await using canary = await connect(server.addr, { name: "canary" });
  const flips = count("bitFlips");
  const ends: Record<string, number> = {};
  for (let i = 0; i < flips; i++) {
    await using proxy = await FaultProxy.start(server);
    const name = random() < 0.7 ? "main" : "output";
    const way = random() < 0.5 ? "up" : "down";
    proxy.faults[name][way].flips.set(Math.floor(random() * 320), 1 << Math.floor(random() * 8));
    let end = "unharmed";
    try {
      await using remote = await connect(proxy.addr, { connectTimeout: PATIENCE_MS });
      const future = remote.eval("print('some output')\n[text, 1.5]", { locs: { text: "text" } });
      const lines = Array.fromAsync(future.output()).catch((error) => error);
      const outcome = await future.waitNoExcept({ timeout: PATIENCE_MS });
      if (!outcome.ok) throw outcome.error;
      await remote.close();
      const read = await lines;
      if (!Array.isArray(read)) throw read;
    } catch (error) {
      assert(error instanceof PyProxyError, `flip ${i}: ${error}`);
      end = error.name;
    }
    ends[end] = (ends[end] ?? 0) + 1;
    assertEquals(await canary.eval("i", { locs: { i } }), i);
  }
  await until(() => server.stats().sessions === 1 && server.stats().evals === 0);
  // Whatever came, the server's own code has not failed over it.
  assertEquals(
    records.filter(({ level, reason }) => level === "error" || reason === "INTERNAL"),
    [],
  );
  report(import.meta.url, { flips, ...ends });
});
