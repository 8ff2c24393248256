/**
 * Checks that values can be keys of a dict or members of a set in Python.
 *
 * @module
 */
import { DataFrame } from "../tables/data_frame.ts";
import { nameOf } from "../tables/dtype.ts";
import { NDArray } from "../tables/ndarray.ts";
import { Series } from "../tables/series.ts";
import { Tuple } from "../types/tuple.ts";
import { Fault, indexStep, type Step, typeOf } from "./fault.ts";

/**
 * Throws a Fault for the first of `keys` that is or contains a dict, or an array of numpy or
 * pandas. Arrays become tuples and Sets become frozensets, whose members were checked when they
 * were written. The keys are written already, so none has a cycle.
 */
export function refuseUnhashable(keys: readonly unknown[], container: object, step: Step): void {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (typeof key !== "object" || key === null) continue;
    try {
      refuseOne(key);
    } catch (error) {
      throw error instanceof Fault ? error.within(container, step(i)) : error;
    }
  }
}

/** Whether a value is of numpy or pandas, or a typed array. (Bytes can be a key.) */
function isArray(key: object): boolean {
  return key instanceof NDArray || key instanceof Series || key instanceof DataFrame ||
    (nameOf(key) ?? "uint8") !== "uint8";
}

function refuseOne(key: object): void {
  if (Array.isArray(key)) return refuseUnhashable(key, key, indexStep);
  if (key instanceof Tuple) {
    return refuseUnhashable(key.items, key, (index) => `.items${indexStep(index)}`);
  }
  if (isArray(key)) {
    throw new Fault("it is an array to Python, which cannot be a key or in a set", typeOf(key));
  }
  const prototype: unknown = Object.getPrototypeOf(key);
  if (prototype === Object.prototype || prototype === null || prototype === Map.prototype) {
    throw new Fault("it is a dict to Python, which cannot be a key or in a set", "object");
  }
}
