/**
 * Prints values of Python as JSON, for people and other programs.
 *
 * @module
 */
import { DataFrame } from "../values/tables/data_frame.ts";
import { NDArray } from "../values/tables/ndarray.ts";
import { Series } from "../values/tables/series.ts";
import { Opaque } from "../values/types.ts";

/**
 * A value as one line of JSON. `--help` says what becomes of types that JSON does not have; they
 * cannot be read back.
 */
export function toJson(value: unknown): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "bigint":
      return String(value);
    case "number":
      if (Object.is(value, -0)) return "-0.0";
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case "undefined":
      return "null";
    default:
      return objectToJson(value);
  }
}

function objectToJson(value: unknown): string {
  if (value === null) return "null";
  if (value instanceof Uint8Array) return JSON.stringify(base64(value));
  if (value instanceof Opaque) return JSON.stringify(value.repr);
  if (Array.isArray(value) || value instanceof Set) return arrayToJson(value);
  if (value instanceof NDArray || value instanceof Series) return toJson(value.toArray());
  if (value instanceof DataFrame) return arrayToJson(rowsOf(value));
  if (value instanceof Map) {
    return arrayToJson(value.entries());
  }
  if (ArrayBuffer.isView(value) && Symbol.iterator in value) {
    return arrayToJson(value as unknown as Iterable<unknown>);
  }
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return toJson(toJSON.call(value));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return JSON.stringify(String(value));
  const members = Object.entries(value as object)
    .map(([key, member]) => `${JSON.stringify(key)}:${toJson(member)}`);
  return `{${members.join(",")}}`;
}

/** The rows of a table as objects, as in pandas' `to_json(orient="records")`. */
function rowsOf({ columns, length }: DataFrame): unknown[] {
  const lists = columns.map((column) => ({ name: String(column.name), items: column.toArray() }));
  return Array.from(
    { length },
    (_, row) => Object.fromEntries(lists.map(({ name, items }) => [name, items[row]])),
  );
}

function arrayToJson(values: Iterable<unknown>): string {
  return `[${Array.from(values, toJson).join(",")}]`;
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
