/** The page, read while a real python process writes it. */
import { assert, assertEquals } from "@std/assert";
import { heldFrames } from "../../../fake_server/executors/local/link/link.ts";
import { Page } from "../../../fake_server/executors/local/link/page.ts";
import { interpreters } from "../../python.ts";
import { pythonFolder } from "./python_folder.ts";

/** Holds frames whose body says over and over which they are, and drops them, until it is killed. */
const WRITER = `
import random, struct, sys
from pyproxy_worker.link.held import Held
from pyproxy_worker.link.page import Page
held = Held(Page(sys.argv[1]))
print("ready", flush=True)
while True:
    for _ in range(random.randrange(1, 33)):
        length = random.randrange(40)
        held.add(struct.pack(">BBBBII", 0, 1, 0x11, 0, length, length) + bytes([length]) * length)
    held.clear()
`;

for (const { name, path: python } of interpreters()) {
  Deno.test(`Page gives held results whole while python sends and overwrites them (${name})`, async () => {
    await using folder = await pythonFolder();
    const path = `${folder.path}/page`;
    const page = new Page(path);
    const writer = new Deno.Command(python, {
      args: ["-c", WRITER, path],
      cwd: folder.path,
      stdout: "piped",
    }).spawn();
    const stdout = writer.stdout.getReader();
    try {
      assertEquals((await stdout.read()).done, false); // it is ready
      for (let looks = 0, tries = 0; looks < 3_000; tries++) {
        assert(tries < 1_000_000, `python holds something at ${looks} of ${tries} looks`);
        const bytes = page.held();
        if (bytes === undefined) continue;
        looks++;
        let whole = 0;
        for (const { type, length, id, body } of heldFrames(bytes)) {
          assertEquals([type, id], [0x11, length]);
          assert(body.every((byte) => byte === length), `${body} is not ${length} times ${length}`);
          whole += 12 + length;
        }
        assertEquals(whole, bytes.length);
      }
    } finally {
      page.close();
      writer.kill("SIGKILL");
      await Promise.all([stdout.cancel(), writer.status]);
    }
  });
}
