/**
 * How everything here is measured. The machine drifts by a factor of two within minutes, so no
 * number stands alone: the floor and the product are measured in turn, round by round in one run,
 * and what counts is the median of the rounds' ratios.
 *
 * A file of a question exports it and calls {@linkcode bench}: under `deno bench` each iteration is
 * a round, and the table of ratios is printed at the end (the time that `deno bench` shows is that
 * of a whole round). `deno task bench:report` asks all questions with {@linkcode answer}.
 *
 * @module
 */
import { findPython } from "./common/processes.ts";

/** What a number is of. More of a rate is better, and less of everything else. */
export type Unit = "µs" | "ms" | "/s" | "MB" | "KiB";

/** What was promised. */
export interface Budget {
  /** Of the ratio to the floor, or of the product's own number. */
  of: "ratio" | "value";
  /** The worst that is allowed. */
  limit: number;
}

/** One number that a question asks for. */
export interface Axis {
  name: string;
  unit: Unit;
  budget?: Budget;
  /** What the floor of this axis is, where it is not the bare chain of hops. */
  floorIs?: string;
}

/** Measures once: one number for each axis. */
export type Side = () => Promise<number[]>;

/** What a question has set up. */
export interface Sides extends AsyncDisposable {
  product: Side;
  floor?: Side;
  /** Others beside them, to be told in a note. */
  others?: Record<string, Side>;
}

/** How much to measure. */
export interface Settings {
  /** The interpreter. */
  python: string;
  hasMsgpack: boolean;
  /** Multiplies counts and durations: 1, or less in the quick form. */
  scale: number;
  rounds: number;
}

/** One question: what is asked, and how to set up what answers it. */
export interface Question {
  title: string;
  axes: readonly Axis[];
  open(settings: Settings): Promise<Sides>;
}

/** The answer to one axis. */
export interface Row {
  axis: Axis;
  floor: number | undefined;
  product: number;
  /** The product's number divided by the floor's. */
  ratio: number | undefined;
  /** Whether the budget is kept; undefined if there is none, or nothing to compare with. */
  isMet: boolean | undefined;
  /** Medians of the others. */
  others: [name: string, value: number][];
}

/** One round: a number for each axis from everything that is measured. */
export type Round = Map<string, number[]>;

/** The settings of this run: `--quick` measures less. */
export async function readSettings(args: string[] = Deno.args): Promise<Settings> {
  const isQuick = args.includes("--quick");
  const { executable, hasMsgpack } = await findPython();
  return { python: executable, hasMsgpack, scale: isQuick ? 0.2 : 1, rounds: isQuick ? 3 : 5 };
}

/** Asks a question. */
export async function answer(question: Question, settings: Settings): Promise<Row[]> {
  await using sides = await question.open(settings);
  const rounds: Round[] = [];
  for (let i = 0; i < settings.rounds; i++) rounds.push(await round(sides, i));
  return rows(question, rounds);
}

/** Measures everything once, the first last in every other round. */
async function round(sides: Sides, number: number): Promise<Round> {
  const all = Object.entries({ floor: sides.floor, product: sides.product, ...sides.others });
  if (number % 2 === 1) all.reverse();
  const result: Round = new Map();
  for (const [name, measure] of all) {
    if (measure !== undefined) result.set(name, await measure());
  }
  return result;
}

/** The medians of the rounds. */
function rows({ axes }: Question, rounds: Round[]): Row[] {
  return axes.map((axis, i) => {
    const each = (name: string) => rounds.map((round) => round.get(name)?.[i] ?? Number.NaN);
    const hasFloor = rounds[0]!.has("floor");
    const floor = hasFloor ? median(each("floor")) : undefined;
    const product = median(each("product"));
    const ratio = hasFloor
      ? median(each("product").map((value, j) => value / each("floor")[j]!))
      : undefined;
    const names = [...rounds[0]!.keys()].filter((name) => name !== "floor" && name !== "product");
    const others = names.map((name): [string, number] => [name, median(each(name))]);
    return { axis, floor, product, ratio, isMet: isMet(axis, product, ratio), others };
  });
}

