/**
 * The readers of a session's output and log on the main thread. They get what comes over the
 * bridge, and credit goes back for what they have read.
 *
 * @module
 */
import { LogReader } from "../api/logs.ts";
import {
  type OutputChunk,
  type OutputLine,
  type OutputOptions,
  OutputReader,
} from "../api/output.ts";
import type { Channel, OutputItem, ToWorker } from "../bridge/bridge.ts";
import { checkKeys } from "../common/given.ts";
import { Chunks, Lines } from "./lines.ts";

/** The number of evals whose count of dropped output is kept: the latest ones. */
const DROP_COUNTS_KEPT = 100_000;

type Reader = OutputReader<OutputLine> | OutputReader<OutputChunk>;

/** The readers of one session. */
export class Readers {
  readonly #post: (message: ToWorker) => void;
  readonly #readers = new Map<number | "all", Reader>();
  #logReader: LogReader | undefined;
  readonly #dropped = new Map<number, number>();
  /** The thread's part of `#dropped`: it reports its total each time. */
  readonly #reported = new Map<number, number>();
  #creditDue = 0;
  #over: { error: Error | undefined; lost: Error } | undefined;

  /** Makes one; `post` sends to the session's thread. */
  constructor(post: (message: ToWorker) => void) {
    this.#post = post;
  }

  /**
   * Makes a reader of one eval's output, or of the output of all.
   *
   * @throws {TypeError} If there is one already, or no such option.
   */
  output(id: number | "all", options?: OutputOptions): Reader {
    const { raw, partial } = checkKeys("read output", options, ["raw", "partial"]);
    if (this.#readers.has(id)) {
      const whose = id === "all" ? "the session" : `eval ${id}`;
      throw new TypeError(`Cannot read the output of ${whose}: it has a reader already`);
    }
    const left = (unread: Map<number, number>) => this.#left(id, unread);
    const reader = raw === true
      ? new OutputReader(new Chunks(), left)
      : new OutputReader(new Lines(partial === true), left);
    this.#readers.set(id, reader);
    if (this.#over === undefined) this.#watch(id, true);
    else this.#end(id, reader);
    return reader;
  }

  /**
   * Makes a reader of the server's log.
   *
   * @throws {TypeError} If there is one already.
   */
  logs(): LogReader {
    if (this.#logReader !== undefined) {
      throw new TypeError("Cannot read the logs of the session: they have a reader already");
    }
    const reader = new LogReader(() => {
      this.#logReader = undefined;
      this.#watch("logs", false);
    });
    if (this.#over === undefined) {
      this.#logReader = reader;
      this.#watch("logs", true);
    } else reader.end();
    return reader;
  }

  /** Bytes of an eval's output that were dropped. */
  dropped(id: number): number {
    return this.#dropped.get(id) ?? 0;
  }

  /** The thread has dropped `bytes` of an eval's output so far. */
  reported(id: number, bytes: number): void {
    this.#drop(id, bytes - (this.#reported.get(id) ?? 0));
    remember(this.#reported, id, bytes);
  }

  /** Gives an item that came over the bridge to its readers. */
  item(item: OutputItem): void {
    if (item.kind === "log") {
      if (this.#logReader === undefined) this.#credit(item.size);
      else {
        const { record, size } = item;
        this.#logReader.push({ record, taken: () => this.#credit(size) });
      }
      return;
    }
    const { id } = item;
    const one = item.to.eval ? this.#readers.get(id) : undefined;
    const all = item.to.all ? this.#readers.get("all") : undefined;
    if (item.kind === "end") {
      all?.push({ kind: "end", id });
      one?.push({ kind: "end", id });
      one?.end();
      return;
    }
    const { fd, bytes } = item;
    let takers = 1;
    const taken = () => {
      if (--takers === 0) this.#credit(bytes.length);
    };
    if (one !== undefined) {
      takers++;
      // Each reader gets its own copy, as it may write into the bytes.
      const own = all === undefined ? bytes : bytes.slice();
      one.push({ kind: "chunk", chunk: { fd, bytes: own, id }, taken });
    } else if (item.to.eval) this.#drop(id, bytes.length); // its reader has left meanwhile
    if (all !== undefined) {
      takers++;
      all.push({ kind: "chunk", chunk: { fd, bytes, id }, taken });
    }
    taken();
  }

  /**
   * The session is over: readers get what has come. Then the reader of all evals ends, or throws
   * `error`. The reader of an eval whose output has not ended throws `lost`: output may be missing.
   */
  end(error: Error | undefined, lost: Error): void {
    this.#over = { error, lost };
    for (const [id, reader] of [...this.#readers]) this.#end(id, reader);
    this.#logReader?.end();
    this.#logReader = undefined;
  }

  #end(id: number | "all", reader: Reader): void {
    reader.end(id === "all" ? this.#over!.error : this.#over!.lost);
  }

  #watch(what: Channel, on: boolean): void {
    if (this.#over === undefined) this.#post({ kind: "watch", what, on });
  }

  #left(id: number | "all", unread: Map<number, number>): void {
    this.#readers.delete(id);
    this.#watch(id, false);
    if (id !== "all") this.#drop(id, unread.get(id) ?? 0);
  }

  #drop(id: number, bytes: number): void {
    if (bytes > 0) remember(this.#dropped, id, this.dropped(id) + bytes);
  }

  /** Gives credit for what was read, once a turn. */
  #credit(bytes: number): void {
    this.#creditDue += bytes;
    if (this.#creditDue !== bytes || bytes === 0) return;
    queueMicrotask(() => {
      const due = this.#creditDue;
      this.#creditDue = 0;
      if (this.#over === undefined) this.#post({ kind: "credit", bytes: due });
    });
  }
}

/** Sets a count, and forgets the oldest one past the limit. */
function remember(counts: Map<number, number>, id: number, bytes: number): void {
  counts.set(id, bytes);
  if (counts.size <= DROP_COUNTS_KEPT) return;
  for (const oldest of counts.keys()) {
    counts.delete(oldest);
    break;
  }
}
