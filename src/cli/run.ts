/**
 * `pyproxy run FILE`.
 *
 * @module
 */
import { constants } from "node:os";
import { resolve } from "node:path";
import { CancelledError, RemoteProcessDiedError } from "../api/errors.ts";
import type { Future, Outcome } from "../api/future.ts";
import { PythonError } from "../api/python_error.ts";
import type { RemoteProcess } from "../session/remote_process.ts";
import { INTERRUPTED_EXIT, Interrupts } from "./interrupts.ts";
import { type Ran, runScript } from "./shell.ts";
import { hasColours, pass, printError, printTraceback } from "./terminal.ts";

/** Runs a file of this machine there; gives its exit code. */
export async function run(
  remote: RemoteProcess,
  source: Uint8Array,
  file: string,
  args: string[],
): Promise<number> {
  const filename = file === "-" ? "<stdin>" : resolve(file);
  const script = { source, filename, argv: [file, ...args], hasColours: hasColours() };
  const outcome = await shown(remote, runScript(remote, script));
  if (outcome.ok) return outcome.value; // never: the process ends with the script
  const { error } = outcome;
  if (error instanceof RemoteProcessDiedError && error.exitCode !== undefined) {
    return error.exitCode;
  }
  return await exitOf(error);
}

/** Shows what code prints, and what Python says of its end; gives its exit code. */
export async function follow(remote: RemoteProcess, future: Future<Ran>): Promise<number> {
  const outcome = await shown(remote, future);
  if (!outcome.ok) return await exitOf(outcome.error);
  const [status, said] = outcome.value;
  if (said !== "") await printTraceback(said);
  return status;
}

/** Shows what code prints while it runs. */
async function shown<T>(remote: RemoteProcess, future: Future<T>): Promise<Outcome<T>> {
  using interrupts = new Interrupts(remote);
  const [, outcome] = await interrupts.during(
    future,
    async () => await Promise.all([pass(future), future.waitNoExcept()]),
  );
  return outcome;
}

/**
 * The exit code of code that failed as a whole, as a shell would see that of its Python.
 *
 * @throws The error, if it was not the code that failed.
 */
export async function exitOf(error: Error): Promise<number> {
  if (error instanceof CancelledError) return INTERRUPTED_EXIT;
  if (error instanceof RemoteProcessDiedError) {
    await printError(error.message);
    if (error.signal === undefined) return error.exitCode ?? 1;
    return 128 + (constants.signals[error.signal as keyof typeof constants.signals] ?? 0);
  }
  if (!(error instanceof PythonError)) throw error;
  if (error.type === "SystemExit") return await systemExit(error.args[0] ?? null);
  await printTraceback(error.traceback);
  return error.type === "KeyboardInterrupt" ? INTERRUPTED_EXIT : 1;
}

/** As Python ends for `sys.exit(status)`. */
async function systemExit(status: unknown): Promise<number> {
  if (status === null) return 0;
  if (typeof status === "number" || typeof status === "bigint") {
    return Number(BigInt.asUintN(8, BigInt(status)));
  }
  if (typeof status === "boolean") return Number(status);
  await printTraceback(`${status}\n`);
  return 1;
}
