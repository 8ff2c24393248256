import { assert } from "@std/assert";
import { WORKER_SOURCE_FILE, workerSource } from "../../package/worker_source.ts";

Deno.test("src/worker/generated/worker_source.ts is what src/worker/session_worker.ts and its imports are now", async () => {
  const written = await Deno.readTextFile(WORKER_SOURCE_FILE);
  // Not assertEquals: what differs would be thousands of lines.
  assert(written === await workerSource(), "it is out of date: run `deno task worker`");
});
