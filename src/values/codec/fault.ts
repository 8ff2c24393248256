/**
 * What the Encoder throws inside when a value cannot be sent. The path to the value is collected
 * while the call stack unwinds, so it costs nothing without a fault.
 *
 * @module
 */
import { EncodeError } from "../encode_error.ts";

/** Messages cut a longer path or key in the middle. */
const SHOWN_PATH_CHARS = 240;
const SHOWN_KEY_CHARS = 64;

/** Names the step from a container to one of its values, such as `[3]` or `.name`. */
export type Step = (index: number) => string;

/** A value that cannot be sent, with the path so far. */
export class Fault {
  /** Why, as the end of a sentence. */
  readonly reason: string;
  /** The type of the value: see EncodeError. */
  readonly valueType: string;
  /** Whether it is nested too deep. `toError` finds a cycle, once the whole path is known. */
  readonly tooDeep: boolean;
  /** From the innermost container outwards. */
  readonly #steps: string[] = [];
  readonly #containers: object[] = [];

  /** Makes one without a path. */
  constructor(reason: string, valueType: string, tooDeep = false) {
    this.reason = reason;
    this.valueType = valueType;
    this.tooDeep = tooDeep;
  }

  /** Adds the step from `container` towards the value. */
  within(container: object, step: string): this {
    this.#containers.push(container);
    this.#steps.push(step);
    return this;
  }

  /** The error for the caller; `root` names the value that was to be sent. */
  toError(root: string): EncodeError {
    const steps = this.#steps.reverse();
    if (this.tooDeep) {
      const first = new Map<object, number>();
      for (const [depth, container] of this.#containers.reverse().entries()) {
        const before = first.get(container);
        if (before !== undefined) {
          const reason = `it is a cycle, the same object as ${shown(join(root, steps, before))}`;
          return refusal(join(root, steps, depth), reason, this.valueType);
        }
        first.set(container, depth);
      }
    }
    return refusal(join(root, steps, steps.length), this.reason, this.valueType);
  }
}

/** Adds a step to `error` if it is a Fault. What user code threw stays as it is. */
export function within(error: unknown, container: object, step: Step, index: number): unknown {
  return error instanceof Fault ? error.within(container, step(index)) : error;
}

/** Makes the Fault for a value without a Python counterpart. */
export function noCounterpart(value: unknown): Fault {
  const name = typeOf(value);
  const article = /^[aeiou]/i.test(name) ? "an" : "a";
  // A Promise, a Future, or another thenable.
  const hint = typeof value === "object" && "then" in value!
    ? ": `await` it, and send its value"
    : "";
  return new Fault(`${article} ${name} has no Python counterpart${hint}`, name);
}

/** The step to an element of an array. */
export function indexStep(index: number): string {
  return `[${index}]`;
}

/** The step to a field of an object: `.name`, or `["a b"]` if it is no identifier. */
export function fieldStep(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${quoted(key)}]`;
}

/** A key as it is written in code, cut if it is long. */
export function quoted(key: string): string {
  return JSON.stringify(
    key.length > SHOWN_KEY_CHARS ? `${key.slice(0, SHOWN_KEY_CHARS)}…` : key,
  );
}

/** "function", "symbol", or the name of the class of an object. */
export function typeOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return typeof value;
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  if (typeof name === "string" && name !== "" && name !== "Object") {
    const tag = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
    return tag === `Temporal.${name}` ? tag : name;
  }
  return "object of an unnamed class";
}

function join(root: string, steps: string[], count: number): string {
  const path = root + steps.slice(0, count).join("");
  return root === "" && path.startsWith(".") ? path.slice(1) : path;
}

function refusal(path: string, reason: string, valueType: string): EncodeError {
  return new EncodeError(`Cannot send ${shown(path)}: ${reason}`, path, valueType);
}

function shown(path: string): string {
  if (path === "") return "this value";
  if (path.length <= SHOWN_PATH_CHARS) return path;
  const half = SHOWN_PATH_CHARS / 2;
  return `${path.slice(0, half)}…${path.slice(-half)}`;
}
