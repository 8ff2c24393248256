/** What large values cost a python process: no copy that is not needed, and nothing afterwards. */
import { assert, assertEquals } from "@std/assert";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";

const MIB = 1 << 20;
const SIZE = 32 * MIB;

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python with large values ${what} (${name})`, run);

  for (
    const [what, code, head, tail] of [
      ["that is the result", "x", "c602000000", ""],
      ["in a dict", "{'a': 1, 'x': x}", "82a16101a178c602000000", ""],
      ["in a list", "[x, 'b']", "92c602000000", "a162"],
      ["in a tuple of two", "(x, x)", "92c602000000", `c602000000`],
    ] as const
  ) {
    test(`does not copy bytes ${what}`, async () => {
      await using client = await LinkClient.start(python);
      const run = (code: string) => client.eval(code, { namespace: "n" });
      await run(`
import resource
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
x = bytes(range(256)) * (${SIZE} >> 8)
before = peak()`);
      const { status, bytes } = await run(code);
      assertEquals(status, Status.VALUE);
      assertEquals(bytes.subarray(0, head.length / 2).toHex(), head);
      const end = head.length / 2 + SIZE;
      assertEquals(bytes.subarray(end - 256, end), Uint8Array.from({ length: 256 }, (_, i) => i));
      assertEquals(bytes.subarray(end, end + tail.length / 2).toHex(), tail);
      const { value: grown } = await run("peak() - before");
      assert(grown < 16, `it has grown by ${grown} MiB`);
    });
  }

  test("keeps nothing of a result", async () => {
    await using client = await LinkClient.start(python);
    const resident = async (): Promise<number> => {
      const code = "[int(s.split()[1]) for s in open('/proc/self/status') if 'VmRSS' in s][0]";
      return (await client.eval(code)).value / 1024;
    };
    const before = await resident();
    const { status } = await client.eval(`['x' * 1024] * ${SIZE / 1024}`);
    assertEquals(status, Status.VALUE);
    const grown = await resident() - before;
    assert(grown < 8, `it keeps ${grown} MiB`);
  });

  test("goes on after one that is larger than a frame, and keeps nothing of it", async () => {
    await using client = await LinkClient.start(python);
    for (const code of ["bytes(300 << 20)", "[bytes(200 << 20), bytes(100 << 20)]"]) {
      const { status, control } = await client.eval(code);
      assertEquals([status, control.path], [Status.UNSENDABLE, "result"]);
    }
    assertEquals((await client.eval("2 + 2")).value, 4);
  });
}
