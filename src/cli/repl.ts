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

/** Runs the prompt to its end; returns the exit code. */
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
  // Nothing waits for the session between two lines: without this, its loss shows at the next line.
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
    // The prompt overwrites the line that it starts on.
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

/**
 * Ends after the last line.
 *
 * @throws The error of the session, if it was lost.
 */
async function leave(remote: RemoteProcess): Promise<number> {
  const end = await Promise.race([remote.closed, Promise.resolve(undefined)]);
  if (end?.error !== undefined) throw end.error;
  return 0;
}

/** Recovers after a failed eval: the Python process may be a new one, without the variables. */
async function recover(shell: Shell, error: Error): Promise<void> {
  await exitOf(error);
  if (!await shell.recover()) await printError("all variables are gone with the Python process");
}

/** A line that Ctrl-C has dropped. */
const DROPPED = Symbol("dropped");

/** The lines of stdin, with history and completion if it is a terminal. */
class Prompt implements Disposable {
  onInterrupt: () => void = () => {};
  readonly #interface: Interface;
  readonly #isTerminal: boolean;
  /** Lines that came while another one was run. */
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
      // Keeps the cursor where it is: after what was typed while code ran.
      this.#interface.prompt(true);
    }
    while (this.#lines.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#lines.shift();
  }

  /** Handles Ctrl-C at the prompt: drops the line, as Python does. */
  drop(): void {
    process.stdout.write("\nKeyboardInterrupt\n");
    this.#interface.write(null, { ctrl: true, name: "e" });
    this.#interface.write(null, { ctrl: true, name: "u" });
    this.#add(DROPPED);
  }

  /** Ends the lines. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wake?.();
  }

  /** Restores the terminal. */
  [Symbol.dispose](): void {
    this.#interface.close();
  }

  #add(line: string | typeof DROPPED): void {
    this.#lines.push(line);
    this.#wake?.();
  }
}

/** Completions of the word at the end of a line. In the indentation, Tab gives four spaces. */
async function completions(
  line: string,
  complete: (text: string) => PromiseLike<string[]>,
): Promise<[string[], string]> {
  if (line.trim() === "") return [["    "], ""];
  const [word] = /[\w.]*$/.exec(line)!;
  try {
    return word === "" ? [[], ""] : [await complete(word), word];
  } catch {
    return [[], word]; // an attribute raised an error: no completion
  }
}

/** The history of earlier prompts, the newest line first. */
function readHistory(): string[] {
  try {
    return readFileSync(join(homedir(), HISTORY_FILE), "utf8").split("\n").filter((line) =>
      line !== ""
    ).reverse();
  } catch {
    return []; // there is no history, or it cannot be read: the prompt works without it
  }
}

/** Saves the history at once: the program may end at any time. */
function writeHistory(lines: string[]): void {
  try {
    const text = `${lines.toReversed().join("\n")}\n`;
    writeFileSync(join(homedir(), HISTORY_FILE), text, { mode: 0o600 });
  } catch {
    // If the home cannot be written to, there is no history, and no error.
  }
}
