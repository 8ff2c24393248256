/**
 * What came of scripts: counted, compared, and told when it was wrong.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { CUTS } from "./cut.ts";
import { heldBytes, mib } from "./memory.ts";
import type { Script } from "./mutate.ts";
import { again } from "./scale.ts";

/** The reasons for an end that are counted by name. */
const CODES = [
  "PROTOCOL",
  "VERSION",
  "AUTHENTICATION",
  "STREAM_TOKEN",
  "TIMEOUT",
  "LIMIT",
  "STREAM_LOST",
  "CONNECTION_LOST",
  "CLIENT_CLOSED",
  "SHUTDOWN",
];

/** What may be held after a lane beyond what was before it. */
const MOST_GROWTH_BYTES = 16 * 1024 * 1024;

/** What is held more than before, which must be little. */
export function growthSince(before: number): string {
  const growth = heldBytes() - before;
  assert(growth < MOST_GROWTH_BYTES, `${mib(growth)} more are held than before`);
  return mib(growth);
}

/** What came of which part of the work, counted. */
export class Outcomes {
  readonly #counts = new Map<string, number>();

  /** Takes what was told in one run. */
  add(told: readonly string[]): void {
    const last = told.at(-1) ?? "nothing";
    const code = /\b[A-Z]+(_[A-Z]+)*\b/.exec(last)?.[0];
    const isOpen = !/closed|^\w+ 3 |^[A-Z]+:/.test(last);
    // The peer may give a reason of its own.
    const key = isOpen ? "open" : CODES.includes(code ?? "") ? code! : "other";
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** All of them. */
  toString(): string {
    return [...this.#counts].map(([what, times]) => `${what} ${times}`).sort().join(" ");
  }
}

/** Says which script has shown it. */
export function found(file: string, what: string, script: Script, error: unknown): Error {
  const lines = script.segments.map(({ stream, bytes }) => `    ${stream} ${bytes.toHex()}`);
  const message = error instanceof Error ? error.message : String(error);
  return new Error(
    `${what}: ${message}\n  after "${script.exchange.name}", from the ${script.from}:\n` +
      `${lines.join("\n")}\n  again: ${again(file)}`,
    { cause: error },
  );
}

/** The same must be told, however it was cut. */
export function sameForAllCuts(told: string[][]): void {
  const [first] = told;
  for (const [i, cut] of CUTS.entries()) {
    if (told[i]!.join("\n") !== first!.join("\n")) assertEquals(told[i], first, `cut ${cut}`);
  }
}
