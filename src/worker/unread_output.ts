/**
 * What becomes of output in the session's thread: it goes to its readers on the main thread as far
 * as they have given credit; what nobody reads is kept up to a limit, the newest of it, and what is
 * dropped is counted. No IO and no clock in here.
 *
 * @module
 */
import type { Channel, OutputItem } from "../bridge/bridge.ts";
import type { LogRecord } from "../wire/messages.ts";
import { Blocks, KeptOutput } from "./kept_output.ts";
import {
  OUTPUT_CREDIT_BYTES,
  OUTPUT_WAITING_BYTES,
  UNREAD_LOG_BYTES,
  UNREAD_LOG_RECORDS,
  UNREAD_OUTPUT_LIFE_MS,
} from "./output_limits.ts";

/** Drops are told at their reader's coming, at the eval's end, and each time this much is gone. */
const DROP_REPORT_BYTES = 1024 * 1024;

interface Entry {
  kept: KeptOutput;
  dropped: number;
  reported: number;
  watched: boolean;
  ended: boolean;
  settledAt: number | undefined;
}

/** The output of one session on its way to whoever reads it. */
export class UnreadOutput {
  readonly #perEval: number;
  readonly #perSession: number;
  readonly #blocks: Blocks;
  readonly #evals = new Map<number, Entry>();
  /** Those of them whose output has not ended. */
  readonly #open = new Set<number>();
  #cost = 0;
  readonly #hasEnded: (id: number) => boolean;
  /** Evals that never left, where `hasEnded` does not know it yet: no end of theirs will come. */
  readonly #neverSent = new Set<number>();
  #allWatched = false;
  #logsWatched = false;
  #logs: { record: LogRecord; size: number }[] = [];
  #logBytes = 0;
  #logsDropped = 0;
  /** On its way to readers, waiting for credit. */
  #out: OutputItem[] = [];
  #outBytes = 0;
  #credit = OUTPUT_CREDIT_BYTES;
  #drops: { id: number; bytes: number }[] = [];

  /**
   * Makes one that keeps at most so many bytes unread. `hasEnded` says of an eval that is not known
   * here whether no output of it comes any more.
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

  /** Whether readers are so far behind that no more output should be taken from the stream. */
  get full(): boolean {
    return this.#outBytes >= OUTPUT_WAITING_BYTES;
  }

