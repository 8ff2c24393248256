/**
 * Output in the session's thread. It goes to its readers on the main thread, within the credit that
 * they give. Of output without a reader the newest is kept up to a limit, and what is dropped is
 * counted. There is no IO and no clock in here.
 *
 * @module
 */
import type { Channel, OutputItem } from "../bridge/bridge.ts";
import type { LogRecord } from "../wire/messages.ts";
import { CreditedItems } from "./credited_items.ts";
import { KeptLogs } from "./kept_logs.ts";
import { Blocks, KeptOutput } from "./kept_output.ts";
import { UNREAD_OUTPUT_LIFE_MS } from "./output_limits.ts";

/**
 * Drops are reported when a reader comes, when the eval ends, and each time this much is dropped.
 */
const DROP_REPORT_BYTES = 1024 * 1024;

interface EvalOutput {
  kept: KeptOutput;
  dropped: number;
  reported: number;
  watched: boolean;
  ended: boolean;
  settledAt: number | undefined;
}

/** The output and the log of one session. */
export class UnreadOutput {
  readonly #perEval: number;
  readonly #perSession: number;
  readonly #blocks: Blocks;
  readonly #evals = new Map<number, EvalOutput>();
  /** The ids of those whose output has not ended. */
  readonly #open = new Set<number>();
  #cost = 0;
  readonly #hasEnded: (id: number) => boolean;
  /** Evals that were never sent, as long as `hasEnded` does not know: their output will not end. */
  readonly #neverSent = new Set<number>();
  #allWatched = false;
  #logsWatched = false;
  readonly #logs = new KeptLogs();
  /** Items for readers that wait for credit. */
  readonly #out = new CreditedItems();
  #drops: { id: number; bytes: number }[] = [];

  /**
   * Makes one that keeps at most so many unread bytes. `hasEnded` says whether the output of an
   * eval that is unknown here has ended.
   */
  constructor(
    limits: { perEval: number; perSession: number },
    hasEnded: (id: number) => boolean,
  ) {
    this.#hasEnded = hasEnded;
    this.#perEval = limits.perEval;
    this.#perSession = limits.perSession;
    this.#blocks = new Blocks(limits.perEval);
  }

  /** Whether readers are so far behind that the stream should not be read. */
  get full(): boolean {
    return this.#out.full;
  }

