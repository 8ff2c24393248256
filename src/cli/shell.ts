/**
 * The Python side of the command, which the server has: runs files and lines as the interpreter
 * itself does. What it keeps lives in a namespace of its own.
 *
 * @module
 */
import { NamespaceGoneError } from "../api/errors.ts";
import type { Future } from "../api/future.ts";
import type { RemoteProcess } from "../session/remote_process.ts";

/** The namespace. */
const NAMESPACE = "pyproxy cli";

/** Defines it; gives Python's name and version. */
const START = "from pyproxy_worker.evals.shell import VERSION, Shell\nshell = Shell()\nVERSION";

/** Runs a file; the process ends with it. */
const RUN = `__pyproxy_hidden__ = True  # its frame, from code that looks at its stack
from pyproxy_worker.evals.script import run
run(source, filename, argv, has_colours)`;

/** What became of code: its exit code, and what Python prints about it. */
export type Ran = [status: number, said: string];

/** What became of a line: whether more is needed, what is to be printed, the exit code at an end. */
export type Pushed = [more: boolean, said: string, status: number | null];

/** The Python side in a remote process. */
export class Shell {
  readonly #remote: RemoteProcess;

  /** Makes one; {@linkcode Shell.start} has to be called before the rest. */
  constructor(remote: RemoteProcess) {
    this.#remote = remote;
  }

  /** Defines it, with variables of its own; gives Python's name and version. */
  start(): Future<string> {
    return this.#remote.eval(START, { namespace: NAMESPACE });
  }

  /** Runs code, and prints the value of its last expression. */
  run(source: string): Future<Ran> {
    return this.#call("shell.run(source)", { source });
  }

  /**
   * After an eval that failed as a whole, or lines that are not to go on: clears the prompt, and
   * starts anew where the python process is another one.
   *
   * @returns Whether the variables are still there.
   */
  async recover(): Promise<boolean> {
    try {
      await this.#call("shell.drop()", {});
      return true;
    } catch (error) {
      if (!(error instanceof NamespaceGoneError)) throw error;
      await this.start();
      return false;
    }
  }

  /** Takes a line of the prompt. */
  push(line: string): Future<Pushed> {
    return this.#call("shell.push(line)", { line });
  }

  /** How a word may go on. */
  complete(text: string): Future<string[]> {
    return this.#call("shell.complete(text)", { text });
  }

  #call<T>(code: string, locs: Record<string, unknown>): Future<T> {
    return this.#remote.eval(code, { namespace: NAMESPACE, locs });
  }
}

/** What a script is run with. */
export interface Script {
  /** Its bytes: what they mean is Python's affair. */
  source: Uint8Array;
  /** Its name where Python names files. */
  filename: string;
  /** sys.argv. */
  argv: string[];
  /** Whether tracebacks may have colours, where Python has them. */
  hasColours: boolean;
}

/** Runs a script as `python FILE` does, in a process of its own, which ends with it. */
export function runScript(remote: RemoteProcess, script: Script): Future<never> {
  const { hasColours: has_colours, ...locs } = script;
  return remote.eval(RUN, { locs: { ...locs, has_colours } });
}
