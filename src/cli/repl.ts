/**
 * `pyproxy repl`: Python's prompt.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import type { RemoteProcess } from "../session/remote_process.ts";
import { Interrupts } from "./interrupts.ts";
import { exitOf } from "./run.ts";
import { type Pushed, Shell } from "./shell.ts";
import { pass, print, printError, printTraceback } from "./terminal.ts";

const HISTORY_FILE = ".pyproxy_history";
const HISTORY_LINES = 1_000;

/** Shows the prompt until its end; gives the exit code. */
export async function repl(remote: RemoteProcess, addr: string): Promise<number> {
  const shell = new Shell(remote);
  const version = await shell.start();
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  if (isTerminal) await print(`${version}\nPyProxy at ${addr}; Ctrl-D ends.\n`);
  using prompt = Prompt.open(isTerminal, (text) => shell.complete(text));
  using interrupts = new Interrupts(remote);
  prompt.onInterrupt = () => {
    if (interrupts.busy) interrupts.interrupt();
    else prompt.drop();
  };
  // Between two lines nobody waits for the session: without this its loss showed at the next one.
  remote.closed.then(() => prompt.end());
  let more = false;
  for (;;) {
    const line = await prompt.line(more ? "... " : ">>> ");
    if (line === undefined) {
      if (isTerminal) await print("\n");
      return await leave(remote);
    }
    if (line === DROPPED) {
      if (more) await shell.recover();
      more = false;
      continue;
    }
    const future = shell.push(line);
    const [last, outcome] = await interrupts.during(
      future,
      async () => await Promise.all([pass(future), future.waitNoExcept()]),
    );
    // A prompt overwrites the line that it starts on.
    if (isTerminal && last !== undefined && last !== 0x0a) await print("\n");
    if (!outcome.ok) {
      more = false;
      await recover(shell, outcome.error);
      continue;
    }
    const [needed, said, status]: Pushed = outcome.value;
    if (said !== "") await printTraceback(said);
    if (status !== null) return status;
    more = needed;
  }
}

/** After the last line: whether the session is still there makes the difference. */
async function leave(remote: RemoteProcess): Promise<number> {
  const end = await Promise.race([remote.closed, Promise.resolve(undefined)]);
  if (end?.error !== undefined) throw end.error;
  return 0;
}

/** After an eval that failed as a whole: the process may be another one now, without variables. */
async function recover(shell: Shell, error: Error): Promise<void> {
  await exitOf(error);
  if (!await shell.recover()) await printError("all variables are gone with the Python process");
}

/** What the prompt gives for a line that Ctrl-C has taken away. */
const DROPPED = Symbol("dropped");

/** Lines of stdin, with history and completion if that is a terminal. */
class Prompt implements Disposable {
  onInterrupt: () => void = () => {};
  readonly #interface: Interface;
  readonly #isTerminal: boolean;
  /** Lines that came while one was being run. */
  readonly #lines: (string | typeof DROPPED)[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  private constructor(rl: Interface, isTerminal: boolean) {
    this.#interface = rl;
    this.#isTerminal = isTerminal;
    rl.on("line", (line) => this.#add(line));
    rl.on("SIGINT", () => this.onInterrupt());
    rl.on("close", () => this.end());
  }

  static open(
    isTerminal: boolean,
    complete: (text: string) => PromiseLike<string[]>,
  ): Prompt {
    const history = isTerminal ? readHistory() : [];
    const rl = createInterface({
      input: process.stdin,
      output: isTerminal ? process.stdout : undefined,
      terminal: isTerminal,
      history,
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: null, found: [string[], string]) => void) => {
        completions(line, complete).then((found) => done(null, found));
      },
    });
    if (isTerminal) rl.on("history", writeHistory);
    return new Prompt(rl, isTerminal);
  }

  /** The next line; undefined at the end. */
  async line(prompt: string): Promise<string | typeof DROPPED | undefined> {
    if (this.#isTerminal && this.#lines.length === 0 && !this.#ended) {
      this.#interface.setPrompt(prompt);
      // With the cursor where it is, behind what was typed while code ran.
      this.#interface.prompt(true);
    }
    while (this.#lines.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#lines.shift();
  }

  /** Ctrl-C at the prompt: what stands there is dropped, as Python does. */
  drop(): void {
    process.stdout.write("\nKeyboardInterrupt\n");
    this.#interface.write(null, { ctrl: true, name: "e" });
    this.#interface.write(null, { ctrl: true, name: "u" });
    this.#add(DROPPED);
  }

  /** There is no next line. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wake?.();
  }

  /** Gives the terminal back. */
  [Symbol.dispose](): void {
    this.#interface.close();
  }

  #add(line: string | typeof DROPPED): void {
    this.#lines.push(line);
    this.#wake?.();
  }
}

/** How the word at the end of a line may go on; an indentation is four spaces. */
async function completions(
  line: string,
  complete: (text: string) => PromiseLike<string[]>,
): Promise<[string[], string]> {
  if (line.trim() === "") return [["    "], ""];
  const [word] = /[\w.]*$/.exec(line)!;
  try {
    return word === "" ? [[], ""] : [await complete(word), word];
  } catch {
    return [[], word]; // an attribute that raises is nothing to complete with
  }
}

/** The lines of earlier times, the newest first. */
function readHistory(): string[] {
  try {
    return readFileSync(join(homedir(), HISTORY_FILE), "utf8").split("\n").filter((line) =>
      line !== ""
    ).reverse();
  } catch {
    return []; // none yet, or none that can be read: the prompt works without
  }
}

/** Keeps them, at once: the program may end at any time. */
function writeHistory(lines: string[]): void {
  try {
    const text = `${lines.toReversed().join("\n")}\n`;
    writeFileSync(join(homedir(), HISTORY_FILE), text, { mode: 0o600 });
  } catch {
    // A home that cannot be written to has no history: nothing to interrupt anybody for.
  }
}