  /** Takes a piece of output; `bytes` are copied. */
  output(id: number, fd: 1 | 2, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const output = this.#outputOf(id);
    if (output.watched || this.#allWatched) {
      const to = { eval: output.watched, all: this.#allWatched };
      this.#out.push({ kind: "chunk", id, fd, bytes: bytes.slice(), to });
    }
    if (!output.watched) this.#keep(id, output, fd, bytes);
  }

  /** The output of every eval up to `id` has ended. */
  end(id: number): void {
    for (const key of this.#open) if (key <= id) this.#end(key);
  }

  /** This eval had no output, and it has ended. */
  silent(id: number): void {
    if (this.#open.has(id)) this.#end(id);
  }

  /** This eval was never sent: it has no output. */
  neverSent(id: number): void {
    // The ids come nearly in order: what an id out of order leaves here is removed with the next
    // one.
    for (const never of this.#neverSent) {
      if (!this.#hasEnded(never)) break;
      this.#neverSent.delete(never);
    }
    if (this.#open.has(id)) this.#end(id);
    this.#neverSent.add(id);
  }

  /** Takes a record of the server's log, which came in `size` bytes. */
  log(record: LogRecord, size: number): void {
    if (this.#logsWatched) this.#out.push({ kind: "log", record, size });
    else this.#logs.add(record, size);
  }

  /** A reader came or went. A reader that comes gets what is there now. */
  watch(what: Channel, on: boolean): void {
    if (what === "logs") this.#watchLogs(on);
    else if (what === "all") this.#watchAll(on);
    else this.#watchEval(what, on);
  }

  /** Readers have read `bytes` bytes. */
  giveCredit(bytes: number): void {
    this.#out.giveCredit(bytes);
  }

  /** Whether something of an eval is kept. */
  has(id: number): boolean {
    return this.#evals.has(id);
  }

  /** An eval has its result: its unread output is kept for a limited time from now on. */
  settled(id: number, now: number): void {
    const output = this.#evals.get(id);
    if (output !== undefined) output.settledAt = now;
  }

  /** Frees unread output whose time is over. */
  tick(now: number): void {
    for (const [id, output] of this.#evals) {
      if (output.watched || !output.ended) continue;
      // If an eval is settled before its first output comes, its time starts here.
      output.settledAt ??= now;
      if (now - output.settledAt < UNREAD_OUTPUT_LIFE_MS) continue;
      while (!output.kept.isEmpty) this.#dropOldest(output);
      this.#report(id, output);
      this.#evals.delete(id);
    }
  }

  /** The items that may go to readers now, within their credit; all of them if the session ends. */
  take(everything = false): OutputItem[] {
    return this.#out.take(everything);
  }

  /** The dropped bytes of the evals for which there is news since the last call. */
  takeDrops(): { id: number; bytes: number }[] {
    const drops = this.#drops;
    this.#drops = [];
    return drops;
  }

  #outputOf(id: number): EvalOutput {
    let output = this.#evals.get(id);
    if (output === undefined) {
      output = {
        kept: new KeptOutput(this.#blocks),
        dropped: 0,
        reported: 0,
        watched: false,
        ended: false,
        settledAt: undefined,
      };
      this.#evals.set(id, output);
      this.#open.add(id);
    }
    return output;
  }

  #end(id: number): void {
    this.#open.delete(id);
    const output = this.#evals.get(id)!;
    output.ended = true;
    this.#report(id, output);
    if (output.watched || this.#allWatched) {
      const to = { eval: output.watched, all: this.#allWatched };
      this.#out.push({ kind: "end", id, to });
    }
    if (output.watched || output.kept.isEmpty) this.#evals.delete(id);
  }

  #keep(id: number, output: EvalOutput, fd: 1 | 2, bytes: Uint8Array): void {
    const { kept } = output;
    const before = kept.cost;
    kept.add(fd, bytes);
    this.#cost += kept.cost - before;
    while (kept.cost > this.#perEval) this.#dropOldest(output);
    while (this.#cost > this.#perSession) {
      const oldest = this.#oldestUnread();
      if (oldest === undefined) break;
      this.#dropOldest(oldest[1]);
      if (oldest[0] !== id) this.#reportIfMuch(...oldest);
    }
    this.#reportIfMuch(id, output);
  }

  #oldestUnread(): [number, EvalOutput] | undefined {
    for (const pair of this.#evals) if (!pair[1].kept.isEmpty) return pair;
    return undefined;
  }

  #dropOldest(output: EvalOutput): void {
    const before = output.kept.cost;
    output.dropped += output.kept.dropOldest();
    this.#cost += output.kept.cost - before;
  }

  #reportIfMuch(id: number, output: EvalOutput): void {
    if (output.dropped - output.reported >= DROP_REPORT_BYTES) this.#report(id, output);
  }

  #report(id: number, output: EvalOutput): void {
    if (output.dropped === output.reported) return;
    output.reported = output.dropped;
    this.#drops.push({ id, bytes: output.dropped });
  }

  #watchEval(id: number, on: boolean): void {
    if (!on) {
      const output = this.#evals.get(id);
      if (output !== undefined) output.watched = false;
      return;
    }
    const known = this.#evals.get(id);
    const ended = known?.ended ?? (this.#hasEnded(id) || this.#neverSent.has(id));
    const to = { eval: true, all: false };
    if (known !== undefined) {
      this.#report(id, known);
      for (const { fd, bytes } of known.kept.pieces()) {
        this.#out.push({ kind: "chunk", id, fd, bytes, to });
      }
      this.#cost -= known.kept.cost;
      known.kept.clear();
    }
    if (ended) {
      this.#out.push({ kind: "end", id, to });
      this.#evals.delete(id);
    } else this.#outputOf(id).watched = true;
  }

  #watchAll(on: boolean): void {
    this.#allWatched = on;
    if (!on) return;
    const to = { eval: false, all: true };
    for (const [id, output] of this.#evals) {
      for (const { fd, bytes } of output.kept.pieces()) {
        this.#out.push({ kind: "chunk", id, fd, bytes, to });
      }
      if (output.ended) this.#out.push({ kind: "end", id, to });
    }
  }

  #watchLogs(on: boolean): void {
    this.#logsWatched = on;
    if (!on) return;
    for (const { record, size } of this.#logs.take()) {
      this.#out.push({ kind: "log", record, size });
    }
  }
}
