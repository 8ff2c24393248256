/**
 * Turns chunks of output into lines, or gives them as they are.
 *
 * @module
 */
import type { OutputChunk, OutputEntry, OutputLine, Shape } from "../api/output.ts";

/** Gives chunks as they come. */
export class Chunks implements Shape<OutputChunk> {
  /** See Shape. */
  items(entry: OutputEntry): OutputChunk[] {
    return entry.kind === "chunk" ? [entry.chunk] : [];
  }
  /** See Shape. */
  size(chunk: OutputChunk): number {
    return chunk.bytes.length;
  }
  /** See Shape. */
  held(): Iterable<[number, number]> {
    return [];
  }
}

/** A longer line is given in pieces of about this many characters, which bounds memory. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** A growing line is shown up to this length: each time costs as much as the line is long. */
const LONGEST_SHOWN_LINE = 16 * 1024;

/** The end of a line that is overwritten: a `\r` before anything but `\n` or another `\r`. */
const OVERWRITTEN = /\r(?=[^\r\n])/;

/**
 * Turns chunks into lines, with one decoder for each eval and descriptor. The lines do not depend
 * on how the output was cut into chunks. With `growing` there are more items: lines without an end
 * yet.
 */
export class Lines implements Shape<OutputLine> {
  readonly #growing: boolean;
  /** Growing lines that were given out: their bytes are still counted in `rest`. */
  readonly #shown = new WeakSet<OutputLine>();
  readonly #partial = new Map<string, { id: number; decoder: TextDecoder; rest: string }>();

  /** Makes one. */
  constructor(growing = false) {
    this.#growing = growing;
  }

  /** See Shape. */
  items(entry: OutputEntry): OutputLine[] {
    if (entry.kind === "end") return [...this.#last(entry.id, 1), ...this.#last(entry.id, 2)];
    const { id, fd, bytes } = entry.chunk;
    const key = `${id}:${fd}`;
    let partial = this.#partial.get(key);
    if (partial === undefined) {
      // A BOM is text like any other here.
      partial = { id, decoder: new TextDecoder("utf-8", { ignoreBOM: true }), rest: "" };
      this.#partial.set(key, partial);
    }
    const came = partial.decoder.decode(bytes, { stream: true });
    const texts = came.split("\n");
    const returns = came.includes("\r") || partial.rest.endsWith("\r");
    texts[0] = partial.rest + texts[0];
    partial.rest = texts.at(-1)!.length < LONGEST_LINE ? texts.pop()! : "";
    const lines: OutputLine[] = returns ? [] : texts.map((line) => ({ fd, line, id }));
    if (returns) {
      for (const text of texts) {
        const parts = text.split(OVERWRITTEN);
        const line = parts.pop()!;
        lines.push(...overwritten(fd, parts, id), { fd, line, id });
      }
      const parts = partial.rest.split(OVERWRITTEN);
      partial.rest = parts.pop()!;
      lines.push(...overwritten(fd, parts, id));
    }
    if (this.#growing && came !== "") lines.push(...this.#grown(fd, partial.rest, id));
    return lines;
  }

  /** A line that has no end yet, as it is now. */
  #grown(fd: 1 | 2, rest: string, id: number): OutputLine[] {
    const line = rest.replace(/\r+$/, "");
    if (line === "" || rest.length > LONGEST_SHOWN_LINE) return [];
    const item: OutputLine = { fd, line, id, partial: true };
    this.#shown.add(item);
    return [item];
  }

  /** See Shape. */
  size(item: OutputLine): number {
    return this.#shown.has(item) ? 0 : byteLength(item.line) + 1;
  }

  /** See Shape. */
  *held(): Iterable<[number, number]> {
    for (const { id, rest } of this.#partial.values()) yield [id, byteLength(rest)];
  }

  /** A last line without a newline is a line. */
  #last(id: number, fd: 1 | 2): OutputLine[] {
    const partial = this.#partial.get(`${id}:${fd}`);
    if (partial === undefined) return [];
    this.#partial.delete(`${id}:${fd}`);
    const line = partial.rest + partial.decoder.decode();
    return line === "" ? [] : [{ fd, line, id }];
  }
}

/** The overwritten texts, without empty ones. */
function overwritten(fd: 1 | 2, parts: string[], id: number): OutputLine[] {
  return parts.map((part) => part.replace(/\r+$/, "")).filter((line) => line !== "").map(
    (line) => ({ fd, line, id, partial: true }),
  );
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
