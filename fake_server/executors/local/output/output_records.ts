/**
 * Takes the bytes of a Python process's pipe apart into records and raw bytes (LINK.md, "Output").
 * Bytes in, events out.
 *
 * @module
 */
import { readU32 } from "../../../../src/wire/frame.ts";

/** A piece of what came through a pipe. `bytes` are views, good until the next `push`. */
export type OutputEvent =
  /** Something else than the Python process's own writer wrote this. */
  | { kind: "raw"; bytes: Uint8Array }
  /** Python's sys.stdout (1) or sys.stderr (2) wrote this for `job`. */
  | { kind: "data"; fd: 1 | 2; job: number; bytes: Uint8Array }
  /** `job` writes no more to this pipe. */
  | { kind: "end"; job: number };

const NONCE_BYTES = 16;
const HEADER_BYTES = 24;
/** A record is written in one write, and the kernel keeps one of PIPE_BUF bytes whole. */
const MAX_RECORD_BYTES = 4_096;
const DATA = 1;
const END = 2;

/**
 * One pipe's parser. It holds bytes back only while they may be the start of a record, so raw
 * output is never late, and its work is linear in the bytes however they are cut.
 *
 * What starts with the nonce but is no valid record is passed on as raw bytes: user code runs in the
 * same process and can forge anything, but not make the server lose its place.
 */
export class OutputRecords {
  readonly #nonce: Uint8Array;
  /** The beginning of a record whose end has not come. */
  readonly #held = new Uint8Array(MAX_RECORD_BYTES);
  #heldLength = 0;

  /** Makes one for the process that was given `nonce`, 16 bytes of which the first is 0xFF. */
  constructor(nonce: Uint8Array) {
    if (nonce.length !== NONCE_BYTES) {
      throw new RangeError(`Cannot use a nonce of ${nonce.length} bytes: it must have 16`);
    }
    this.#nonce = nonce;
  }

  /** The events in `chunk`, in order. */
  push(chunk: Uint8Array): OutputEvent[] {
    const events: OutputEvent[] = [];
    let at = 0;
    if (this.#heldLength >= HEADER_BYTES) {
      // Its length is known: copy only what it lacks, not the whole chunk.
      const length = recordLength(this.#held, 0);
      at = Math.min(length - this.#heldLength, chunk.length);
      this.#held.set(chunk.subarray(0, at), this.#heldLength);
      this.#heldLength += at;
      if (this.#heldLength < length) return events;
      events.push(eventOf(this.#held.slice(0, length), 0));
      this.#heldLength = 0;
    } else if (this.#heldLength > 0) {
      const joined = new Uint8Array(this.#heldLength + chunk.length);
      joined.set(this.#held.subarray(0, this.#heldLength));
      joined.set(chunk, this.#heldLength);
      this.#heldLength = 0;
      chunk = joined;
    }
    this.#scan(chunk, at, events);
    return events;
  }

  /** Whether bytes are held back. */
  get isHolding(): boolean {
    return this.#heldLength > 0;
  }

  /** The bytes held back, once it is known that they are no record: nothing more of one comes. */
  end(): OutputEvent[] {
    if (this.#heldLength === 0) return [];
    const bytes = this.#held.slice(0, this.#heldLength);
    this.#heldLength = 0;
    return [{ kind: "raw", bytes }];
  }

  #scan(chunk: Uint8Array, at: number, events: OutputEvent[]): void {
    const end = chunk.length;
    let rawFrom = at;
    const raw = (to: number): void => {
      if (to > rawFrom) events.push({ kind: "raw", bytes: chunk.subarray(rawFrom, to) });
    };
    let from = at;
    for (;;) {
      const start = chunk.indexOf(this.#nonce[0]!, from);
      if (start < 0) return raw(end);
      const have = end - start;
      if (!this.#isNonce(chunk, start, Math.min(have, NONCE_BYTES))) {
        from = start + 1;
        continue;
      }
      const length = have < HEADER_BYTES ? HEADER_BYTES : recordLength(chunk, start);
      if (length < 0) {
        from = start + 1;
        continue;
      }
      raw(start);
      if (have < length) {
        this.#held.set(chunk.subarray(start));
        this.#heldLength = have;
        return;
      }
      events.push(eventOf(chunk, start));
      rawFrom = from = start + length;
    }
  }

  #isNonce(bytes: Uint8Array, at: number, length: number): boolean {
    for (let i = 0; i < length; i++) {
      if (bytes[at + i] !== this.#nonce[i]) return false;
    }
    return true;
  }
}

/** The length of the record whose header is at `at`; -1 if that is not one. */
function recordLength(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 16];
  const fd = bytes[at + 17];
  const payload = (bytes[at + 18]! << 8) | bytes[at + 19]!;
  const valid = kind === DATA
    ? (fd === 1 || fd === 2) && payload <= MAX_RECORD_BYTES - HEADER_BYTES
    : kind === END && fd === 0 && payload === 0;
  return valid ? HEADER_BYTES + payload : -1;
}

/** The event of the valid and whole record at `at`. */
function eventOf(bytes: Uint8Array, at: number): OutputEvent {
  const job = readU32(bytes, at + 20);
  if (bytes[at + 16] === END) return { kind: "end", job };
  const fd = bytes[at + 17] === 1 ? 1 : 2;
  const length = recordLength(bytes, at);
  return { kind: "data", fd, job, bytes: bytes.subarray(at + HEADER_BYTES, at + length) };
}
