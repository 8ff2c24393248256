/**
 * `deno task test:bun`: the conformance suite under Bun, against a server that runs here in Deno.
 */
import { startServer } from "../../fake_server/mod.ts";
import { startDoors } from "../doors.ts";

const BUN = "bun@1.4.5";

async function npx(args: string[], env: Record<string, string> = {}): Promise<number> {
  const command = new Deno.Command("npx", { args: ["--yes", ...args], env });
  const { code } = await command.spawn().status;
  return code;
}

const python = Deno.env.get("PYPROXY_PYTHON");
await using server = await startServer({
  ...(python === undefined ? {} : { python }),
  bindAddr: "127.0.0.1:0",
  outputAddr: "127.0.0.1:0",
  numWorkers: 3,
  log: () => {},
});
await using doors = await startDoors();
// Its one dependency is a development one, pinned in package.json.
const installed = await npx([BUN, "install", "--no-save", "--silent"]);
Deno.exitCode = installed !== 0
  ? installed
  : await npx([BUN, "test", "--timeout", "60000", "./tests/conformance", ...Deno.args], {
    PYPROXY_TEST_ADDR: server.addr,
    PYPROXY_TEST_DOORS: JSON.stringify(doors),
  });
