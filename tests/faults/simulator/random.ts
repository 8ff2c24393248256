/**
 * The one source of chance in a schedule: the same seed gives the same numbers.
 *
 * @module
 */

/** Random numbers from a seed (mulberry32). */
export class Random {
  #state: number;

  /** Makes one. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0, less than 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer from 0 to `bound - 1`. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  /** An integer, both ends included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One of them. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** One of them, by weight. */
  weighted<T extends { weight: number }>(list: readonly T[]): T {
    let at = this.fraction() * list.reduce((sum, { weight }) => sum + weight, 0);
    for (const item of list) {
      at -= item.weight;
      if (at < 0) return item;
    }
    return list.at(-1)!;
  }
}
