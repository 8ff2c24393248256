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

/** Runs a local file on the server; returns its exit code. */
export async function run(
  remote: RemoteProcess,
  source: Uint8Array,
  file: string,
  args: string[],
): Promise<number> {
  const filename = file === "-" ? "<stdin>" : resolve(file);
  const script = { source, filename, argv: [file, ...args], hasColours: hasColours() };
  const outcome = await shown(remote, runScript(remote, script));
  if (outcome.ok) return outcome.value; // does not happen: the process ends with the script
  const { error } = outcome;
  if (error instanceof RemoteProcessDiedError && error.exitCode !== undefined) {
    return error.exitCode;
  }
  return await exitOf(error);
}

/** Prints the output of code, and what Python says about its end; returns its exit code. */
export async function follow(remote: RemoteProcess, future: Future<Ran>): Promise<number> {
  const outcome = await shown(remote, future);
  if (!outcome.ok) return await exitOf(outcome.error);
  const [status, said] = outcome.value;
  if (said !== "") await printTraceback(said);
  return status;
}

/** Prints the output of code while it runs. */
async function shown<T>(remote: RemoteProcess, future: Future<T>): Promise<Outcome<T>> {
  using interrupts = new Interrupts(remote);
  const [, outcome] = await interrupts.during(
    future,
    async () => await Promise.all([pass(future), future.waitNoExcept()]),
  );
  return outcome;
}

/**
 * The exit code for an eval that failed, as a shell reports it for Python.
 *
 * @throws The error, if it is not about the code.
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

/** Ends as Python does for `sys.exit(status)`. */
async function systemExit(status: unknown): Promise<number> {
  if (status === null) return 0;
  if (typeof status === "number" || typeof status === "bigint") {
    return Number(BigInt.asUintN(8, BigInt(status)));
  }
  if (typeof status === "boolean") return Number(status);
  await printTraceback(`${status}\n`);
  return 1;
}
