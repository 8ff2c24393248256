/**
 * What is known of evals by their ids, which only grow, and of which the oldest leave first, or
 * nearly.
 *
 * It is no Map, because of what V8 makes of one that things come into and leave all the time: each
 * time such a Map is rebuilt, the old table is left pointing to the new one. Once such tables have
 * grown old they keep alive what was in the younger ones, the whole chain down, until the next
 * collection of everything: at 60,000 evals a second 8 ms of each collection of what is young.
 *
 * @module
 */

/** Holes are closed when there are more of them than this, and more than entries. */
const HOLES = 256;

/** A table of values by id. */
export class IdTable<T extends object> {
  /** Ascending, from `#first` on; where the value is undefined it has left. */
  #ids: number[] = [];
  #values: (T | undefined)[] = [];
  #first = 0;
  #size = 0;

  /** How many are in it. */
  get size(): number {
    return this.#size;
  }

  /** The value under an id. */
  get(id: number): T | undefined {
    return this.#values[this.#find(id)];
  }

  /** Adds a value; its id has to be above all that were added before. */
  add(id: number, value: T): void {
    this.#ids.push(id);
    this.#values.push(value);
    this.#size++;
  }

  /** Takes a value out. */
  take(id: number): T | undefined {
    const at = this.#find(id);
    const value = this.#values[at];
    if (value === undefined) return undefined;
    this.#values[at] = undefined;
    this.#size--;
    while (this.#first < this.#values.length && this.#values[this.#first] === undefined) {
      this.#first++;
    }
    const holes = this.#values.length - this.#size;
    if (holes > HOLES && holes > this.#size) this.#close();
    return value;
  }

  /** Takes the value with the lowest id out. */
  takeFirst(): T | undefined {
    return this.#size === 0 ? undefined : this.take(this.#ids[this.#first]!);
  }

  /** The ids, ascending. */
  ids(): number[] {
    return this.#ids.filter((_, i) => this.#values[i] !== undefined);
  }

  /** Takes everything out. */
  clear(): void {
    this.#ids = [];
    this.#values = [];
    this.#first = this.#size = 0;
  }

  /** Where an id is; -1 if it never came, or has left for good. */
  #find(id: number): number {
    const ids = this.#ids;
    let low = this.#first;
    // Without gaps, which are rare, it is here.
    const guess = low + id - ids[low]!;
    if (ids[guess] === id) return guess;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ids[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return ids[low] === id ? low : -1;
  }

  #close(): void {
    if (this.#first + this.#size === this.#ids.length) {
      this.#ids.splice(0, this.#first);
      this.#values.splice(0, this.#first);
    } else {
      this.#ids = this.ids();
      this.#values = this.#values.filter((value) => value !== undefined);
    }
    this.#first = 0;
  }
}
