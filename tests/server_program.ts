// A server with limits of a test's choosing, in a process of its own: see programs.ts.
import { startServer } from "../fake_server/mod.ts";
import { testPython } from "./python.ts";

function say(value: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(value) + "\n"));
}

const server = await startServer({
  python: testPython(),
  bindAddr: "127.0.0.1:0",
  outputAddr: "127.0.0.1:0",
  ...JSON.parse(Deno.args[0]!),
});
say({ addr: server.addr, outputAddr: server.outputAddr });
for await (const _ of Deno.stdin.readable) say(server.stats());
