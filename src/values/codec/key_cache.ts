/**
 * A cache of the keys of maps, so that each key of a table of records is made once.
 *
 * @module
 */

/** A power of two, so that a mask cuts a hash to it. */
const SLOTS = 1024;

/** A hash table with one key per slot: a later key replaces an earlier one. */
export class KeyCache {
  /** Longer keys are rare, and not kept. */
  static readonly MAX_BYTES = 32;

  /** Only ASCII keys, whose characters are their bytes. */
  readonly #slots: string[] = new Array(SLOTS).fill("");

  /** The key of these bytes, if it was kept. */
  find(bytes: Uint8Array, at: number, length: number): string | undefined {
    const key = this.#slots[slotOf(bytes, at, length)]!;
    if (key.length !== length) return undefined;
    for (let i = 0; i < length; i++) {
      if (key.charCodeAt(i) !== bytes[at + i]) return undefined;
    }
    return key;
  }

  /** Keeps a key, if it is short and ASCII. */
  keep(bytes: Uint8Array, at: number, length: number, key: string): void {
    if (length > KeyCache.MAX_BYTES || key.length !== length) return;
    // A string that is a property name is unique in the engine, and faster as a key.
    this.#slots[slotOf(bytes, at, length)] = Object.keys({ [key]: null })[0]!;
  }
}

/** A hash of a few bytes, which distinguish most keys of a table. */
function slotOf(bytes: Uint8Array, at: number, length: number): number {
  if (length === 0) return 0;
  const last = at + length - 1;
  const hash = length + 31 * (bytes[at]! + 31 * (bytes[last]! + 31 * bytes[at + (length >> 1)]!));
  return hash & (SLOTS - 1);
}
