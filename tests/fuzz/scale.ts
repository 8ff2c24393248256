/**
 * How much the lanes of `tests/fuzz` do, and what they say of it: every count in one place.
 *
 * `PYPROXY_FUZZ` is "quick" (the default: `deno task fuzz`) or "long" (`deno task fuzz:long`), of
 * which `PYPROXY_FUZZ_PART`, from 0 to 1, does a part only. `PYPROXY_SEED` replays what is random.
 *
 * @module
 */

/** What each lane does: quickly for each commit, and by hand at length. */
const COUNTS = {
  /** Promise 4: frames that go into the frame reader, the client's core and the server's side. */
  frames: [100_000, 10_000_000],
  /** Values that go into the decoder. */
  values: [100_000, 10_000_000],
  /** Connections to a live server, beside a session that must not notice. */
  hostile: [200, 20_000],
} as const;

const lane = Deno.env.get("PYPROXY_FUZZ") ?? "quick";
const part = lane === "long" ? Number(Deno.env.get("PYPROXY_FUZZ_PART") ?? 1) : 0;
if (!["quick", "long"].includes(lane) || !(part >= 0 && part <= 1)) {
  throw new TypeError("PYPROXY_FUZZ must be quick or long, PYPROXY_FUZZ_PART from 0 to 1");
}

/** How much of something this lane does. */
export function count(what: keyof typeof COUNTS): number {
  const [quick, long] = COUNTS[what];
  return Math.round(quick + (long - quick) * part);
}

/** What is random comes from this. */
export const seed: number = Number(
  Deno.env.get("PYPROXY_SEED") ?? Math.floor(Math.random() * 2 ** 31),
);

/** The line that does a lane again. */
export function again(file: string): string {
  const name = file.slice(file.lastIndexOf("/") + 1);
  const lanePart = lane === "long" && part < 1 ? ` PYPROXY_FUZZ_PART=${part}` : "";
  return `PYPROXY_SEED=${seed} PYPROXY_FUZZ=${lane}${lanePart} ` +
    `deno test --allow-all tests/fuzz/${name}`;
}

/** Says what a lane has reached, and the line that does it again. */
export function report(file: string, reached: Record<string, number | string>): void {
  const counts = Object.entries(reached).map(([name, value]) => `${name} ${value}`).join(", ");
  const name = file.slice(file.lastIndexOf("/") + 1);
  const text = `${name}: seed ${seed}, ${counts}\n  again: ${again(file)}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