function isMet({ budget, unit }: Axis, product: number, ratio?: number): boolean | undefined {
  const value = budget?.of === "ratio" ? ratio : product;
  if (budget === undefined || value === undefined) return undefined;
  return unit === "/s" ? value >= budget.limit : value <= budget.limit;
}

/** What one call takes of many, one after the other: microseconds at p50 and p99. */
export async function times(
  count: number,
  call: () => PromiseLike<unknown>,
): Promise<[p50: number, p99: number]> {
  const each = new Float64Array(count);
  // The first ones find caches and cores asleep.
  for (let i = 0; i < count / 10; i++) await call();
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await call();
    each[i] = (performance.now() - start) * 1_000;
  }
  return [quantile([...each], 0.5), quantile([...each], 0.99)];
}

/** Lets `deno bench` ask a question. */
export function bench(question: Question): void {
  let sides: Sides | undefined;
  const rounds: Round[] = [];
  Deno.bench({
    name: question.title,
    n: 5,
    warmup: 0,
    fn: async () => {
      sides ??= await question.open(await readSettings());
      rounds.push(await round(sides, rounds.length));
    },
  });
  Deno.bench({
    name: `${question.title}: the ratios`,
    n: 1,
    warmup: 0,
    fn: async () => {
      if (sides === undefined) return;
      await sides[Symbol.asyncDispose]();
      sides = undefined;
      print(`\n${table(rows(question, rounds))}\n`);
    },
  });
}

/** A Markdown table. */
export function table(rows: Row[]): string {
  const cells = rows.map((row) => [
    row.axis.name + (row.axis.floorIs === undefined ? "" : ` (floor: ${row.axis.floorIs})`),
    row.floor === undefined ? "–" : show(row.floor, row.axis.unit),
    show(row.product, row.axis.unit),
    row.ratio === undefined ? "–" : row.ratio.toFixed(2),
    budgetText(row.axis),
    verdict(row),
    row.others.map(([name, value]) => `${name}: ${show(value, row.axis.unit)}`).join(", "),
  ]);
  const head = ["", "floor", "product", "ratio", "budget", "", "beside it"];
  const hasNotes = rows.some(({ others }) => others.length > 0);
  const lines = [head, head.map((_, i) => i === 0 ? "---" : i < 4 ? "--:" : "---"), ...cells];
  return lines.map((line) => `| ${line.slice(0, hasNotes ? 7 : 6).join(" | ")} |`).join("\n");
}

/** A budget in words. */
export function budgetText({ budget, unit }: Axis): string {
  if (budget === undefined) return "";
  const sign = unit === "/s" ? "≥" : "≤";
  return budget.of === "ratio"
    ? `${sign} ${budget.limit} × the floor`
    : `${sign} ${show(budget.limit, unit)}`;
}

/** What stands for the ratio of an axis whose floor cannot be measured on this machine. */
export const NO_FLOOR = "no floor here";

/** Whether a budget was kept, or how far it was missed. */
export function verdict({ axis, product, ratio, isMet }: Row): string {
  if (axis.budget === undefined) return "";
  if (isMet) return "met";
  const value = axis.budget.of === "ratio" ? ratio : product;
  if (value === undefined) return NO_FLOOR;
  const distance = axis.unit === "/s" ? axis.budget.limit / value : value / axis.budget.limit;
  return `missed by a factor of ${distance.toFixed(2)}`;
}

/** A number with its unit. */
export function show(value: number, unit: Unit): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const [whole, fraction] = value.toFixed(digits).split(".");
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${grouped}${fraction === undefined ? "" : `.${fraction}`} ${unit}`;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which the share `part` of all values is. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

/** Writes text to stdout. */
export function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
