/**
 * Python processes of this machine, and the private directory that they share with the server.
 *
 * @module
 */
import type { KeptBuffers } from "../../common/kept_buffers.ts";
import type { Execution, Executor } from "../executor.ts";
import { makeDirectory, removeDirectory } from "./directory.ts";
import { LocalExecution } from "./local_execution.ts";
import type { ProcessOptions } from "./process_options.ts";
import { PythonProcess } from "./python_process.ts";

/** How to start Python processes. */
export interface LocalExecutorOptions {
  /** The interpreter: a path, or a name to look for in PATH. */
  readonly python: string;
  /** Bytes that each may have, 0 for no limit. */
  readonly memoryLimit: number;
  /** How long one has to get ready. */
  readonly startMs: number;
  /** Used buffers, for large results. */
  readonly buffers: KeptBuffers;
}

/** Starts Python processes of this machine. */
export class LocalExecutor implements Executor {
  readonly #options: LocalExecutorOptions;
  readonly #directory: string;
  /** The program of each process. */
  readonly #main: string;
  /** `python3` may be a shim, which takes longer than the interpreter that it starts. */
  #python: string;
  readonly #closing = new AbortController();
  readonly #processes = new Set<PythonProcess>();
  /** Starts under way, and processes until nothing of them is left. */
  readonly #pending = new Set<Promise<unknown>>();
  #count = 0;

  /**
   * Makes one, with a private directory for what its processes need.
   *
   * @throws {StartError} If there is no place for that directory.
   */
  static async make(options: LocalExecutorOptions): Promise<LocalExecutor> {
    const { directory, packageFolder } = await makeDirectory();
    return new LocalExecutor(options, directory, packageFolder);
  }

  private constructor(options: LocalExecutorOptions, directory: string, packageFolder: string) {
    this.#main = `${packageFolder}/pyproxy_worker/main.py`;
    this.#options = options;
    this.#python = options.python;
    this.#directory = directory;
  }

  /** See {@linkcode Executor.start}. */
  async start(): Promise<Execution> {
    const started = PythonProcess.start(this.#processOptions());
    this.#wait(started);
    const process = await started;
    this.#python = process.info.executable;
    this.#processes.add(process);
    this.#wait(process.exited.then(() => this.#processes.delete(process)));
    if (this.#closing.signal.aborted) process.kill();
    return new LocalExecution(process);
  }

  /** See {@linkcode Executor.close}. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const process of this.#processes) process.kill();
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    await removeDirectory(this.#directory);
  }

  #processOptions(): ProcessOptions {
    const { memoryLimit, startMs, buffers } = this.#options;
    return {
      python: this.#python,
      directory: this.#directory,
      main: this.#main,
      name: `${++this.#count}`,
      startMs,
      memoryLimit,
      env: pythonEnv(Deno.env.toObject()),
      buffers,
      signal: this.#closing.signal,
    };
  }

  #wait(end: Promise<unknown>): void {
    this.#pending.add(end);
    const done = (): void => void this.#pending.delete(end);
    end.then(done, done);
  }
}

/**
 * The environment of Python processes: the server's own, less what is meant for the server, and
 * less what would change how Python starts or buffers (print is 3 to 5 times slower unbuffered).
 */
function pythonEnv(env: Record<string, string>): Record<string, string> {
  const left = ["PYTHONUNBUFFERED", "PYTHONINSPECT", "PYTHONSTARTUP"];
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith("PYPROXY_") && !left.includes(name)),
  );
}
