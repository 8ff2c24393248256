/**
 * The server's end of a guard (LINK.md, "Start"). The server spawns the guard; the guard forks the
 * Python process, ends everything that it has started when it ends, and then ends in the same way.
 *
 * @module
 */
import type { Exit } from "../../common/exit.ts";
import { PYTHON_END_DEADLINE_MS } from "../../common/limits.ts";

const INTERRUPT: Uint8Array = new TextEncoder().encode("I");
const KILL: Uint8Array = new TextEncoder().encode("K");

/** A guard with its Python process. */
export class Guard {
  /** Its pid, and its process group's. */
  readonly pid: number;
  /** The Python process's pipes 1 and 2. */
  readonly pipes: readonly ReadableStream<Uint8Array<ArrayBuffer>>[];
  /** Resolves when both are dead, with how the Python process ended. */
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

  /** Sends SIGINT to the Python process. */
  interrupt(): void {
    this.#write(INTERRUPT);
  }

  /** Ends the Python process with SIGKILL, and so the guard. */
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
    // A guard that was killed could not end the rest of its group.
    if (signal !== null) this.killGroup();
    return signal === null ? { exit_code: code } : { signal };
  }

  /** Ends the group after a deadline: user code may have broken the guard. */
  #killLater(): void {
    this.#killTimer ??= setTimeout(() => this.killGroup(), PYTHON_END_DEADLINE_MS);
  }

  /** Continues the guard: user code may have stopped it. */
  #wake(): void {
    this.#signal(this.pid, "SIGCONT");
  }

  #write(bytes: Uint8Array): void {
    this.#stdin.write(bytes).catch(() => {
      // The guard has ended, and `ended` says so.
    });
  }

  #closeStdin(): void {
    this.#stdin.close().catch(() => {
      // It was closed before, or the guard has ended.
    });
  }

  #signal(pid: number, signal: Deno.Signal): void {
    try {
      Deno.kill(pid, signal);
    } catch (error) {
      // The group is empty.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
