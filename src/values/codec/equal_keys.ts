/**
 * Finds keys that differ in JavaScript and are equal in Python, where one of their entries would be
 * lost.
 *
 * It refuses only what is certain: 1 and true, equal Dates. What only Python can tell, such as a
 * Fraction that equals a float, the server checks.
 *
 * @module
 */
import { microseconds } from "../types/duration.ts";
import { Float } from "../types/float.ts";
import { PythonScalar } from "../types/scalar.ts";
import { Tuple } from "../types/tuple.ts";
import { Fault, quoted, type Step, typeOf } from "./fault.ts";

/** Messages cut a longer key. */
const SHOWN_CHARS = 80;
const LATIN1 = new TextDecoder("latin1");

/**
 * Throws a Fault for the first of `keys` that is equal in Python to one before it. The keys are
 * written already, so each can be a key, and none has a cycle.
 */
export function refuseEqual(keys: readonly unknown[], container: object, step: Step): void {
  if (!canBeEqual(keys)) return;
  const first = new Map<string | number, number>();
  for (let i = 0; i < keys.length; i++) {
    // A string is equal only to itself.
    if (typeof keys[i] === "string") continue;
    const form = formOf(keys[i]);
    if (form === undefined) continue;
    const before = first.get(form);
    if (before === undefined) {
      first.set(form, i);
      continue;
    }
    const both = `${brief(keys[before])} (${step(before)}) and ${brief(keys[i])}`;
    throw new Fault(`${both} are equal in Python, and one would be lost`, typeOf(keys[i]))
      .within(container, step(i));
  }
}

/** Whether keys are objects or of several types. Primitives of one type differ in Python, too. */
function canBeEqual(keys: readonly unknown[]): boolean {
  const type = typeof keys[0];
  return keys.length > 1 && (type === "object" || keys.some((key) => typeof key !== type));
}

/** A text that is the same for keys that are equal in Python; undefined if only Python knows. */
function formOf(key: unknown): string | number | undefined {
  switch (typeof key) {
    case "undefined":
      return "none";
    case "boolean":
      return Number(key);
    case "number":
      return numberForm(key);
    case "bigint":
      return bigintForm(key);
    case "string":
      return `s${key}`;
    default:
      return key === null ? "none" : objectForm(key as object);
  }
}

/** NaN is not equal to itself: two NaN are two keys. */
function numberForm(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

function bigintForm(value: bigint): string | number {
  const near = Number(value);
  return Number.isFinite(near) && BigInt(near) === value ? near : `i${value}`;
}

function objectForm(key: object): string | number | undefined {
  if (key instanceof Float) return numberForm(key.value);
  if (Array.isArray(key)) return together("tuple", key);
  if (key instanceof Tuple) return together("tuple", key.items);
  if (key instanceof Set) return together("set", [...key]);
  if (key instanceof ArrayBuffer || ArrayBuffer.isView(key)) return `b${LATIN1.decode(key)}`;
  if (key instanceof PythonScalar) {
    return /^(Decimal|complex)$/.test(key.type) && /nan/i.test(key.text)
      ? undefined
      : `${key.type} ${key.text}`;
  }
  return momentForm(key);
}

function momentForm(key: object): string | undefined {
  if (key instanceof Date) return `at ${BigInt(key.getTime()) * 1_000_000n}`;
  if (key instanceof Temporal.Instant) return `at ${key.epochNanoseconds}`;
  if (key instanceof Temporal.ZonedDateTime) return zonedForm(key);
  if (key instanceof Temporal.Duration) return `for ${microseconds(key)}`;
  if (key instanceof Temporal.PlainDateTime) return `wall ${key}`;
  if (key instanceof Temporal.PlainDate) return `day ${key}`;
  if (key instanceof Temporal.PlainTime) return `clock ${key}`;
  return undefined;
}

/** For a time that a clock shows twice, Python compares the wall clocks, within one zone only. */
function zonedForm(zoned: Temporal.ZonedDateTime): string {
  const wall = zoned.toPlainDateTime();
  const other = (disambiguation: "earlier" | "later") =>
    wall.toZonedDateTime(zoned.timeZoneId, { disambiguation }).epochNanoseconds;
  return other("earlier") === other("later")
    ? `at ${zoned.epochNanoseconds}`
    : `twice ${wall} ${zoned.timeZoneId}`;
}

/** The texts of all items, each after its length, so that different lists have different texts. */
function together(kind: "tuple" | "set", values: readonly unknown[]): string | undefined {
  const forms: string[] = [];
  // By index: a hole is sent as None.
  for (let i = 0; i < values.length; i++) {
    const form = formOf(values[i]);
    if (form === undefined) return undefined;
    const text = typeof form === "number" ? `#${form}` : form;
    forms.push(`${text.length}:${text}`);
  }
  if (kind === "set") forms.sort();
  return `${kind} ${forms.join("")}`;
}

/** A key as it is written in code, cut if it is long. */
function brief(key: unknown): string {
  const text = long(key);
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}

function long(key: unknown): string {
  if (typeof key === "string") return quoted(key);
  if (typeof key === "bigint") return `${key}n`;
  if (typeof key !== "object" || key === null) return String(key);
  const list = (values: readonly unknown[]) => values.slice(0, SHOWN_CHARS).map(brief).join(", ");
  if (Array.isArray(key)) return `[${list(key)}]`;
  if (key instanceof Tuple) return `tuple(${list(key.items)})`;
  if (key instanceof Set) return `Set {${list([...key])}}`;
  if (key instanceof Float) return `float(${key.value})`;
  if (key instanceof Date) return key.toISOString();
  if (key instanceof PythonScalar) return `${key.type} ${key.text}`;
  if (key instanceof ArrayBuffer || ArrayBuffer.isView(key)) return typeOf(key);
  return `${typeOf(key)} ${key}`;
}
