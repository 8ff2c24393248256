/**
 * `pyproxy eval CODE`.
 *
 * @module
 */
import type { RemoteProcess } from "../session/remote_process.ts";
import { Interrupts } from "./interrupts.ts";
import { toJson } from "./json.ts";
import { exitOf, follow } from "./run.ts";
import { Shell } from "./shell.ts";
import { pass, print } from "./terminal.ts";

/** Runs code and prints the value as Python's prompt does; returns the exit code. */
export function evaluate(remote: RemoteProcess, code: string): Promise<number> {
  const shell = new Shell(remote);
  shell.start();
  return follow(remote, shell.run(code));
}

/** Runs code and prints the value as JSON; returns the exit code. */
export async function evaluateJson(remote: RemoteProcess, code: string): Promise<number> {
  using interrupts = new Interrupts(remote);
  const future = remote.eval(code);
  const [, outcome] = await interrupts.during(
    future,
    async () => await Promise.all([pass(future, 2), future.waitNoExcept()]),
  );
  if (!outcome.ok) return await exitOf(outcome.error);
  await print(`${toJson(outcome.value)}\n`);
  return 0;
}
