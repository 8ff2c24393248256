/**
 * An exception of the remote code, as an Error of JavaScript.
 *
 * @module
 */
import { PyProxyError } from "./error_base.ts";

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
  /** Where the error ends. */
  end_line: number | null;
  /** Where the error ends. */
  end_column: number | null;
  /** The line itself. */
  text: string | null;
}

/** An exception record as the wire has it. PROTOCOL.md, section 3, RESULT. */
interface ExceptionRecord {
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
}

/**
 * The remote code raised an exception.
 *
 * @example Catch it
 * ```ts
 * import { connect, PythonError } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * try {
 *   await remote.eval("1 / 0");
 * } catch (error) {
 *   if (!(error instanceof PythonError)) throw error;
 *   console.log(error.type, error.message); // ZeroDivisionError division by zero
 *   console.log(error.traceback);
 * }
 * ```
 */
export class PythonError extends PyProxyError {
  /** "PythonError". */
  override name = "PythonError";
  readonly #record: ExceptionRecord;
  readonly #errors: PythonError[] | undefined;

  /** Makes one of a record; the library does. `callerStack` shows who called eval. */
  constructor(record: ExceptionRecord, callerStack: string) {
    const cause = record.cause ?? record.context;
    super(record.message, cause === null ? undefined : { cause: new PythonError(cause, "") });
    this.#record = record;
    this.#errors = record.errors?.map((error) => new PythonError(error, ""));
    const first = `PythonError: ${record.type}: ${record.message}`;
    // The traceback of Python shows causes and contexts as well, so that this text is the whole.
    this.stack = `${first}\n${indent(record.traceback)}${callerStack}`;
  }

  /** The class's name, such as "ZeroDivisionError". */
  get type(): string {
    return this.#record.type;
  }

  /** The module the class is from, such as "builtins". */
  get module(): string {
    return this.#record.module;
  }

  /** The exception's `args`. */
  get args(): unknown[] {
    return this.#record.args;
  }

  /** The names of the class and its bases, the class first. */
  get mro(): string[] {
    return this.#record.mro;
  }

  /** The traceback as Python prints it, without frames of the server's own. */
  get traceback(): string {
    return this.#record.traceback;
  }

  /** The traceback's frames, the outermost first. */
  get frames(): PythonFrame[] {
    return this.#record.frames;
  }

  /** What was added with `add_note`. */
  get notes(): string[] {
    return this.#record.notes;
  }

  /** The members of an ExceptionGroup. */
  get errors(): PythonError[] | undefined {
    return this.#errors;
  }

  /** Where a SyntaxError is. */
  get syntax(): PythonSyntaxPosition | undefined {
    return this.#record.syntax ?? undefined;
  }
}

/**
 * Makes a PythonError of what came as a RESULT's values.
 *
 * @throws {TypeError} If it is no exception record.
 */
export function pythonErrorFromValue(value: unknown, callerStack: string): PythonError {
  return new PythonError(checkRecord(value), callerStack);
}

/** Takes the fields of a record that are there with their type; the others get an empty one. */
function checkRecord(value: unknown): ExceptionRecord {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("an exception record must be a dict");
  }
  const map = value as Record<string, unknown>;
  const text = (key: string): string => typeof map[key] === "string" ? map[key] : "";
  const list = (key: string): unknown[] => Array.isArray(map[key]) ? map[key] : [];
  const record = (key: string): ExceptionRecord | null =>
    map[key] === null || map[key] === undefined ? null : checkRecord(map[key]);
  return {
    type: text("type"),
    module: text("module"),
    message: text("message"),
    args: list("args"),
    mro: list("mro").map(String),
    traceback: text("traceback"),
    frames: list("frames") as PythonFrame[],
    notes: list("notes").map(String),
    cause: record("cause"),
    context: record("context"),
    errors: Array.isArray(map.errors) ? map.errors.map(checkRecord) : null,
    syntax: (map.syntax ?? null) as PythonSyntaxPosition | null,
  };
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ").replace(/\n?$/, "\n");
}
