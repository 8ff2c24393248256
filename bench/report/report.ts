/**
 * `deno task bench:report`: asks all questions and measures the peers, and writes report.md and
 * report.svg beside this file. `--quick` takes two minutes and is for trying things out; `--no-peers`
 * leaves the peers out.
 *
 * @module
 */
import { chart } from "../chart.ts";
import { coldStart } from "../cold_start_bench.ts";
import { findPython } from "../common/processes.ts";
import { idleSessions } from "../idle_sessions_bench.ts";
import { lines } from "../lines_bench.ts";
import { memory } from "../memory_bench.ts";
import { opening } from "../open_bench.ts";
import { answerPeers, type PeerRow, peersTable } from "../peers/peers.ts";
import { pipelining } from "../pipelining_bench.ts";
import { replacing } from "../replace_bench.ts";
import { requests } from "../request_bench.ts";
import { responsiveness } from "../responsiveness_bench.ts";
import { answer, print, type Question, readSettings, type Row, table } from "../rounds.ts";
import { roundTrip } from "../roundtrip_bench.ts";
import { bytes } from "../values/bytes_bench.ts";
import { tables } from "../values/table_bench.ts";
import { codec } from "../values/values_bench.ts";
import { REASONS } from "./reasons.ts";

const QUESTIONS: Question[] = [
  roundTrip,
  pipelining,
  requests,
  bytes,
  tables,
  codec,
  lines,
  opening,
  coldStart,
  replacing,
  memory,
  responsiveness,
  idleSessions,
];

/** What was measured on, without a name of it. */
async function machine(): Promise<string> {
  const { version, hasMsgpack } = await findPython();
  let system: string = Deno.build.os;
  try {
    const release = await Deno.readTextFile("/etc/os-release");
    system = /^PRETTY_NAME="(.*)"$/m.exec(release)?.[1] ?? system;
  } catch (error) {
    // Only Linux has it.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const codec = hasMsgpack ? "with" : "without";
  return `${navigator.hardwareConcurrency} cores (${Deno.build.arch}), ${system}, ` +
    `Deno ${Deno.version.deno}, CPython ${version} ${codec} C msgpack`;
}

/** Why budgets are missed; what several have in common is said once. */
function reasons(rows: Row[]): string {
  const names = new Map<string, string[]>();
  for (const { axis, isMet } of rows) {
    const reason = REASONS[axis.name];
    if (isMet !== false || reason === undefined) continue;
    names.set(reason, [...names.get(reason) ?? [], axis.name]);
  }
  return Array.from(names, ([reason, axes]) => `- ${axes.join("; ")}: ${reason}\n`).join("");
}

function markdown(
  about: string,
  rounds: number,
  answers: [Question, Row[]][],
  peers: PeerRow[],
): string {
  const parts = answers.map(([{ title }, rows]) => {
    const why = reasons(rows);
    return `## ${title}\n\n${table(rows)}\n${why === "" ? "" : `\n${why}`}`;
  });
  if (peers.length > 0) {
    parts.push(`## Others that run Python for a program\n\n${peersTable(peers)}\n`);
  }
  return `# Speed

Written by \`deno task bench:report\` on ${about}.

The **floor** is the product's own chain of hops as a bare echo: main thread, Web Worker, TCP, a Deno
server in a process of its own, a unix socket, Python, and back. Everything is measured in turn,
${rounds} rounds in one run; a number is the median of the rounds, and a ratio is the median of their
ratios, which is why it may not be the quotient of the two numbers beside it. What other programs the
machine runs meanwhile changes every number, and the ratios less.

${parts.join("\n")}`;
}

const settings = await readSettings();
const answers: [Question, Row[]][] = [];
for (const question of QUESTIONS) {
  const start = performance.now();
  const rows = await answer(question, settings);
  answers.push([question, rows]);
  const seconds = ((performance.now() - start) / 1_000).toFixed(0);
  print(`${question.title} (${seconds} s)\n\n${table(rows)}\n\n`);
}
const peers = Deno.args.includes("--no-peers") ? [] : await answerPeers(settings);
if (peers.length > 0) print(`${peersTable(peers)}\n\n`);

const about = await machine();
const here = new URL("./", import.meta.url).pathname;
const [page, picture] = [`${here}report.md`, `${here}report.svg`];
await Deno.writeTextFile(page, markdown(about, settings.rounds, answers, peers));
await Deno.writeTextFile(picture, chart(answers.flatMap(([, rows]) => rows), peers, about));
// The gate wants them as it wants every file.
await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", page, picture] }).output();
