/**
 * The progress of evals that are watched, computed from the bytes that the two directions of the
 * mainstream have moved.
 *
 * @module
 */
import { readU32 } from "../wire/frame.ts";
import { HEADER_BYTES } from "../wire/limits.ts";
import { MessageType } from "../wire/messages.ts";

/**
 * The progress of an eval, which `onProgress` is called with.
 *
 * @example In percent
 * ```ts
 * import { connect, type Progress } from "@pyproxy/client";
 *
 * await using remote = await connect("localhost:9000");
 * const seen: Progress[] = [];
 * const data = new Uint8Array(1_000_000);
 * await remote.eval("len(data)", { locs: { data }, onProgress: (each) => seen.push(each) });
 * const { sent, sentTotal } = seen.at(-1)!;
 * console.log(100 * sent / sentTotal); // 100
 * ```
 */
export interface Progress {
  /** The bytes of the eval's code and arguments that were sent. */
  sent: number;
  /** The bytes of the code and the arguments in all. */
  sentTotal: number;
  /** The bytes of the result that have come. */
  received: number;
  /** The bytes of the result in all; undefined until the first of them have come. */
  receivedTotal: number | undefined;
}

/** A frame that has come in part. */
export interface PartFrame {
  type: number;
  id: number;
  /** The bytes of its body, in all and so far. */
  length: number;
  have: number;
}

interface Watched extends Progress {
  /** The position of its EVAL in the mainstream; undefined while it waits to be sent. */
  start: number | undefined;
}

/** The watched evals of one session. */
export class ProgressWatch {
  readonly #watched = new Map<number, Watched>();
  #given = 0;

  /** Whether no eval is watched. */
  get isEmpty(): boolean {
    return this.#watched.size === 0;
  }

  /** Watches these evals of a batch of EVAL frames. */
  add(ids: readonly number[], batch: Uint8Array): void {
    if (ids.length === 0) return;
    for (const { id, size } of evalFrames(batch)) {
      if (!ids.includes(id)) continue;
      this.#watched.set(id, {
        start: undefined,
        sent: 0,
        sentTotal: size,
        received: 0,
        receivedTotal: undefined,
      });
    }
  }

  /** Takes whole frames that were given to the mainstream. */
  given(frames: Uint8Array): void {
    if (!this.isEmpty && frames[2] === MessageType.EVAL) {
      for (const { id, at } of evalFrames(frames)) {
        const watched = this.#watched.get(id);
        if (watched !== undefined) watched.start = this.#given + at;
      }
    }
    this.#given += frames.length;
  }

  /**
   * The evals that have progressed since the last call.
   *
   * @param written The bytes of the mainstream that were written.
   * @param part The frame that is being received.
   */
  moved(written: number, part: PartFrame | undefined): [id: number, progress: Progress][] {
    const moved: [id: number, progress: Progress][] = [];
    for (const [id, watched] of this.#watched) {
      const { start, sentTotal } = watched;
      const sent = start === undefined ? 0 : Math.min(sentTotal, Math.max(0, written - start));
      const isComing = part?.type === MessageType.RESULT && part.id === id;
      const received = isComing ? part.have : watched.received;
      if (sent === watched.sent && received === watched.received) continue;
      watched.sent = sent;
      watched.received = received;
      if (isComing) watched.receivedTotal = part.length;
      moved.push([id, plain(watched)]);
    }
    return moved;
  }

  /** Ends the watch of an eval whose result has come; returns its last progress. */
  finish(id: number, length: number): Progress | undefined {
    const watched = this.#watched.get(id);
    if (watched === undefined) return undefined;
    this.#watched.delete(id);
    const { start, sentTotal } = watched;
    // An eval that was cancelled before it was sent has sent nothing.
    const sent = start === undefined ? 0 : sentTotal;
    return { sent, sentTotal, received: length, receivedTotal: length };
  }
}

function plain({ sent, sentTotal, received, receivedTotal }: Watched): Progress {
  return { sent, sentTotal, received, receivedTotal };
}

/** The position of each frame of a batch. */
function* evalFrames(batch: Uint8Array): Generator<{ id: number; at: number; size: number }> {
  for (let at = 0; at < batch.length;) {
    const size = HEADER_BYTES + readU32(batch, at + 4);
    yield { id: readU32(batch, at + 8), at, size };
    at += size;
  }
}
