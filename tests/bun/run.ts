/**
 * `deno task test:bun`: the conformance suite under Bun, against a server that runs here in Deno.
 * `deno task faults:bun`: the client's side of the lanes of faults, those that take any server.
 */
import { startServer } from "../../fake_server/mod.ts";
import { startDoors } from "../doors.ts";
import { testPython } from "../python.ts";

const BUN = "bun@1.4.5";

/** The other lanes start servers, programs or threads of their own, as only Deno can. */
const FAULTS = [
  "output/attribution",
  "cancels/cancel_ladder",
  "cancels/cancel_races",
  "deaths/crash_matrix",
  "output/no_byte_lost",
  "deaths/process_kills",
].map((name) => `./tests/faults/${name}_test.ts`);

async function npx(args: string[], env: Record<string, string> = {}): Promise<number> {
  const command = new Deno.Command("npx", { args: ["--yes", ...args], env });
  const { code } = await command.spawn().status;
  return code;
}

const [suite, ...args] = Deno.args;
const isFaults = suite === "faults";
await using server = await startServer({
  python: testPython(),
  bindAddr: "127.0.0.1:0",
  outputAddr: "127.0.0.1:0",
  log: () => {},
  // The lanes ask for two processes; a grace that a busy machine is not late for.
  ...(isFaults
    ? { numWorkers: 2, limits: { cancelGraceMs: 1_000, tickMs: 50 } }
    : { numWorkers: 3 }),
});
await using doors = await startDoors();
// Its one dependency is a development one, pinned in package.json.
const installed = await npx([BUN, "install", "--no-save", "--silent"]);
const files = isFaults ? FAULTS : ["./tests/conformance"];
Deno.exitCode = installed !== 0
  ? installed
  : await npx([BUN, "test", "--timeout", "60000", ...files, ...args], {
    PYPROXY_TEST_ADDR: server.addr,
    PYPROXY_TEST_OUTPUT_ADDR: server.outputAddr,
    PYPROXY_TEST_DOORS: JSON.stringify(doors),
  });
