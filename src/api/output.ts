/**
 * Output on the main thread, as async iterators. lines.ts makes lines of chunks.
 *
 * @module
 */
import { AsyncQueue } from "./async_queue.ts";

/**
 * One line of output.
 *
 * @example Both streams
 * ```ts
 * import { connect } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const future = remote.eval("import sys; print('out'); print('err', file=sys.stderr)");
 * for await (const { fd, line } of future.output()) console.log(fd, line); // 1 out
 * ```
 */
export interface OutputLine {
  /** 1 for stdout, 2 for stderr. */
  fd: 1 | 2;
  /** The line, without its newline. Bytes that are not UTF-8 appear as U+FFFD. */
  line: string;
  /** The id of the eval's future. */
  id: number;
  /**
   * True if this is not the whole line. The code went back to its start with `\r`, as progress bars
   * do, and the next item overwrites it; or, with `{ partial: true }`, more may follow.
   */
  partial?: true;
}

/**
 * A piece of output as it came.
 *
 * @example Count bytes
 * ```ts
 * import { connect } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * let size = 0;
 * const future = remote.eval("import os; os.write(1, bytes(1000))");
 * for await (const { bytes } of future.output({ raw: true })) size += bytes.length;
 * console.log(size); // 1000
 * ```
 */
export interface OutputChunk {
  /** 1 for stdout, 2 for stderr. */
  fd: 1 | 2;
  /** The bytes. They may be cut anywhere, even within a character. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The id of the eval's future. */
  id: number;
}

/**
 * Options of {@linkcode Future.output} and {@linkcode RemoteProcess.output}.
 *
 * @example Bytes instead of lines
 * ```ts
 * import { connect } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * for await (const { bytes } of remote.eval("print('x')").output({ raw: true })) {
 *   console.log(bytes.length); // 2
 * }
 * ```
 */
export interface OutputOptions {
  /** Give the bytes as they come instead of lines. Default false. */
  raw?: boolean | undefined;
  /**
   * Also give a line that has no end yet, each time it grows: all of it, marked `partial`. The next
   * item of its descriptor replaces it. Default false: then a line that ends with `\r` comes once
   * something overwrites it.
   */
  partial?: boolean | undefined;
}

/** Lines, or chunks where they were asked for. */
export type AnyOutput = AsyncIterableIterator<OutputLine> | AsyncIterableIterator<OutputChunk>;

/** What is pushed to a reader. */
export type OutputEntry =
  | { kind: "chunk"; chunk: OutputChunk; taken: () => void }
  | { kind: "end"; id: number };

/** Makes items of entries: lines or chunks. */
export interface Shape<T> {
  /** The items of a chunk, or of the end of an eval's output. */
  items(entry: OutputEntry): T[];
  /** The bytes of output that an item stands for. */
  size(item: T): number;
  /** The bytes of each eval that belong to a line without an end yet. */
  held(): Iterable<[id: number, bytes: number]>;
}

/**
 * The reader of output. It is bounded by the credit that `taken` gives back, which is called once a
 * reader begins with a chunk.
 */
export class OutputReader<T extends { id: number }> extends AsyncQueue<OutputEntry, T> {
  /**
   * Makes one. `onLeft` is called once, when the iteration has ended, with the bytes of each eval
   * that had come and were not read.
   */
  constructor(shape: Shape<T>, onLeft: (unread: Map<number, number>) => void) {
    super({
      unfold: (entry) => {
        if (entry.kind === "chunk") entry.taken();
        return shape.items(entry);
      },
      onDone: (items, entries) => {
        const unread = new Map(shape.held());
        const add = (id: number, bytes: number) => unread.set(id, (unread.get(id) ?? 0) + bytes);
        for (const item of items) add(item.id, shape.size(item));
        for (const entry of entries) {
          if (entry.kind !== "chunk") continue;
          entry.taken();
          add(entry.chunk.id, entry.chunk.bytes.length);
        }
        onLeft(unread);
      },
    });
  }
}
