/**
 * What does a session take of memory: in the client, beside a Web Worker that does nothing; in the
 * server, while it is idle; and a python process? Resident memory as Linux counts it.
 *
 * @module
 */
import { connect } from "../mod.ts";
import { idleClients, rssKiB, startProduct } from "./common/processes.ts";
import { bench, type Question, type Settings, type Sides } from "./rounds.ts";

/** Sessions that the server's share is measured over. */
const IDLE_SESSIONS = 200;

/** Resident memory. */
export const memory: Question = {
  title: "Memory",
  axes: [
    { name: "client, a session over a bare Web Worker", unit: "MB", budget: under(2) },
    { name: "server, an idle session", unit: "KiB", budget: under(128) },
    { name: "python process", unit: "MB", budget: under(20) },
  ],
  async open({ python }: Settings): Promise<Sides> {
    const server = await startProduct(python, 2);
    const remote = await connect(server.addr);
    return {
      product: async () => {
        const bare = await client("bare");
        const session = await client(server.addr);
        const before = rssKiB(server.pid);
        const idle = await idleClients(server.addr, IDLE_SESSIONS);
        const after = rssKiB(server.pid);
        await idle.stop();
        const pythonKiB = rssKiB(await remote.eval<number>("import os; os.getpid()"));
        return [session - bare, (after - before) / IDLE_SESSIONS, pythonKiB / 1_000];
      },
      async [Symbol.asyncDispose]() {
        await remote.close();
        await server[Symbol.asyncDispose]();
      },
    };
  },
};

function under(limit: number): { of: "value"; limit: number } {
  return { of: "value", limit };
}

/** MB that a session, or a bare worker, adds to a client of its own. */
async function client(what: string): Promise<number> {
  const program = new URL("./clients/memory.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", program, what],
  });
  const { stdout } = await command.output();
  return Number(new TextDecoder().decode(stdout));
}

bench(memory);
