/**
 * The report as a picture: how much of its budget each axis uses, and the peers.
 *
 * @module
 */
import { METRICS, type PeerRow } from "./peers/peers.ts";
import { budgetText, NO_FLOOR, type Row, show } from "./rounds.ts";

const WIDTH = 860;
const LABEL = 330;
const BAR = 260;
const LINE = 24;
const PEER_LABEL = 100;
const PEER_BAR = 210;
/** A bar ends here, however far the budget is missed. */
const MOST = 2;

/** A page's theme may not be the browser's, so every colour is one that both themes can show. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #717b87; }
  .title { font-size: 16px; font-weight: 600; }
  .met { fill: #2da44e; }
  .missed { fill: #d4691e; }
  .peer { fill: #8c959f; }
  .own { fill: #2f81f7; }
  .track { fill: #8c959f; opacity: 0.15; }
  .line { stroke: #717b87; stroke-dasharray: 3 3; }`;

/** An SVG that can be read on light and on dark pages. */
export function chart(rows: readonly Row[], peers: readonly PeerRow[], about: string): string {
  const parts: string[] = [];
  let y = 24;
  parts.push(text(0, y, "How much of its budget each number uses", "title"));
  y += 20;
  parts.push(text(0, y, `Shorter is better. ${about}`, ""));
  y += 20;
  const budgets = rows.filter(({ axis }) => axis.budget !== undefined);
  const top = y;
  for (const row of budgets) {
    parts.push(budgetBar(row, y));
    y += LINE;
  }
  const limit = LABEL + BAR / MOST;
  parts.push(`<line class="line" x1="${limit}" x2="${limit}" y1="${top - 4}" y2="${y}"/>`);
  parts.push(text(limit, y + 14, "the budget", "", "middle"));
  y += 48;
  if (peers.length === 0) return svg(parts, y);
  parts.push(text(0, y, "Beside others that run Python for a program", "title"));
  y += 20;
  parts.push(text(0, y, "Logarithmic: a little longer is a lot.", ""));
  y += 28;
  for (let i = 0; i < METRICS.length; i += 2) {
    const panels = [i, i + 1].map((metric, column) => peerPanel(metric, peers, column, y));
    parts.push(...panels.map(({ svg }) => svg));
    y += Math.max(...panels.map(({ height }) => height));
  }
  return svg(parts, y);
}

function svg(parts: readonly string[], height: number): string {
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  const label = "Speed of PyProxy against its budgets and its peers";
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${label}">
<style>${STYLE}
</style>
${parts.join("\n")}
</svg>
`;
}

/** One metric of the product and its peers, in the left or the right half. */
function peerPanel(
  metric: number,
  peers: readonly PeerRow[],
  column: number,
  top: number,
): { svg: string; height: number } {
  const known = peers.filter(({ numbers }) => numbers[metric] !== undefined);
  const { name, unit } = METRICS[metric] ?? { name: "", unit: "ms" };
  if (known.length === 0) return { svg: "", height: 0 };
  const left = column * WIDTH / 2;
  const better = unit === "/s" ? "longer is better" : "shorter is better";
  const parts = [text(left, top, `${plain(name)} (${better})`, "")];
  const values = known.map(({ numbers }) => numbers[metric]!);
  // Some room, so that the shortest bar can be seen.
  const least = Math.min(...values) / 3;
  const most = Math.max(...values);
  let y = top + 8;
  for (const [i, { name }] of known.entries()) {
    const length = PEER_BAR * Math.log(values[i]! / least) / Math.log(most / least);
    const x = left + PEER_LABEL;
    parts.push(text(x - 10, y + 15, name, "", "end"));
    parts.push(bar(x, y, length, name === "PyProxy" ? "own" : "peer"));
    parts.push(text(x + length + 8, y + 15, show(values[i]!, unit), ""));
    y += LINE;
  }
  return { svg: parts.join("\n"), height: y + 30 - top };
}

function budgetBar({ axis, product, ratio, isMet }: Row, y: number): string {
  const budget = axis.budget!;
  const value = budget.of === "ratio" ? ratio : product;
  const parts = [
    text(LABEL - 12, y + 15, plain(axis.name), "", "end"),
    `<rect class="track" x="${LABEL}" y="${y + 3}" width="${BAR}" height="${LINE - 8}" rx="3"/>`,
  ];
  let has = NO_FLOOR;
  if (value !== undefined) {
    const used = axis.unit === "/s" ? budget.limit / value : value / budget.limit;
    parts.push(bar(LABEL, y, BAR * Math.min(MOST, used) / MOST, isMet ? "met" : "missed"));
    has = budget.of === "ratio" ? `${value.toFixed(2)} ×` : show(value, axis.unit);
  }
  parts.push(text(LABEL + BAR + 8, y + 15, `${has} (${plain(budgetText(axis))})`, ""));
  return parts.join("\n");
}

function bar(x: number, y: number, length: number, kind: string): string {
  const width = length.toFixed(1);
  return `<rect class="${kind}" x="${x}" y="${y + 3}" width="${width}" height="${
    LINE - 8
  }" rx="3"/>`;
}

function text(x: number, y: number, words: string, kind: string, anchor = "start"): string {
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const className = kind === "" ? "" : `class="${kind}" `;
  return `<text ${className}x="${x}" y="${y}" text-anchor="${anchor}">${escaped}</text>`;
}

/** Without the marks of Markdown. */
function plain(words: string): string {
  return words.replaceAll("`", "");
}