  /** Takes a piece of output; `bytes` are copied. */
  output(id: number, fd: 1 | 2, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const entry = this.#entry(id);
    if (entry.watched || this.#allWatched) {
      const to = { eval: entry.watched, all: this.#allWatched };
      this.#push({ kind: "chunk", id, fd, bytes: bytes.slice(), to }, bytes.length);
    }
    if (!entry.watched) this.#keep(id, entry, fd, bytes);
  }

  /** Every eval up to `id` has no more output. */
  end(id: number): void {
    for (const key of this.#open) if (key <= id) this.#end(key);
  }

  /** This eval has had no output and has none. */
  silent(id: number): void {
    if (this.#open.has(id)) this.#end(id);
  }

  /** This eval never left the client: it has no output. */
  neverSent(id: number): void {
    // In ascending order, or nearly: what is left behind by one that is not goes with the next.
    for (const never of this.#neverSent) {
      if (!this.#hasEnded(never)) break;
      this.#neverSent.delete(never);
    }
    if (this.#open.has(id)) this.#end(id);
    this.#neverSent.add(id);
  }

  /** Takes a record of the server's log, which came in `size` bytes. */
  log(record: LogRecord, size: number): void {
    if (this.#logsWatched) this.#push({ kind: "log", record, size }, size);
    else {
      this.#logs.push({ record, size });
      this.#logBytes += size;
      while (this.#logs.length > UNREAD_LOG_RECORDS || this.#logBytes > UNREAD_LOG_BYTES) {
        this.#logBytes -= this.#logs.shift()!.size;
        this.#logsDropped++;
      }
    }
  }

  /** A reader came or went. A reader that comes gets what is there now. */
  watch(what: Channel, on: boolean): void {
    if (what === "logs") this.#watchLogs(on);
    else if (what === "all") this.#watchAll(on);
    else this.#watchEval(what, on);
  }

  /** Readers have taken `bytes`. */
  giveCredit(bytes: number): void {
    this.#credit += bytes;
  }

  /** Whether there is something of an eval. */
  has(id: number): boolean {
    return this.#evals.has(id);
  }

  /** An eval has its result: its unread output lives for a while from now on. */
  settled(id: number, now: number): void {
    const entry = this.#evals.get(id);
    if (entry !== undefined) entry.settledAt = now;
  }

  /** Frees unread output whose time has passed. */
  tick(now: number): void {
    for (const [id, entry] of this.#evals) {
      if (entry.watched || !entry.ended) continue;
      // An eval may be settled before its first output comes: then its time starts here.
      entry.settledAt ??= now;
      if (now - entry.settledAt < UNREAD_OUTPUT_LIFE_MS) continue;
      while (!entry.kept.isEmpty) this.#dropOldest(entry);
      this.#report(id, entry);
      this.#evals.delete(id);
    }
  }

  /** What may go to the readers now, within their credit; all of it when the session ends. */
  take(everything = false): OutputItem[] {
    let count = 0;
    while (count < this.#out.length && (everything || this.#credit > 0)) {
      const size = sizeOf(this.#out[count++]!);
      this.#credit -= size;
      this.#outBytes -= size;
    }
    return this.#out.splice(0, count);
  }

  /** How much was dropped, by eval, where there is news since the last call. */
  takeDrops(): { id: number; bytes: number }[] {
    const drops = this.#drops;
    this.#drops = [];
    return drops;
  }

  #entry(id: number): Entry {
    let entry = this.#evals.get(id);
    if (entry === undefined) {
      entry = {
        kept: new KeptOutput(this.#blocks),
        dropped: 0,
        reported: 0,
        watched: false,
        ended: false,
        settledAt: undefined,
      };
      this.#evals.set(id, entry);
      this.#open.add(id);
    }
    return entry;
  }

  #end(id: number): void {
    this.#open.delete(id);
    const entry = this.#evals.get(id)!;
    entry.ended = true;
    this.#report(id, entry);
    if (entry.watched || this.#allWatched) {
      const to = { eval: entry.watched, all: this.#allWatched };
      this.#push({ kind: "end", id, to }, 0);
    }
    if (entry.watched || entry.kept.isEmpty) this.#evals.delete(id);
  }

  #push(item: OutputItem, size: number): void {
    this.#out.push(item);
    this.#outBytes += size;
  }

  #keep(id: number, entry: Entry, fd: 1 | 2, bytes: Uint8Array): void {
    const { kept } = entry;
    const before = kept.cost;
    kept.add(fd, bytes);
    this.#cost += kept.cost - before;
    while (kept.cost > this.#perEval) this.#dropOldest(entry);
    while (this.#cost > this.#perSession) {
      const oldest = this.#oldestUnread();
      if (oldest === undefined) break;
      this.#dropOldest(oldest[1]);
      if (oldest[0] !== id) this.#reportIfMuch(...oldest);
    }
    this.#reportIfMuch(id, entry);
  }

  #oldestUnread(): [number, Entry] | undefined {
    for (const pair of this.#evals) if (!pair[1].kept.isEmpty) return pair;
    return undefined;
  }

  #dropOldest(entry: Entry): void {
    const before = entry.kept.cost;
    entry.dropped += entry.kept.dropOldest();
    this.#cost += entry.kept.cost - before;
  }

  #reportIfMuch(id: number, entry: Entry): void {
    if (entry.dropped - entry.reported >= DROP_REPORT_BYTES) this.#report(id, entry);
  }

  #report(id: number, entry: Entry): void {
    if (entry.dropped === entry.reported) return;
    entry.reported = entry.dropped;
    this.#drops.push({ id, bytes: entry.dropped });
  }

  #watchEval(id: number, on: boolean): void {
    if (!on) {
      const entry = this.#evals.get(id);
      if (entry !== undefined) entry.watched = false;
      return;
    }
    const known = this.#evals.get(id);
    const ended = known?.ended ?? (this.#hasEnded(id) || this.#neverSent.has(id));
    const to = { eval: true, all: false };
    if (known !== undefined) {
      this.#report(id, known);
      for (const { fd, bytes } of known.kept.pieces()) {
        this.#push({ kind: "chunk", id, fd, bytes, to }, bytes.length);
      }
      this.#cost -= known.kept.cost;
      known.kept.clear();
    }
    if (ended) {
      this.#push({ kind: "end", id, to }, 0);
      this.#evals.delete(id);
    } else this.#entry(id).watched = true;
  }

  #watchAll(on: boolean): void {
    this.#allWatched = on;
    if (!on) return;
    const to = { eval: false, all: true };
    for (const [id, entry] of this.#evals) {
      for (const { fd, bytes } of entry.kept.pieces()) {
        this.#push({ kind: "chunk", id, fd, bytes, to }, bytes.length);
      }
      if (entry.ended) this.#push({ kind: "end", id, to }, 0);
    }
  }

  #watchLogs(on: boolean): void {
    this.#logsWatched = on;
    if (!on) return;
    if (this.#logsDropped > 0) {
      const { ts, session_id } = this.#logs[0]!.record;
      const msg = `${this.#logsDropped} older records were dropped because nobody read them`;
      this.#push({ kind: "log", record: { level: "warn", ts, msg, session_id }, size: 64 }, 64);
      this.#logsDropped = 0;
    }
    for (const { record, size } of this.#logs) this.#push({ kind: "log", record, size }, size);
    this.#logs = [];
    this.#logBytes = 0;
  }
}

function sizeOf(item: OutputItem): number {
  return item.kind === "chunk" ? item.bytes.length : item.kind === "log" ? item.size : 0;
}
