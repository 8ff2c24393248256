/**
 * The queue behind every async iterator that users hold: events, logs and output.
 *
 * @module
 */

/**
 * How a queue differs from the plain one, which gives its entries as they are and keeps them all.
 */
export interface AsyncQueueOptions<Entry, Item> {
  /** The most entries to keep; past it the oldest are dropped. Default: no bound. */
  bound?: number;
  /**
   * Makes items of an entry. It is called when the reader has got to the entry, not before.
   * Default: the entry is the only item.
   */
  unfold?: (entry: Entry) => Item[];
  /**
   * Called once, when the iteration has ended: with the items and the entries that were not read.
   */
  onDone?: (items: Item[], entries: Entry[]) => void;
}

/** A queue of entries that one side pushes and the other reads as an async iterator of items. */
export class AsyncQueue<Entry, Item = Entry> implements AsyncIterableIterator<Item> {
  readonly #bound: number;
  readonly #unfold: ((entry: Entry) => Item[]) | undefined;
  readonly #onDone: ((items: Item[], entries: Entry[]) => void) | undefined;
  /** The entries that are kept stand from `#entriesAt` on. */
  #entries: Entry[] = [];
  #entriesAt = 0;
  /** What the entry before those has given, and from where on it is unread. */
  #items: Item[] = [];
  #itemsAt = 0;
  /** The calls of `next` that wait for an item. */
  #waiting: PromiseWithResolvers<IteratorResult<Item>>[] = [];
  #end: { error: Error | undefined } | undefined;
  #done = false;

  /** Makes an empty queue. */
  constructor({ bound, unfold, onDone }: AsyncQueueOptions<Entry, Item> = {}) {
    this.#bound = bound ?? Infinity;
    this.#unfold = unfold;
    this.#onDone = onDone;
  }

  /** Adds an entry. After the end of the iteration it does nothing. */
  push(entry: Entry): void {
    if (this.#done) return;
    this.#entries.push(entry);
    if (this.#entries.length - this.#entriesAt > this.#bound) this.#takeEntry();
    this.#serve();
  }

  /**
   * Ends the iteration, or fails it with `error`, after the entries that are there. Counts once.
   */
  end(error?: Error): void {
    this.#end ??= { error };
    this.#serve();
  }

  /** The next item. */
  next(): Promise<IteratorResult<Item>> {
    if (this.#itemsAt < this.#items.length && this.#waiting.length === 0) {
      return Promise.resolve({ done: false, value: this.#items[this.#itemsAt++]! });
    }
    const waiting = Promise.withResolvers<IteratorResult<Item>>();
    this.#waiting.push(waiting);
    this.#serve();
    return waiting.promise;
  }

  /** Ends the iteration now; what was not read goes to `onDone`. */
  return(): Promise<IteratorResult<Item>> {
    this.#finish();
    this.#serve();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Settles the waiting calls of `next`, as far as there is something to settle them with. */
  #serve(): void {
    while (this.#waiting.length > 0) {
      if (this.#itemsAt < this.#items.length) {
        const value = this.#items[this.#itemsAt++]!;
        this.#waiting.shift()!.resolve({ done: false, value });
      } else if (this.#done) {
        this.#waiting.shift()!.resolve({ done: true, value: undefined });
      } else if (this.#entriesAt < this.#entries.length) {
        const entry = this.#takeEntry();
        this.#items = this.#unfold?.(entry) ?? [entry as unknown as Item];
        this.#itemsAt = 0;
      } else if (this.#end !== undefined) {
        const { error } = this.#end;
        this.#finish();
        if (error !== undefined) this.#waiting.shift()!.reject(error);
      } else return;
    }
  }

  #takeEntry(): Entry {
    const entry = this.#entries[this.#entriesAt++]!;
    if (this.#entriesAt > 64 && this.#entriesAt * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#entriesAt);
      this.#entriesAt = 0;
    }
    return entry;
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    const items = this.#items.slice(this.#itemsAt);
    const entries = this.#entries.slice(this.#entriesAt);
    this.#items = [];
    this.#itemsAt = 0;
    this.#entries = [];
    this.#entriesAt = 0;
    this.#onDone?.(items, entries);
  }
}
