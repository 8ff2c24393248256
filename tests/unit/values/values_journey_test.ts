/**
 * Random values of all types through a real server and real Python, there and back.
 *
 * `PYPROXY_VALUES` is how many, `PYPROXY_SEED` which; `deno task values:long` takes a million new
 * ones. The names of the tests say what replays them.
 */
import { assertEquals } from "@std/assert";
import { startServer } from "../../../fake_server/mod.ts";
import { connect } from "../../../mod.ts";
import { interpreters } from "../../python.ts";
import { RandomValues, show } from "./values_random.ts";

/** So many values are one eval: a journey each would take most of the time. */
const BATCH = 500;

const given = Deno.env.get("PYPROXY_VALUES");
const count = Number(given ?? 10_000);
const seed = Number(Deno.env.get("PYPROXY_SEED") ?? (given === undefined ? 20260102 : Date.now()));

for (const { name, path } of interpreters()) {
  const replay = `PYPROXY_VALUES=${count} PYPROXY_SEED=${seed}`;
  Deno.test(`random values come back from ${name} as they went (${replay})`, async () => {
    await using server = await startServer({
      python: path,
      bindAddr: "127.0.0.1:0",
      outputAddr: "127.0.0.1:0",
      numWorkers: 1,
      log: () => {},
    });
    await using remote = await connect(server.addr);
    for (let done = 0; done < count; done += BATCH) {
      // A seed each, so that a batch that fails is replayed alone.
      const random = new RandomValues(seed + done, true, ["Europe/Berlin", "America/New_York"]);
      const values = Array.from({ length: Math.min(BATCH, count - done) }, () => random.value());
      const back = await remote.eval<unknown[]>("values", { locs: { values }, strict: true });
      assertEquals(back.length, values.length);
      for (const [i, value] of values.entries()) {
        assertEquals(
          show(back[i]),
          show(value),
          `value ${i} of PYPROXY_VALUES=${BATCH} PYPROXY_SEED=${seed + done}`,
        );
      }
    }
  });
}
