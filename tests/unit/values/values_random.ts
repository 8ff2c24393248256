/**
 * Seeded random values, and a text form in which two values can be compared exactly.
 *
 * @module
 */
import { PythonScalar, type PythonScalarType } from "../../../src/values/types/scalar.ts";

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes random values; with `extensions` also those that plain MessagePack has no form for. */
export class RandomValues {
  readonly #random: () => number;
  readonly #extensions: boolean;

  readonly #zones: readonly string[];

  /** `zones` are those of datetimes beside UTC and two offsets. To Python +00:00 is UTC itself. */
  constructor(seed: number, extensions: boolean, zones: readonly string[] = ["+00:00"]) {
    this.#random = seeded(seed);
    this.#extensions = extensions;
    this.#zones = zones;
  }

  value(depth = 0): unknown {
    const kinds = this.#extensions ? 19 : 10;
    switch (this.below(depth > 4 ? 7 : kinds)) {
      case 0:
        return this.pick([null, true, false]);
      case 1:
        return this.integer();
      case 2:
        return this.#float();
      case 3:
      case 4:
        return this.text();
      case 5:
        return Uint8Array.from({ length: this.below(40) }, () => this.below(256));
      case 6:
        return this.below(100) - 50;
      case 7:
      case 8:
        return Array.from({ length: this.#count() }, () => this.value(depth + 1));
      case 9:
        return Object.fromEntries(this.#entries(depth, () => this.text()));
      case 10:
        return new Map(this.#entries(depth, () => this.#key()));
      case 11:
        return new Set(Array.from({ length: this.#count() }, () => this.#key()));
      case 12:
        return this.bigint();
      case 13:
        return this.#datetime();
      case 14:
        return this.#datetime().toPlainDateTime();
      case 15:
        return this.#datetime().toPlainDate();
      case 16:
        return this.#datetime().toPlainTime();
      case 17:
        return this.#duration();
      default:
        return this.#scalar();
    }
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** A safe integer, near one of the borders between two forms more often than not. */
  integer(): number {
    const near = 2 ** this.pick([0, 5, 7, 8, 15, 16, 31, 32, 52]) + this.below(5) - 2;
    const sign = this.below(2) === 0 ? 1 : -1;
    return sign * near + 0;
  }

  bigint(): bigint {
    const near = 2n ** BigInt(this.pick([53, 63, 64, 65, 127, 128, 1000])) + BigInt(this.below(5)) -
      2n;
    return this.below(2) === 0 ? near : -near;
  }

  text(): string {
    const length = this.below(20) === 0 ? 400 : this.pick([0, 1, 3, 8, 16, 33, 50]);
    const alphabet = this.pick([["a", "Z", "7", "_"], ["ä", "x"], ["я", "漢", " "], ["😀", "é"]]);
    return Array.from({ length: this.below(length + 1) }, () => this.pick(alphabet)).join("");
  }

  #float(): number {
    if (this.below(4) === 0) return this.pick([NaN, Infinity, -Infinity, 5e-324, 1.5, -0.1, 1e300]);
    return (this.#random() * 2 - 1) * 2 ** (this.below(200) - 100) + Number.EPSILON;
  }

  #datetime(): Temporal.ZonedDateTime {
    const zone = this.pick(["UTC", "+05:30", "-11:00", ...this.#zones]);
    // What is known of a zone's past and future differs between Python's sources and JavaScript's.
    const [from, to] = this.#zones.includes(zone) ? [3e11, 1.7e12] : [-5e13, 5e13];
    const ms = Math.floor(from! + this.#random() * (to! - from!));
    const ns = BigInt(ms) * 1_000_000n + BigInt(this.below(1000)) * 1000n;
    return new Temporal.ZonedDateTime(ns, zone);
  }

  /** As Python has them: of days and less, one sign. */
  #duration(): Temporal.Duration {
    const sign = this.pick([1, -1]);
    const days = this.pick([0, 1, 365, 999_999_998, this.below(1e9)]);
    const rest = { hours: 24, minutes: 60, seconds: 60, milliseconds: 1000, microseconds: 1000 };
    const fields = Object.entries(rest).map(([unit, size]) =>
      [unit, sign * this.pick([0, 1, size - 1, this.below(size)]) + 0] as const
    );
    return Temporal.Duration.from({ days: sign * days + 0, ...Object.fromEntries(fields) });
  }

  /** With texts as Python writes them. */
  #scalar(): PythonScalar {
    const type = this.pick<PythonScalarType>([
      "Decimal",
      "Fraction",
      "UUID",
      "Path",
      "PurePosixPath",
      "PureWindowsPath",
      "complex",
    ]);
    switch (type) {
      case "Decimal":
        return new PythonScalar(type, this.#decimal());
      case "Fraction":
        return new PythonScalar(type, this.#fraction());
      case "UUID": {
        const bytes = Uint8Array.from({ length: 16 }, () => this.below(256)).toHex();
        const text = bytes.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
        return new PythonScalar(type, text);
      }
      case "complex": {
        const part = () => this.pick(["0.0", "1.5", "1e-07", "12345.0", "1e+300", "inf", "nan"]);
        const text = this.pick(["", "-"]) + part() + this.pick(["+", "-"]) + part() + "j";
        return new PythonScalar(type, text.replaceAll("-nan", "+nan").replace(/^\+/, ""));
      }
      default:
        return new PythonScalar(
          type,
          this.pick([".", "a b", "é/漢", "/x/y"]).replaceAll(
            "/",
            type === "PureWindowsPath" ? "\\" : "/",
          ),
        );
    }
  }

  #decimal(): string {
    const digits = String(1 + this.below(9)) +
      Array.from({ length: this.pick([0, 1, 5, 40]) }, () => this.below(10)).join("");
    const text = this.pick([
      digits,
      `0.${digits}`,
      `${digits}.${digits}`,
      `${digits[0]}.${digits}E+${100 + this.below(1000)}`,
      `${digits[0]}E-${1000 + this.below(1000)}`,
      "0",
      "0.00",
      "0E+5",
      "NaN",
      "sNaN12",
      "Infinity",
    ]);
    return this.pick(["", "-"]) + text;
  }

  /** In lowest terms, since one of its numbers is prime and larger than the other. */
  #fraction(): string {
    const numerator = this.pick([0n, 1n, 2n, BigInt(this.below(1e6)), 3n ** 1000n]);
    const sign = numerator === 0n ? "" : this.pick(["", "-"]);
    const denominator = numerator === 0n ? 1n : this.pick([1n, 1_000_003n, 2n ** 4423n - 1n]);
    return sign + numerator + (denominator === 1n ? "" : `/${denominator}`);
  }

  #count(): number {
    return this.below(20) === 0 ? this.pick([15, 16, 17]) : this.below(5);
  }

  /** A key or member that Python can hash, and that is equal to no other: True is 1 there. */
  #key(): unknown {
    return this.pick([null, this.integer(), this.#float(), this.text(), this.bigint()]);
  }

  #entries<K>(depth: number, key: () => K): [K, unknown][] {
    return Array.from({ length: this.#count() }, () => [key(), this.value(depth + 1)]);
  }
}

/** What a value is, to the last bit, as text. Forms that mean the same to Python look the same. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return "nil";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `int ${value}`;
  if (typeof value === "number") {
    if (Object.is(value, -0)) return "float -0";
    return `${Number.isSafeInteger(value) ? "int" : "float"} ${value}`;
  }
  if (typeof value !== "object") return String(value);
  if (value instanceof Uint8Array) return `bytes ${value.toHex()}`;
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return `${value.constructor.name} ${new Uint8Array(buffer, byteOffset, byteLength).toHex()}`;
  }
  if (Array.isArray(value)) return `[${Array.from(value, show).join(", ")}]`;
  if (value instanceof Set) {
    // Sorted: Python's sets have no order.
    return `set(${Array.from(value, show).sort().join(", ")})`;
  }
  if (value instanceof Temporal.ZonedDateTime) return `datetime ${value}`;
  if (value instanceof Temporal.PlainDateTime) return `naive datetime ${value}`;
  if (value instanceof Temporal.PlainDate) return `date ${value}`;
  if (value instanceof Temporal.PlainTime) return `time ${value}`;
  if (value instanceof Temporal.Duration) return `timedelta ${value}`;
  if (value instanceof PythonScalar) return `${value.type} ${value.text}`;
  if (value instanceof Map) {
    // A Map of string keys is the same dict as an object of them.
    const entries = Array.from(value as Map<unknown, unknown>);
    const strings = entries.every(([key]) => typeof key === "string");
    return strings ? showEntries(entries as [string, unknown][]) : showPairs(entries);
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `${value.constructor.name} ${showEntries(Object.entries(value))}`;
  }
  return showEntries(Object.entries(value));
}

/** Sorted: an object has its own order for keys such as "7". */
function showEntries(entries: [string, unknown][]): string {
  return showPairs(entries.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
}

function showPairs(entries: [unknown, unknown][]): string {
  return `{${entries.map(([key, item]) => `${show(key)}: ${show(item)}`).join(", ")}}`;
}
