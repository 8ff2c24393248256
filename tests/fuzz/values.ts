/**
 * Values and what passes for them: good ones from the golden file, made ones, damaged ones.
 *
 * @module
 */
import type { Random } from "../faults/simulator/random.ts";
import { concat, edge, HostileWriter, noise, Raw } from "./bytes.ts";

const WORDS = [
  "",
  "a",
  "code",
  "id",
  "__proto__",
  "constructor",
  "toString",
  "ä€😀",
  "\0",
  "\ud800",
];

/** Bytes that begin or are something special; hexadecimal. */
const SPECIAL = [
  "c1",
  "91c1",
  "ddffffffff",
  "dfffffffff",
  "dbffffffff",
  "c6ffffffff",
  "c9ffffffff0c",
  "dd00010000",
  "df00010000",
  "d6ff00000000",
  "c70cff000000000000000000000000",
  "a180",
  "a3eda080",
  "81a95f5f70726f746f5f5f80",
  "8101c0",
  "d402c0",
  "d40390",
  "c7040292c002c0",
  "d4ff00",
  "d40100",
  "cb7ff8000000000001",
  "cfffffffffffffffff",
];

/** Makes values, and bytes that are none. */
export class HostileValues {
  readonly #random: Random;
  readonly #golden: Uint8Array[];

  private constructor(random: Random, golden: Uint8Array[]) {
    this.#random = random;
    this.#golden = golden;
  }

  /** Makes one that knows the golden values. */
  static async read(random: Random): Promise<HostileValues> {
    const golden: Uint8Array[] = [];
    for (const file of ["values", "arrays"]) {
      const url = new URL(`../golden/${file}.json`, import.meta.url);
      const entries = JSON.parse(await Deno.readTextFile(url)) as { bytes: string }[];
      golden.push(...entries.map(({ bytes }) => Uint8Array.fromHex(bytes.replaceAll(" ", ""))));
    }
    return new HostileValues(random, golden.filter(({ length }) => length < 4_096));
  }

  /** Something that {@linkcode HostileWriter} writes: often good, seldom what is expected. */
  any(depth = 0): unknown {
    const random = this.#random;
    switch (random.below(depth > 4 ? 8 : 12)) {
      case 0:
        return random.pick([null, true, false]);
      case 1:
        return random.chance(0.5) ? edge(random) : -edge(random);
      case 2:
        return random.pick([-0, NaN, Infinity, 0.5, 2 ** 53, -(2 ** 63)]);
      case 3:
        return random.pick(WORDS);
      case 4:
        return "x".repeat(random.pick([31, 32, 255, 256, 300]));
      case 5:
        return noise(random, 20);
      case 6:
        return new Raw(random.pick(this.#golden));
      case 7:
        return random.chance(0.3) ? new Raw(this.special()) : edge(random);
      case 8:
      case 9:
        return Array.from({ length: random.below(5) }, () => this.any(depth + 1));
      default:
        return new Map(
          Array.from({ length: random.below(5) }, () => [
            random.chance(0.8) ? random.pick(WORDS) : this.any(depth + 1),
            this.any(depth + 1),
          ]),
        );
    }
  }

  /** Bytes at which a reader might trip. */
  special(): Uint8Array {
    const random = this.#random;
    if (random.chance(0.7)) return Uint8Array.fromHex(random.pick(SPECIAL));
    // Nested around the limit, or far past it; arrays, maps or extensions.
    const levels = random.pick([10, 510, 511, 512, 513, 600, 3_000]);
    const level = random.pick([[0x91], [0x81, 0xa0], [0xc7, 0xff, 0x03, 0x91], [0xdd, 0, 0, 0, 1]]);
    const nested = Uint8Array.from(
      { length: levels * level.length },
      (_, i) => level[i % level.length]!,
    );
    return random.chance(0.5) ? nested : concat([nested, Uint8Array.of(0xc0)]);
  }

  /** The bytes of a value, or of what is none. */
  bytes(): Uint8Array<ArrayBuffer> {
    const random = this.#random;
    if (random.chance(0.05)) return this.special().slice();
    if (random.chance(0.5)) return HostileWriter.bytesOf(random, this.any());
    return this.damaged(random.pick(this.#golden));
  }

  /** Bytes with something done to them. */
  damaged(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const random = this.#random;
    let damaged = bytes.slice();
    for (let times = random.pick([1, 1, 1, 2, 3, 8]); times > 0; times--) {
      const at = random.below(damaged.length + 1);
      switch (random.below(7)) {
        case 0:
          if (at < damaged.length) damaged[at]! ^= 1 << random.below(8);
          break;
        case 1:
          if (at < damaged.length) damaged[at] = random.pick([0, 1, 0x7f, 0x80, 0xc1, 0xff]);
          break;
        case 2:
          damaged = damaged.slice(0, at);
          break;
        case 3:
          damaged = concat([damaged.subarray(0, at), noise(random, 4), damaged.subarray(at)]);
          break;
        case 4:
          damaged = concat([
            damaged.subarray(0, at),
            damaged.subarray(random.below(damaged.length + 1)),
          ]);
          break;
        case 5: {
          const other = random.pick(this.#golden);
          damaged = concat([damaged.subarray(0, at), other.subarray(random.below(other.length))]);
          break;
        }
        default:
          if (at + 4 <= damaged.length) new DataView(damaged.buffer).setUint32(at, edge(random));
      }
    }
    return damaged;
  }
}
