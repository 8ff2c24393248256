/**
 * The server's end of a guard (LINK.md, "Start"): the process that is spawned, holds the python
 * process, ends with it all that it has started, and repeats how it ended.
 *
 * @module
 */
import type { Exit } from "../../common/exit.ts";
import { PYTHON_END_DEADLINE_MS } from "../../common/limits.ts";

const INTERRUPT: Uint8Array = new TextEncoder().encode("I");
const KILL: Uint8Array = new TextEncoder().encode("K");

/** A guard with its python process. */
export class Guard {
  /** Its pid, and its process group's. */
  readonly pid: number;
  /** The python process's pipes 1 and 2. */
  readonly pipes: readonly ReadableStream<Uint8Array<ArrayBuffer>>[];
  /** Resolves when both are dead, with how the python process ended. */
  readonly ended: Promise<Exit>;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  #isDead = false;
  #killTimer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Spawns it in a session and process group of its own.
   *
   * @throws {Error} If there is no such program, or it cannot be run.
   */
  constructor(python: string, main: string, env: Record<string, string>) {
    try {
      this.#child = new Deno.Command(python, {
        args: [main],
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
        detached: true,
        clearEnv: true,
        env,
      }).spawn();
    } catch (error) {
      throw error instanceof Deno.errors.NotFound ? new Error("there is no such program") : error;
    }
    this.pid = this.#child.pid;
    this.pipes = [this.#child.stdout, this.#child.stderr];
    this.#stdin = this.#child.stdin.getWriter();
    this.ended = this.#untilEnd();
  }

  /** Whether it is known to be dead. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** Gives the boot line. */
  boot(line: string): void {
    this.#write(new TextEncoder().encode(line + "\n"));
  }

  /** Sends SIGINT to the python process. */
  interrupt(): void {
    this.#write(INTERRUPT);
  }

  /** Ends the python process with SIGKILL, and so the guard. */
  kill(): void {
    if (this.#isDead) return;
    this.#wake();
    this.#write(KILL);
    this.#killLater();
  }

  /** Ends the whole process group, now. */
  killGroup(): void {
    this.#signal(-this.pid, "SIGKILL");
  }

  async #untilEnd(): Promise<Exit> {
    const { code, signal } = await this.#child.status;
    this.#isDead = true;
    clearTimeout(this.#killTimer);
    this.#closeStdin();
    // One that was killed itself has ended nobody; one that repeats python's signal has.
    if (signal !== null) this.killGroup();
    return signal === null ? { exit_code: code } : { signal };
  }

  /** If it does not do what it should, for whatever user code has done to it. */
  #killLater(): void {
    this.#killTimer ??= setTimeout(() => this.killGroup(), PYTHON_END_DEADLINE_MS);
  }

  /** User code may have stopped it, to keep it from what it has to do. */
  #wake(): void {
    this.#signal(this.pid, "SIGCONT");
  }

  #write(bytes: Uint8Array): void {
    this.#stdin.write(bytes).catch(() => {
      // It is gone, and its end will say so.
    });
  }

  #closeStdin(): void {
    this.#stdin.close().catch(() => {
      // Closed before, or nobody is left to read it.
    });
  }

  #signal(pid: number, signal: Deno.Signal): void {
    try {
      Deno.kill(pid, signal);
    } catch (error) {
      // Nobody is left in the group.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
