/**
 * A Python exception of the remote code, as a JavaScript Error.
 *
 * @module
 */
import { PyProxyError } from "../common/error_base.ts";
import {
  checkRecord,
  type ExceptionRecord,
  type PythonFrame,
  type PythonSyntaxPosition,
} from "./exception_record.ts";

export type { PythonFrame, PythonSyntaxPosition } from "./exception_record.ts";

/** `console.log` of Deno, Bun and Node calls this method of an object to print it. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/**
 * A field that holds the traceback for Bun, which prints it with an uncaught error. Of such an
 * error Bun calls no method and prints only the JavaScript lines of its stack, but it prints errors
 * in enumerable fields whole.
 */
const TRACEBACK = Symbol("traceback");

/** What Python prints between an exception and the one that it caused. */
const LINKS: readonly string[] = [
  "\nThe above exception was the direct cause of the following exception:\n\n",
  "\nDuring handling of the above exception, another exception occurred:\n\n",
];

/** The heading shows this much of a message; the traceback has all of it. */
const HEADING_CHARACTERS = 200;

/**
 * The remote code raised an exception. `console.log` prints it as Python would, and then the line
 * of the program that called eval.
 *
 * Large exceptions are cut, and say so: a text has at most 1 MiB, a chain at most 64 exceptions,
 * and an argument of more than 1 MiB comes as an {@linkcode Opaque}.
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
  /** The exception that Python shows before this one; see {@linkcode PythonError.causeKind}. */
  declare readonly cause?: PythonError;
  readonly #record: ExceptionRecord;
  readonly #errors: PythonError[] | undefined;
  readonly #callerStack: string;

  /** Makes one from a record; the library does. `callerStack` has the lines that called eval. */
  constructor(record: ExceptionRecord, callerStack: string) {
    const cause = record.cause ?? record.context;
    super(record.message, cause === null ? undefined : { cause: new PythonError(cause, "") });
    this.#record = record;
    this.#errors = record.errors?.map((error) => new PythonError(error, ""));
    this.#callerStack = callerStack;
    // Runtimes print the stack of the cause as well, so each stack has its own part only.
    const own = ownPart(record);
    this.stack = `${this.#heading()}\n${indent(own)}${callerStack}`.trimEnd();
    Object.defineProperty(this, TRACEBACK, { value: asError(record.type, own), enumerable: true });
  }

  /** The class's name, such as "ZeroDivisionError". */
  get type(): string {
    return this.#record.type;
  }

  /** The module of the class, such as "builtins". */
  get module(): string {
    return this.#record.module;
  }

  /** The exception's `args`. */
  get args(): unknown[] {
    return this.#record.args;
  }

  /** The names of the class and of its bases, the class first. */
  get mro(): string[] {
    return this.#record.mro;
  }

  /** The traceback as Python prints it, without the server's own frames. */
  get traceback(): string {
    return this.#record.traceback;
  }

  /** The traceback's frames, the outermost first. */
  get frames(): PythonFrame[] {
    return this.#record.frames;
  }

  /**
   * Whether `cause` is Python's `__cause__` (`raise ... from cause`) or its `__context__`, the
   * exception that was being handled. Undefined without a cause.
   */
  get causeKind(): "cause" | "context" | undefined {
    if (this.#record.cause !== null) return "cause";
    return this.#record.context === null ? undefined : "context";
  }

  /**
   * The notes that were added with `add_note` (Python 3.11 and later). A CalledProcessError of
   * subprocess also has the end of what the command wrote to stderr, if that was captured.
   */
  get notes(): string[] {
    return this.#record.notes;
  }

  /** The members of an ExceptionGroup. */
  get errors(): PythonError[] | undefined {
    return this.#errors;
  }

  /** The position of a SyntaxError. */
  get syntax(): PythonSyntaxPosition | undefined {
    return this.#record.syntax ?? undefined;
  }

  /** Of `sys.exit()` and SystemExit: the status that a script would have ended with. */
  get exitCode(): number | undefined {
    return this.#record.exitCode ?? undefined;
  }

  static {
    Object.defineProperty(PythonError.prototype, INSPECT, {
      value(this: PythonError): string {
        // The traceback has the causes already: they are not printed again.
        return `${this.#heading()}\n${indent(this.traceback)}${this.#callerStack}`.trimEnd();
      },
    });
  }

  /** The first line of the stack. */
  #heading(): string {
    const [first] = this.message.split("\n", 1);
    return `${this.name}: ${this.type}${
      first === "" ? "" : `: ${first!.slice(0, HEADING_CHARACTERS)}`
    }`;
  }
}

/**
 * Makes a PythonError from the value of a RESULT.
 *
 * @throws {TypeError} If the value is no exception record.
 */
export function pythonErrorFromValue(value: unknown, callerStack: string): PythonError {
  const record = checkRecord(value);
  // Frames of this library would say nothing, and Bun would print them.
  const limit = Reflect.get(Error, "stackTraceLimit");
  Reflect.set(Error, "stackTraceLimit", 0);
  try {
    return new PythonError(record, callerStack);
  } finally {
    Reflect.set(Error, "stackTraceLimit", limit);
  }
}

/** The traceback without the exceptions that Python shows before this one. */
function ownPart({ traceback, cause, context }: ExceptionRecord): string {
  const before = (cause ?? context)?.traceback;
  if (before === undefined || !traceback.startsWith(before)) return traceback;
  const link = LINKS.find((text) => traceback.startsWith(text, before.length));
  return link === undefined ? traceback : traceback.slice(before.length + link.length);
}

/** Makes an error that prints as `text`. */
function asError(type: string, text: string): Error {
  const [first] = text.split("\n", 1);
  const hasTitle = first!.endsWith(":");
  const error = new Error(hasTitle ? text.slice(first!.length).trimEnd() : `\n${text.trimEnd()}`);
  error.name = hasTitle ? first!.slice(0, -1) : type;
  return error;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ").replace(/\n?$/, "\n");
}
