/**
 * Output on the main thread, as async iterators. lines.ts turns the chunks into lines.
 *
 * @module
 */

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
  /** The line, without its newline. Bytes that are no UTF-8 appear as U+FFFD. */
  line: string;
  /** The id of the eval's future. */
  id: number;
  /**
   * True where this is not the whole line: the code went back to its start with `\r`, as progress
   * bars do, and what comes next overwrites it; or, with `{ partial: true }`, more may follow.
   */
  partial?: true;
}

/**
 * A piece of output as it came.
 *
 * @example Into a file, as it is
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
  /** The bytes, cut anywhere. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The id of the eval's future. */
  id: number;
}

/**
 * Options of {@linkcode Future.output} and {@linkcode RemoteProcess.output}.
 *
 * @example Bytes in the place of lines
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
  /** Give the bytes as they come in the place of lines. Default false. */
  raw?: boolean | undefined;
  /**
   * Give a line that has no end yet as it grows, too: each time all there is of it, marked
   * `partial`, so that the next item of its descriptor takes its place. Default false: then what
   * ends with `\r` comes once something follows that overwrites it.
   */
  partial?: boolean | undefined;
}

/** Lines, or chunks where they were asked for. */
export type AnyOutput = AsyncIterableIterator<OutputLine> | AsyncIterableIterator<OutputChunk>;

/** What is put into a reader. */
export type OutputEntry =
  | { kind: "chunk"; chunk: OutputChunk; taken: () => void }
  | { kind: "end"; id: number };

/** Turns what comes into what is given out. */
export interface Shape<T> {
  /** What a chunk, or the end of an eval's output, gives. */
  items(entry: OutputEntry): T[];
  /** The bytes that an item stands for. */
  size(item: T): number;
  /** The bytes of each eval that are held back, of a line that is not whole yet. */
  held(): Iterable<[id: number, bytes: number]>;
}

/**
 * A queue between the session's thread, which pushes, and one async iterator, which pulls. It is
 * bounded by the credit that `taken` gives back once a chunk has been consumed.
 */
export class OutputReader<T extends { id: number }> implements AsyncIterableIterator<T> {
  readonly #shape: Shape<T>;
  readonly #onLeft: (unread: Map<number, number>) => void;
  #queue: OutputEntry[] = [];
  #at = 0;
  /** Items of the chunk that is being given out. */
  #ready: T[] = [];
  #readyAt = 0;
  #waiting: PromiseWithResolvers<IteratorResult<T>>[] = [];
  #over: { error: Error | undefined } | undefined;
  #done = false;

  /**
   * Makes one. `onLeft` is called once, when nobody reads any more, with the bytes of each eval
   * that had come and were not given out.
   */
  constructor(shape: Shape<T>, onLeft: (unread: Map<number, number>) => void) {
    this.#shape = shape;
    this.#onLeft = onLeft;
  }

  /** Adds a chunk, or the end of one eval's output. */
  push(entry: OutputEntry): void {
    this.#queue.push(entry);
    this.#serve();
  }

  /** Nothing more will come: the iteration ends, or throws `error`, after what is there. */
  end(error?: Error): void {
    this.#over ??= { error };
    this.#serve();
  }

  /** The next item. */
  next(): Promise<IteratorResult<T>> {
    if (this.#readyAt < this.#ready.length && this.#waiting.length === 0) {
      return Promise.resolve({ done: false, value: this.#ready[this.#readyAt++]! });
    }
    const resolvers = Promise.withResolvers<IteratorResult<T>>();
    this.#waiting.push(resolvers);
    this.#serve();
    return resolvers.promise;
  }

  /** Leaves the output: what comes from now on is unread. */
  return(): Promise<IteratorResult<T>> {
    this.#finish();
    this.#serve();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      if (this.#readyAt < this.#ready.length) {
        const value = this.#ready[this.#readyAt++]!;
        this.#waiting.shift()!.resolve({ done: false, value });
      } else if (this.#done) {
        this.#waiting.shift()!.resolve({ done: true, value: undefined });
      } else if (this.#at < this.#queue.length) {
        this.#ready = this.#shape.items(this.#takeEntry());
        this.#readyAt = 0;
      } else if (this.#over !== undefined) {
        const { error } = this.#over;
        this.#finish();
        if (error !== undefined) this.#waiting.shift()!.reject(error);
      } else return;
    }
  }

  #takeEntry(): OutputEntry {
    const entry = this.#queue[this.#at++]!;
    if (this.#at > 64 && this.#at * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#at);
      this.#at = 0;
    }
    if (entry.kind === "chunk") entry.taken();
    return entry;
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    const unread = new Map(this.#shape.held());
    const add = (id: number, bytes: number) => unread.set(id, (unread.get(id) ?? 0) + bytes);
    for (const item of this.#ready.slice(this.#readyAt)) add(item.id, this.#shape.size(item));
    while (this.#at < this.#queue.length) {
      const entry = this.#takeEntry();
      if (entry.kind === "chunk") add(entry.chunk.id, entry.chunk.bytes.length);
    }
    this.#ready = [];
    this.#readyAt = 0;
    this.#onLeft(unread);
  }
}
