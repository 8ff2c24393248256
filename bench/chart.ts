/**
 * The report as a picture: how much of its budget each axis uses, and the peers.
 *
 * @module
 */
import { METRICS, type PeerRow } from "./peers/peers.ts";
import { budgetText, type Row, show } from "./rounds.ts";

const WIDTH = 860;
const LABEL = 330;
const BAR = 260;
const LINE = 24;
const HEAD = 64;
/** A bar ends here, however far the budget is missed. */
const MOST = 2;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 16px; font-weight: 600; }
  .dim { fill: #6e7781; }
  .met { fill: #2da44e; }
  .missed { fill: #d4691e; }
  .peer { fill: #8c959f; }
  .own { fill: #2f81f7; }
  .track { fill: #8c959f; opacity: 0.15; }
  .line { stroke: #6e7781; stroke-dasharray: 3 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .dim { fill: #9198a1; }
    .line { stroke: #9198a1; }
  }`;

/** An SVG that can be read on light and on dark pages. */
export function chart(rows: readonly Row[], peers: readonly PeerRow[], about: string): string {
  const parts: string[] = [];
  let y = 24;
  parts.push(text(0, y, "How much of its budget each number uses", "title"));
  y += 20;
  parts.push(text(0, y, `Shorter is better. ${about}`, "dim"));
  y += HEAD - 44;
  const budgets = rows.filter(({ axis }) => axis.budget !== undefined);
  const top = y;
  for (const row of budgets) {
    parts.push(budgetBar(row, y));
    y += LINE;
  }
  const limit = LABEL + BAR / MOST;
  parts.push(`<line class="line" x1="${limit}" x2="${limit}" y1="${top - 4}" y2="${y}"/>`);
  parts.push(text(limit, y + 14, "the budget", "dim", "middle"));
  y += 48;
  for (const [i, metric] of METRICS.entries()) {
    const known = peers.filter(({ numbers }) => numbers[i] !== undefined);
    if (known.length < 2) continue;
    const better = metric.unit === "/s" ? "longer is better" : "shorter is better";
    parts.push(text(0, y, `${plain(metric.name)}: ${better}, each step is ten times`, "title"));
    y += 12;
    // A decade of room, so that the shortest bar can be seen.
    const least = Math.min(...known.map(({ numbers }) => numbers[i]!)) / 3;
    const most = Math.max(...known.map(({ numbers }) => numbers[i]!));
    for (const { name, numbers } of known) {
      const value = numbers[i]!;
      const length = BAR * Math.log(value / least) / Math.log(most / least);
      parts.push(text(LABEL - 12, y + 15, name, "", "end"));
      parts.push(bar(y, length, name === "PyProxy" ? "own" : "peer"));
      parts.push(text(LABEL + length + 8, y + 15, show(value, metric.unit), "dim"));
      y += LINE;
    }
    y += 32;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="Speed of PyProxy against its budgets and its peers">
<style>${STYLE}
</style>
${parts.join("\n")}
</svg>
`;
}

function budgetBar({ axis, product, ratio, isMet }: Row, y: number): string {
  const budget = axis.budget!;
  const value = budget.of === "ratio" ? ratio! : product;
  const used = axis.unit === "/s" ? budget.limit / value : value / budget.limit;
  const length = BAR * Math.min(MOST, used) / MOST;
  const has = budget.of === "ratio" ? `${ratio!.toFixed(2)} ×` : show(product, axis.unit);
  return [
    text(LABEL - 12, y + 15, plain(axis.name), "", "end"),
    `<rect class="track" x="${LABEL}" y="${y + 3}" width="${BAR}" height="${LINE - 8}" rx="3"/>`,
    bar(y, length, isMet ? "met" : "missed"),
    text(LABEL + BAR + 8, y + 15, `${has} (${plain(budgetText(axis))})`, "dim"),
  ].join("\n");
}

function bar(y: number, length: number, kind: string): string {
  const width = length.toFixed(1);
  return `<rect class="${kind}" x="${LABEL}" y="${y + 3}" width="${width}" height="${
    LINE - 8
  }" rx="3"/>`;
}

function text(x: number, y: number, words: string, kind: string, anchor = "start"): string {
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${escaped}</text>`;
}

/** Without the marks of Markdown. */
function plain(words: string): string {
  return words.replaceAll("`", "");
}
