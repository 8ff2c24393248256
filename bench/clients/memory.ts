/**
 * A program that prints how many MB of resident memory one more session takes, or one more Web
 * Worker that does nothing: `memory.ts ADDR`, `memory.ts bare`.
 *
 * @module
 */
import { connect } from "../../mod.ts";
import { rssKiB, startWorker } from "../common/processes.ts";
import { print } from "../rounds.ts";

/** The first ones bring code in that the others share. */
const FIRST = 2;
const COUNT = 6;

const [what] = Deno.args;

async function more(): Promise<() => unknown> {
  if (what === "bare") return await startWorker();
  const remote = await connect(what);
  await remote.eval("2 + 2");
  return () => remote.close();
}

const close: (() => unknown)[] = [];
for (let i = 0; i < FIRST; i++) close.push(await more());
const before = rssKiB("self");
for (let i = 0; i < COUNT; i++) close.push(await more());
print(`${(rssKiB("self") - before) * 1_024 / COUNT / 1_000_000}`);
for (const each of close) await each();
