/**
 * Reads the pipes of a Python process (LINK.md, "Output") to their last byte, with pauses for a rest
 * and for back-pressure.
 *
 * @module
 */
import { START_TEXT_BYTES } from "../../../common/limits.ts";
import type { Rest } from "./rest.ts";

/** What takes the bytes. */
export interface PipeTarget {
  /** Resolves when what has been read may be told. */
  catchUp(): Promise<void>;
  /** The chunk is good until it returns. Gives back what has to happen before more is read. */
  output(pipe: 1 | 2, chunk: Uint8Array): Promise<void> | undefined;
  /** Reading has failed. */
  broken(error: unknown): void;
}

/** As much as Linux keeps in a pipe. */
const PIPE_BUFFER_BYTES = 64 * 1024;

/** Pipes 1 and 2 of one Python process. */
export class Pipes {
  /** How many they are. */
  static readonly COUNT = 2;
  /** Resolves when both have ended or are closed. */
  readonly ended: Promise<unknown>;
  readonly #readers: readonly ReadableStreamBYOBReader[];
  readonly #rest: Rest;
  readonly #target: PipeTarget;
  #isTold = false;
  #startText = "";
  readonly #pauses = new Set<() => void>();
  #isLast = false;

  /** Begins to read. Until {@linkcode Pipes.tell} the text is kept for the message of a StartError. */
  constructor(
    pipes: readonly ReadableStream<Uint8Array<ArrayBuffer>>[],
    rest: Rest,
    target: PipeTarget,
  ) {
    this.#rest = rest;
    this.#target = target;
    this.#readers = pipes.map((pipe) => pipe.getReader({ mode: "byob" }));
    this.ended = Promise.all(this.#readers.map((reader, i) => this.#read(i + 1 as 1 | 2, reader)));
  }

  /** The end of what was written before {@linkcode Pipes.tell}. */
  get startText(): string {
    return this.#startText.trim();
  }

  /** Passes on from now on what comes. */
  tell(): void {
    this.#isTold = true;
  }

  /** The process has ended, so little more comes: it is read without pauses. */
  last(): void {
    this.#isLast = true;
    for (const resume of this.#pauses) resume();
    this.#rest.close();
  }

  /** Reads no more. */
  close(): void {
    for (const reader of this.#readers) {
      reader.cancel().catch(() => {
        // It has come to its end already.
      });
    }
  }

  async #read(pipe: 1 | 2, reader: ReadableStreamBYOBReader): Promise<void> {
    const decoder = new TextDecoder();
    // One buffer is used again and again: most reads bring a few bytes.
    let buffer = new ArrayBuffer(PIPE_BUFFER_BYTES);
    try {
      for (;;) {
        const rest = this.#rest.over;
        if (rest !== undefined) await rest;
        const { done, value } = await reader.read(new Uint8Array(buffer));
        if (done) return;
        buffer = value.buffer;
        if (!this.#isTold) {
          const text = this.#startText + decoder.decode(value, { stream: true });
          this.#startText = text.slice(-START_TEXT_BYTES);
          continue;
        }
        await this.#target.catchUp();
        const pressure = this.#target.output(pipe, value);
        if (pressure !== undefined) await this.#pause(pressure);
      }
    } catch (error) {
      this.#target.broken(error);
    }
  }

  /** Waits for the pressure to end, or for {@linkcode Pipes.last}. */
  #pause(pressure: Promise<void>): Promise<void> {
    if (this.#isLast) return Promise.resolve();
    return new Promise((resolve) => {
      const resume = (): void => {
        this.#pauses.delete(resume);
        resolve();
      };
      this.#pauses.add(resume);
      pressure.then(resume);
    });
  }
}
