/**
 * The ways in which a stream of bytes may come in pieces.
 *
 * @module
 */
import type { Random } from "../faults/simulator/random.ts";

/** All four. */
export const CUTS = ["whole", "byte by byte", "at random", "at borders"] as const;

/** One of them. */
export type Cut = typeof CUTS[number];

/** Bytes in pieces; at borders means before, behind and between the header's fields. */
export function pieces(
  bytes: Uint8Array,
  cut: Cut,
  borders: readonly number[],
  random: Random,
): Uint8Array[] {
  if (cut === "whole") return [bytes];
  if (cut === "byte by byte") return Array.from(bytes, (byte) => Uint8Array.of(byte));
  const ends = new Set<number>();
  if (cut === "at random") {
    for (let times = random.below(6); times > 0; times--) ends.add(random.below(bytes.length + 1));
  } else {
    for (const border of [0, ...borders]) {
      const off = random.pick([-1, 0, 1, 4, 8, 11, 12, 13]);
      if (border + off > 0 && border + off < bytes.length) ends.add(border + off);
    }
  }
  ends.add(bytes.length);
  const list: Uint8Array[] = [];
  let start = 0;
  for (const end of [...ends].sort((a, b) => a - b)) {
    if (end > start) list.push(bytes.subarray(start, end));
    start = end;
  }
  return list;
}
