/**
 * The server as a program: `deno task server`.
 *
 * @module
 */
import { DRAIN_DEADLINE_MS } from "./common/limits.ts";
import { errorText, Log, StderrLog } from "./common/log.ts";
import { HELP, readConfig, secretFiles } from "./config.ts";
import { type PyProxyServer, startServer } from "./mod.ts";
import { reloadFiles } from "./reload.ts";

const log = new StderrLog();

function print(text: string): void {
  // A short synchronous write: the program that started us waits for this text.
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

async function stop(server: PyProxyServer): Promise<void> {
  await server.close({ drain: true, timeout: DRAIN_DEADLINE_MS });
  await log.flush();
  Deno.exit(0);
}

async function main(args: string[]): Promise<void> {
  const env = (name: string): string | undefined => Deno.env.get(name);
  const config = readConfig(args, env);
  if (config === "help") {
    print(HELP);
    Deno.exit(0);
  }
  const isInTerminal = Deno.stderr.isTerminal();
  const starting = startServer({ ...config, log: log.sink });
  const reload = (server: PyProxyServer): void => {
    // A terminal that closes sends SIGHUP, too; then nobody can read the log any more.
    if (isInTerminal && !Deno.stderr.isTerminal()) stop(server);
    else reloadFiles(server, secretFiles(args, env), new Log(config.logLevel, log.sink));
  };
  Deno.addSignalListener("SIGHUP", () => {
    starting.then(reload, () => {
      // The start has failed; `main` reports that.
    });
  });
  const server = await starting;
  let signals = 0;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      // A second signal ends the program at once; the guards of the python processes clean up.
      if (++signals === 1) stop(server);
      else Deno.exit(1);
    });
  }
  const { python } = server;
  const count = config.numWorkers === 1
    ? "1 python process"
    : `${config.numWorkers} python processes`;
  print(
    `PyProxy is listening on ${server.addr}, output on ${server.outputAddr}, ${count} ` +
      `(${python.implementation} ${python.version}, msgpack: ${python.msgpack})\n`,
  );
}

/** Runs the program. When it ends, it exits the process. */
export async function run(args: string[]): Promise<void> {
  try {
    await main(args);
  } catch (error) {
    await log.flush();
    Deno.stderr.writeSync(new TextEncoder().encode(`${errorText(error)}\n`));
    Deno.exit(1);
  }
}

if (import.meta.main) await run(Deno.args);
