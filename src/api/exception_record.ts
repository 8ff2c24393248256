/**
 * The record that a RESULT has of an exception. PROTOCOL.md, section 3.
 *
 * @module
 */

/**
 * One line of a Python traceback.
 *
 * @example Where it happened
 * ```ts
 * import { connect, PythonError, type PythonFrame } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const outcome = await remote.eval("def f():\n  return 1 / 0\nf()").waitNoExcept();
 * if (!outcome.ok && outcome.error instanceof PythonError) {
 *   const last: PythonFrame = outcome.error.frames.at(-1)!;
 *   console.log(last.function, last.line, last.source); // f 2 return 1 / 0
 * }
 * ```
 */
export interface PythonFrame {
  /** The file's name; code given to `eval` is in `<eval-N>`. */
  file: string;
  /** The line's number, from 1. */
  line: number | null;
  /** The function's name, `<module>` outside of one. */
  function: string;
  /** The line itself, without indentation; empty where it is not known. */
  source: string;
}

/**
 * Where a SyntaxError is.
 *
 * @example Where it is
 * ```ts
 * import { connect, PythonError } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const outcome = await remote.eval("1 +").waitNoExcept();
 * if (!outcome.ok && outcome.error instanceof PythonError) {
 *   console.log(outcome.error.syntax?.line, outcome.error.syntax?.text); // 1 1 +
 * }
 * ```
 */
export interface PythonSyntaxPosition {
  /** The file's name. */
  file: string | null;
  /** The line's number, from 1. */
  line: number | null;
  /** The column in that line, from 1. */
  column: number | null;
  /** The line in which it ends. */
  endLine: number | null;
  /** The column after its last, from 1. */
  endColumn: number | null;
  /** The line itself. */
  text: string | null;
}

/** An exception record as the wire has it. PROTOCOL.md, section 3, RESULT. */
export interface ExceptionRecord {
  type: string;
  module: string;
  message: string;
  args: unknown[];
  mro: string[];
  traceback: string;
  frames: PythonFrame[];
  notes: string[];
  cause: ExceptionRecord | null;
  context: ExceptionRecord | null;
  errors: ExceptionRecord[] | null;
  syntax: PythonSyntaxPosition | null;
  exitCode: number | null;
}

/**
 * Takes the fields of a record that are there with their type; the others get an empty one.
 *
 * @throws {TypeError} If it is no dict, or something in it is none that has to be.
 */
export function checkRecord(value: unknown): ExceptionRecord {
  const map = checkDict(value, "an exception record");
  const record = (key: string): ExceptionRecord | null =>
    map[key] === null || map[key] === undefined ? null : checkRecord(map[key]);
  return {
    type: text(map.type) ?? "",
    module: text(map.module) ?? "",
    message: text(map.message) ?? "",
    args: list(map.args),
    mro: list(map.mro).map(String),
    traceback: text(map.traceback) ?? "",
    frames: list(map.frames).map((value) => {
      const frame = checkDict(value, "a frame");
      return {
        file: text(frame.file) ?? "",
        line: number(frame.line),
        function: text(frame.function) ?? "",
        source: text(frame.source) ?? "",
      };
    }),
    notes: list(map.notes).map(String),
    cause: record("cause"),
    context: record("context"),
    errors: Array.isArray(map.errors) ? map.errors.map(checkRecord) : null,
    syntax: map.syntax === null || map.syntax === undefined ? null : checkPosition(map.syntax),
    exitCode: number(map.exit_code),
  };
}

function checkPosition(value: unknown): PythonSyntaxPosition {
  const map = checkDict(value, "the position of a SyntaxError");
  return {
    file: text(map.file),
    line: number(map.line),
    column: number(map.column),
    endLine: number(map.end_line),
    endColumn: number(map.end_column),
    text: text(map.text),
  };
}

function checkDict(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${what} must be a dict`);
  }
  return value as Record<string, unknown>;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
