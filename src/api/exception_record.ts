/**
 * The record of an exception in a RESULT. PROTOCOL.md, section 3.
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
  /** The file's name. The code of an eval is in `<eval-N>`. */
  file: string;
  /** The line's number, from 1. */
  line: number | null;
  /** The function's name; `<module>` outside of functions. */
  function: string;
  /** The text of the line, without indentation; empty if it is not known. */
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
  /** The line where the error ends. */
  endLine: number | null;
  /** The column after its last one, from 1. */
  endColumn: number | null;
  /** The text of the line. */
  text: string | null;
}

/** An exception record as it is on the wire. PROTOCOL.md, section 3, RESULT. */
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
 * Reads a record. A field that is missing or has another type gets an empty value.
 *
 * @throws {TypeError} If the record, or one inside it, is no dict.
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
