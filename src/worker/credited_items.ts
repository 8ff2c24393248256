/**
 * Items on their way to readers on the main thread, within the credit that the readers give.
 *
 * @module
 */
import type { OutputItem } from "../bridge/bridge.ts";
import { OUTPUT_CREDIT_BYTES, OUTPUT_WAITING_BYTES } from "./output_limits.ts";

/** A queue of items for readers. */
export class CreditedItems {
  #items: OutputItem[] = [];
  #bytes = 0;
  #credit = OUTPUT_CREDIT_BYTES;

  /** Whether readers are so far behind that no more should be made. */
  get full(): boolean {
    return this.#bytes >= OUTPUT_WAITING_BYTES;
  }

  /** Adds an item. */
  push(item: OutputItem): void {
    this.#items.push(item);
    this.#bytes += sizeOf(item);
  }

  /** Readers have read `bytes` bytes. */
  giveCredit(bytes: number): void {
    this.#credit += bytes;
  }

  /** Takes the items that the credit allows, or all of them. */
  take(everything: boolean): OutputItem[] {
    let count = 0;
    while (count < this.#items.length && (everything || this.#credit > 0)) {
      const size = sizeOf(this.#items[count++]!);
      this.#credit -= size;
      this.#bytes -= size;
    }
    return this.#items.splice(0, count);
  }
}

function sizeOf(item: OutputItem): number {
  return item.kind === "chunk" ? item.bytes.length : item.kind === "log" ? item.size : 0;
}
