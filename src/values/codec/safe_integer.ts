/**
 * Integers that may be numbers or bigints.
 *
 * @module
 */

/** A number if it is a safe integer, else the bigint. */
export function safeOrBig(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
