/**
 * The program's own stdout and stderr.
 *
 * @module
 */
import process from "node:process";
import type { Future } from "../api/future.ts";

/** Thrown when the reader of the output is gone. */
export class OutputClosedError extends Error {}

const streams = { 1: process.stdout, 2: process.stderr } as const;
const failed = new Map<1 | 2, Error>();
for (const fd of [1, 2] as const) streams[fd].on("error", (error: Error) => failed.set(fd, error));

/**
 * Writes to a descriptor. Resolves once everything is written.
 *
 * @throws {OutputClosedError} If the reader is gone.
 */
export async function write(fd: 1 | 2, data: Uint8Array | string): Promise<void> {
  const error = failed.get(fd) ??
    await new Promise<Error | null | undefined>((resolve) => streams[fd].write(data, resolve));
  if (error) throw new OutputClosedError(error.message);
}

/** Writes to stdout. */
export function print(text: string): Promise<void> {
  return write(1, text);
}

/** Writes an error message to stderr. */
export function printError(message: string): Promise<void> {
  return write(2, `pyproxy: ${message.trimEnd().replaceAll("\n", " ")}\n`);
}

/** Writes the output of an eval as it comes; returns the last byte. */
export async function pass(
  future: Future<unknown>,
  stdout: 1 | 2 = 1,
): Promise<number | undefined> {
  let last: number | undefined;
  for await (const { fd, bytes } of future.output({ raw: true })) {
    await write(fd === 1 ? stdout : 2, bytes);
    last = bytes.at(-1);
  }
  return last;
}

/** Writes a traceback to stderr, with colours if that terminal has them. */
export function printTraceback(text: string): Promise<void> {
  return write(2, hasColours() ? coloured(text) : text);
}

/** Whether stderr is a terminal with colours. */
export function hasColours(): boolean {
  const { NO_COLOR, TERM } = process.env;
  return process.stderr.isTTY === true && !NO_COLOR && TERM !== "dumb";
}

const PLACE = /^( +(?:[|+-]+ )*)File "(.*)", line (\d+)(?:, in (.*))?$/;
const MARKS = /^( +(?:\| )?)([~^ ]*[~^])$/;
const ERROR = /^((?:[|+ -]+ )?)([\w.]+)(: .*)?$/;

/** Colours a traceback as Python 3.13 does: places and errors in magenta, marks in red. */
export function coloured(traceback: string): string {
  const magenta = (text: string) => `\x1b[35m${text}\x1b[0m`;
  const bold = (text: string) => `\x1b[1;35m${text}\x1b[0m`;
  const red = (text: string) => `\x1b[1;31m${text}\x1b[0m`;
  return traceback.split("\n").map((line) => {
    const place = PLACE.exec(line);
    if (place !== null) {
      const [, indent, file, number, name] = place;
      const where = name === undefined ? "" : `, in ${magenta(name)}`;
      return `${indent}File ${magenta(`"${file}"`)}, line ${magenta(number!)}${where}`;
    }
    const marks = MARKS.exec(line);
    if (marks !== null) return `${marks[1]}${red(marks[2]!)}`;
    const error = ERROR.exec(line);
    if (error === null) return line;
    const [, indent, name, message] = error;
    return `${indent}${bold(name!)}${
      message === undefined ? "" : `: ${magenta(message.slice(2))}`
    }`;
  }).join("\n");
}
