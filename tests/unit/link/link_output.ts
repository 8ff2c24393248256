/**
 * Takes the python process's pipes apart (LINK.md, "Output"), for its tests.
 *
 * @module
 */

/** A piece of output, in the order of its pipe. */
export interface Piece {
  kind: "data" | "raw" | "end";
  fd: number;
  /** Of raw bytes: the job that had not ended then. */
  job: number;
  text: string;
  bytes: Uint8Array;
}

/** One pipe: bytes in, pieces out, in order. */
export class PieceReader {
  /** All that has come. */
  readonly pieces: Piece[] = [];
  /** The same, each job's. */
  readonly #ofJobs = new Map<number, Piece[]>();
  /** The jobs whose END has come. */
  readonly ends: Set<number> = new Set();
  readonly #pipe: 1 | 2;
  readonly #nonce: Uint8Array;
  readonly #decoder = new TextDecoder();
  #rest = new Uint8Array();
  #ended = 0;

  /** Makes one for pipe 1 or 2. */
  constructor(pipe: 1 | 2, nonce: Uint8Array) {
    this.#pipe = pipe;
    this.#nonce = nonce;
  }

  /** What has come of a job, in order. */
  of(job: number): readonly Piece[] {
    return this.#ofJobs.get(job) ?? [];
  }

  /** A job has ended without a record. */
  ended(job: number): void {
    this.#ended = Math.max(this.#ended, job);
  }

  /** Takes a chunk. */
  push(chunk: Uint8Array): void {
    const bytes = new Uint8Array(this.#rest.length + chunk.length);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.length);
    let at = 0;
    for (;;) {
      const start = indexOf(bytes, this.#nonce, at);
      if (start < 0) {
        // Raw bytes: all but what may be the beginning of a nonce.
        const mark = bytes.indexOf(0xff, at);
        const end = mark < 0 ? bytes.length : mark;
        this.#add("raw", this.#pipe, this.#ended + 1, bytes.subarray(at, end));
        at = end;
        break;
      }
      this.#add("raw", this.#pipe, this.#ended + 1, bytes.subarray(at, start));
      at = start;
      if (bytes.length - start < 24) break;
      const view = new DataView(bytes.buffer, start);
      const length = view.getUint16(18);
      if (24 + length > 4096) throw new Error(`a record of ${24 + length} bytes`);
      if (bytes.length - start < 24 + length) break;
      const kind = view.getUint8(16) === 1 ? "data" : "end";
      const job = view.getUint32(20);
      if (kind === "end") this.#ended = job;
      this.#add(kind, view.getUint8(17), job, bytes.subarray(start + 24, start + 24 + length));
      at = start + 24 + length;
    }
    this.#rest = bytes.slice(at);
  }

  #add(kind: Piece["kind"], fd: number, job: number, view: Uint8Array): void {
    if (kind !== "end" && view.length === 0) return;
    const bytes = view.slice();
    const text = this.#decoder.decode(bytes);
    const piece: Piece = { kind, fd, job, text, bytes };
    this.pieces.push(piece);
    const known = this.#ofJobs.get(job);
    if (known === undefined) this.#ofJobs.set(job, [piece]);
    else known.push(piece);
    if (kind === "end") this.ends.add(job);
  }
}

/** The text of pieces, decoded as a whole. */
export function joined(pieces: Piece[]): string {
  const decoder = new TextDecoder();
  const texts = pieces.map(({ bytes }) => decoder.decode(bytes, { stream: true }));
  return texts.join("") + decoder.decode();
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(wanted[0]!, from); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
    if (bytes.length - at < wanted.length) return -1;
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}
