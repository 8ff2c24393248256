/**
 * The keys of maps that came before, so that a table of records makes each of its keys once.
 *
 * @module
 */

/** A power of two, so that a hash is cut to it by a mask. */
const SLOTS = 1024;

/** A hash table with one place a slot: a key that comes later takes it over. */
export class KeyCache {
  /** Longer keys are seldom, and not kept. */
  static readonly MAX_BYTES = 32;

  /** ASCII only: such a key's characters are its bytes. */
  readonly #slots: string[] = new Array(SLOTS).fill("");

  /** The key that these bytes are, if it was kept. */
  find(bytes: Uint8Array, at: number, length: number): string | undefined {
    const key = this.#slots[slotOf(bytes, at, length)]!;
    if (key.length !== length) return undefined;
    for (let i = 0; i < length; i++) {
      if (key.charCodeAt(i) !== bytes[at + i]) return undefined;
    }
    return key;
  }

  /** Keeps a key, if it is of the kind that is kept. */
  keep(bytes: Uint8Array, at: number, length: number, key: string): void {
    if (length > KeyCache.MAX_BYTES || key.length !== length) return;
    // As the name of a property a string is unique in the engine, and quick to be one again.
    this.#slots[slotOf(bytes, at, length)] = Object.keys({ [key]: null })[0]!;
  }
}

/** Few bytes tell most keys of one table apart. */
function slotOf(bytes: Uint8Array, at: number, length: number): number {
  if (length === 0) return 0;
  const last = at + length - 1;
  const hash = length + 31 * (bytes[at]! + 31 * (bytes[last]! + 31 * bytes[at + (length >> 1)]!));
  return hash & (SLOTS - 1);
}
