/**
 * Python's numbers and names that JavaScript has no type for: extension 11, an array of type and
 * text.
 *
 * @module
 */
import { Fault, quoted } from "../codec/fault.ts";
import { DecodeError } from "../decode_error.ts";
import type { Entry, ValueReader, ValueWriter } from "../entry.ts";

const CODE = 11;

/**
 * The types of {@linkcode PythonScalar}. Path is PosixPath or WindowsPath, as on Python's system.
 *
 * @example A Decimal
 * ```ts
 * import { PythonScalar, type PythonScalarType } from "@pyproxy/client";
 *
 * const type: PythonScalarType = "Decimal";
 * console.log(String(new PythonScalar(type, "1.10"))); // 1.10
 * ```
 */
export type PythonScalarType =
  | "Decimal"
  | "Fraction"
  | "UUID"
  | "Path"
  | "PurePosixPath"
  | "PureWindowsPath"
  | "complex";

const FLOAT = "(?:(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:e[+-]?\\d+)?|inf|nan)";

/** The form of the texts of each type, and an example for messages. Python checks the rest. */
const FORMS: Readonly<Record<PythonScalarType, { pattern: RegExp; example: string }>> = {
  Decimal: {
    pattern: new RegExp(`^[+-]?(?:${FLOAT}|infinity|s?nan\\d*)$`, "i"),
    example: "1.10",
  },
  Fraction: { pattern: /^-?\d+(?:\/0*[1-9]\d*)?$/, example: "-2/3" },
  UUID: {
    pattern: /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i,
    example: "886313e1-3b8a-5372-9b90-0c9aee199e5d",
  },
  Path: { pattern: /^/, example: "/tmp/a.txt" },
  PurePosixPath: { pattern: /^/, example: "/tmp/a.txt" },
  PureWindowsPath: { pattern: /^/, example: "c:\\a.txt" },
  complex: {
    pattern: new RegExp(`^[+-]?${FLOAT}[+-]${FLOAT}j$`, "i"),
    example: "1.0-2.5j",
  },
};

/**
 * A value of a Python type that has no counterpart in JavaScript, but a text that tells all of it:
 * Decimal, Fraction, UUID, paths and complex. It comes with Python's text, and is sent back as the
 * same value. Make one to send your own.
 *
 * | type                                     | text                                        |
 * | ---------------------------------------- | ------------------------------------------- |
 * | `Decimal`                                | as `str()`: `1.10`, `-0`, `1E+30`, `sNaN`   |
 * | `Fraction`                               | `-2/3`, `5`                                 |
 * | `UUID`                                   | `886313e1-3b8a-5372-9b90-0c9aee199e5d`      |
 * | `Path`, `PurePosixPath`, `PureWindowsPath` | as `str()`                                |
 * | `complex`                                | both parts as floats: `1.0-2.5j`, `0.0-0.0j` |
 *
 * @example Send a Decimal, get one back
 * ```ts
 * import { connect, PythonScalar } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const price = new PythonScalar("Decimal", "1.10");
 * const sum = await remote.eval<PythonScalar>("price * 3", { locs: { price } });
 * console.log(sum.type, sum.text, sum.toNumber()); // Decimal 3.30 3.3
 * ```
 */
export class PythonScalar {
  /** The Python type. */
  readonly type: PythonScalarType;
  /** The text of the value. */
  readonly text: string;

  /**
   * Makes one to be sent.
   *
   * @throws {TypeError} If there is no such type, or the text does not have its form.
   */
  constructor(type: PythonScalarType, text: string) {
    const wrong = whatIsWrong(type, text);
    if (wrong !== undefined) throw new TypeError(`Cannot make a PythonScalar: ${wrong}`);
    this.type = type;
    this.text = text;
  }

  /** The `text`. */
  toString(): string {
    return this.text;
  }

  /**
   * The number nearest to a Decimal or Fraction. Every NaN of Decimal is NaN.
   *
   * @throws {TypeError} If it is of another type.
   */
  toNumber(): number {
    if (this.type === "Decimal") return decimalToNumber(this.text);
    if (this.type === "Fraction") return fractionToNumber(this.text);
    throw new TypeError(`Cannot make a number of a ${this.type}: ${quoted(this.text)}`);
  }
}

/** PythonScalar, and extension 11. */
export const SCALAR: Entry = {
  sends: {
    prototypes: [PythonScalar.prototype],
    write(value: object, writer: ValueWriter): void {
      const { type, text } = value as PythonScalar;
      // Checked again: a program may have changed the fields.
      const wrong = whatIsWrong(type, text);
      if (wrong !== undefined) throw new Fault(wrong, "PythonScalar");
      writer.extensionArray(CODE, [type, text], value, () => ".text");
    },
  },
  reads: {
    code: CODE,
    read(reader: ValueReader): PythonScalar {
      const [type, text, ...more] = reader.list("a scalar");
      if (more.length > 0) throw new DecodeError("a scalar is not an array of type and text");
      const wrong = whatIsWrong(type, text);
      if (wrong !== undefined) throw new DecodeError(wrong);
      return new PythonScalar(type as PythonScalarType, text as string);
    },
  },
};

function whatIsWrong(type: unknown, text: unknown): string | undefined {
  if (typeof type !== "string" || !Object.hasOwn(FORMS, type)) {
    return `there is no type ${shown(type)}, only ${Object.keys(FORMS).join(", ")}`;
  }
  const { pattern, example } = FORMS[type as PythonScalarType];
  if (typeof text === "string" && pattern.test(text)) return undefined;
  return `${shown(text)} is no text of a ${type}, such as ${quoted(example)}`;
}

function shown(value: unknown): string {
  return typeof value === "string" ? quoted(value) : typeof value;
}

function decimalToNumber(text: string): number {
  if (/nan/i.test(text)) return NaN;
  if (/inf/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return Number(text);
}

function fractionToNumber(text: string): number {
  const [numerator, denominator] = text.split("/").map(BigInt) as [bigint, bigint?];
  if (denominator === undefined) return Number(numerator);
  const size = numerator < 0n ? -numerator : numerator;
  // A quotient of at least 64 bits, whose last bit stands for the rest, rounds as the exact one.
  const shift = Math.max(0, 66 - bits(size) + bits(denominator));
  const quotient = (size << BigInt(shift)) / denominator;
  const rest = (size << BigInt(shift)) % denominator === 0n ? 0n : 1n;
  const half = Math.floor(shift / 2);
  // In two steps, since 2 ** -shift may be too small for a number.
  const number = Number(quotient | rest) * 2 ** -half * 2 ** (half - shift);
  return numerator < 0n ? -number : number;
}

function bits(value: bigint): number {
  return 4 * value.toString(16).length;
}
