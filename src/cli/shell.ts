/**
 * The Python side of the command, which is part of the server: it runs files and lines as the
 * interpreter does. Its variables are in a namespace of its own.
 *
 * @module
 */
import { NamespaceGoneError } from "../api/errors.ts";
import type { Future } from "../api/future.ts";
import type { RemoteProcess } from "../session/remote_process.ts";

/** The namespace. */
const NAMESPACE = "pyproxy cli";

/** Makes the shell; its value is Python's name and version. */
const START = "from pyproxy_worker.evals.shell import VERSION, Shell\nshell = Shell()\nVERSION";

/** Runs a file. The process ends with it. */
const RUN = `__pyproxy_hidden__ = True  # its frame, from code that looks at its stack
from pyproxy_worker.evals.script import run
run(source, filename, argv, has_colours)`;

/** The result of code: its exit code, and what Python prints about its end. */
export type Ran = [status: number, said: string];

/** The result of a line: whether more is needed, what to print, and the exit code if it ends. */
export type Pushed = [more: boolean, said: string, status: number | null];

/** The Python side in a remote process. */
export class Shell {
  readonly #remote: RemoteProcess;

  /** Makes one. Call {@linkcode Shell.start} first. */
  constructor(remote: RemoteProcess) {
    this.#remote = remote;
  }

  /** Starts it with fresh variables; returns Python's name and version. */
  start(): Future<string> {
    return this.#remote.eval(START, { namespace: NAMESPACE });
  }

  /** Runs code, and prints the value of its last expression. */
  run(source: string): Future<Ran> {
    return this.#call("shell.run(source)", { source });
  }

  /**
   * Recovers after a failed eval or dropped lines: clears the prompt, and starts anew if the Python
   * process is a new one.
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

  /** The completions of a word. */
  complete(text: string): Future<string[]> {
    return this.#call("shell.complete(text)", { text });
  }

  #call<T>(code: string, locs: Record<string, unknown>): Future<T> {
    return this.#remote.eval(code, { namespace: NAMESPACE, locs });
  }
}

/** A script to run. */
export interface Script {
  /** Its bytes; Python decodes them. */
  source: Uint8Array;
  /** Its name, as in tracebacks. */
  filename: string;
  /** sys.argv. */
  argv: string[];
  /** Whether tracebacks may have colours, if Python has them. */
  hasColours: boolean;
}

/** Runs a script as `python FILE` does, in a process of its own that ends with it. */
export function runScript(remote: RemoteProcess, script: Script): Future<never> {
  const { hasColours: has_colours, ...locs } = script;
  return remote.eval(RUN, { locs: { ...locs, has_colours } });
}
