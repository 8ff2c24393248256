import { assertEquals } from "@std/assert";
import { interpreters, LinkClient } from "./link_client.ts";
for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python requests ${what} (${name})`, run);
  test("ping", async () => {
    await using client = await LinkClient.start(python);
    client.requests.echo();
    const { value } = await client.eval(
      "from pyproxy_worker.link.requests import ping\nping(b'abc')",
    );
    console.log(value);
    const { value: v2 } = await client.eval(
      "from pyproxy_worker.link.requests import ping\nimport time; s = time.perf_counter()\nfor i in range(1000): ping(b'abc')\ntime.perf_counter()-s",
    );
    console.log(v2);
  });
}
