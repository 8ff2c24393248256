/**
 * Checks objects of options, and shows values in messages.
 *
 * @module
 */

/** Whether a value is an object literal or an object without a prototype. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** A short description of a value, for error messages. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return `a function`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `an Array`;
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an object";
}

/**
 * Returns the options as they are, `{}` for none.
 *
 * @throws {TypeError} If an option is not among `known`, or the options are not an object. `doing`
 * names the call.
 */
export function checkKeys<T extends object>(
  doing: string,
  options: T | undefined,
  known: readonly (keyof T & string)[],
): T {
  if (options === undefined) return {} as T;
  if (!isPlainObject(options)) {
    throw new TypeError(`Cannot ${doing}: the options must be an object, got ${shown(options)}`);
  }
  for (const key in options) {
    if (!(known as readonly string[]).includes(key)) {
      throw new TypeError(
        `Cannot ${doing}: there is no option '${key}'; there are ${known.join(", ")}`,
      );
    }
  }
  return options;
}
