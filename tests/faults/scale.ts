/**
 * How much the lanes of `tests/faults` do, and what they say of it: every count in one place.
 *
 * `PYPROXY_FAULTS` is "quick" (the default: `deno task faults`) or "long" (`deno task faults:long`),
 * of which `PYPROXY_FAULTS_PART`, from 0 to 1, does a part only. `PYPROXY_SEED` replays what is random.
 *
 * @module
 */

declare const process: {
  env: Record<string, string | undefined>;
  stdout: { write(text: string): void };
};
declare const Deno: { readonly version: unknown } | undefined;

const MIB = 1024 * 1024;

/** What each lane does: quickly for each commit, and by hand at length. */
const COUNTS = {
  /** Promise 2. */
  kills: [20, 10_000],
  /** Promise 4, on a wire. */
  bitFlips: [40, 5_000],
  /** Promise 5: every k-th byte of the recorded exchange, from a random start. */
  truncationStep: [29, 1],
  /** Promises 7 and 8. */
  floodBytes: [1_073_741_824, 1_073_741_824],
  /** Promise 9. */
  numberedLines: [200_000, 5_000_000],
  slicedLines: [4_000, 100_000],
  resultsOf1KiB: [10_000, 10_000],
  slicedResults: [50, 2_000],
  /** Promise 10. */
  attributedEvals: [1_000, 100_000],
  /** Promise 12. */
  cancelRaces: [200, 10_000],
  /** Promise 14. */
  rawSessions: [200, 1_000],
  realSessions: [50, 200],
  /** Promise 16. */
  serverKills: [10, 200],
  /** Promise 17. */
  connectEvalClose: [200, 10_000],
  /** Promise 18. */
  soakSeconds: [20, 1_200],
  /** Promise 20. */
  evalsThatLeave: [200, 20_000],
  /** Promise 21. */
  cancelsAtAnyInstant: [500, 50_000],
} as const;

const lane = process.env.PYPROXY_FAULTS ?? "quick";
const part = lane === "long" ? Number(process.env.PYPROXY_FAULTS_PART ?? 1) : 0;
if (!["quick", "long"].includes(lane) || !(part >= 0 && part <= 1)) {
  throw new TypeError(`PYPROXY_FAULTS must be quick or long, PYPROXY_FAULTS_PART from 0 to 1`);
}

/** How much of something this lane does. */
export function count(what: keyof typeof COUNTS): number {
  const [quick, long] = COUNTS[what];
  return Math.round(quick + (long - quick) * part);
}

/** What is random comes from this. */
export const seed: number = Number(process.env.PYPROXY_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Random numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function randomNumbers(start: number = seed): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Says what a lane has reached, and the line that does it again. */
export function report(file: string, reached: Record<string, number | string>): void {
  const counts = Object.entries(reached).map(([name, value]) => `${name} ${value}`).join(", ");
  const again = `PYPROXY_SEED=${seed} PYPROXY_FAULTS=${lane}` +
    (lane === "long" && part < 1 ? ` PYPROXY_FAULTS_PART=${part}` : "");
  const name = file.slice(file.lastIndexOf("/") + 1);
  const run = typeof Deno === "undefined" ? "bun test ./" : "deno test --allow-all ";
  process.stdout.write(`${name}: ${counts}\n  again: ${again} ${run}tests/faults/${name}\n`);
}

/** Bytes as MiB, for a report. */
export function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
