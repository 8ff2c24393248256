/**
 * The reader of frames: bytes in, frames out; nothing here knows a socket.
 *
 * @module
 */
import { type Frame, FrameError, type Header, readU32 } from "./frame.ts";
import {
  FIRST_BUFFER_BYTES,
  GROWTH_FACTOR,
  HEADER_BYTES,
  IDLE_BUFFER_BYTES,
  MAX_TRANSFER_BYTES,
  PROTOCOL_VERSION,
} from "./limits.ts";

/** Where a reader looks for a used buffer before it asks for a new one. */
export interface Buffers {
  /** Hands out one that has room for `size` bytes, if there is one: it is the caller's then. */
  take(size: number): ArrayBuffer | undefined;
}

/**
 * Takes a stream of bytes apart into frames.
 *
 * The caller asks where the next bytes go (`space()`), puts some there, and says how many
 * (`filled(n)`); so a socket reads straight into the frame it belongs to. Small frames share one
 * buffer, of 4 KiB while the stream is idle. A large body gets its own, which grows as its bytes
 * really come: a header that claims 256 MiB costs 64 KiB until they do.
 *
 * After a {@linkcode FrameError} the reader stays broken: a stream cannot be resynchronised.
 */
export class FrameReader {
  /** The largest body taken; may be raised once the peer is known. */
  maxBody: number;
  readonly #firstBytes: number;
  readonly #buffers: Buffers | undefined;
  #buffer = new Uint8Array(IDLE_BUFFER_BYTES);
  /** The small buffer has been full: this stream is not an idle one. */
  #isBusy = false;
  #start = 0;
  #end = 0;
  #large: { header: Header; body: Uint8Array; have: number; owned: boolean } | undefined;
  /** A buffer for the next large body. */
  #spare: ArrayBufferLike | undefined;

  /**
   * Makes one that refuses bodies longer than `maxBody` bytes. Where the headers are our own
   * process's, `believes` gives a large body its whole buffer at once. So does a used one out of
   * `buffers`, which costs nothing: a body in it is `owned` like others.
   */
  constructor(
    maxBody: number,
    { believes = false, buffers }: { believes?: boolean; buffers?: Buffers } = {},
  ) {
    this.maxBody = maxBody;
    this.#buffers = buffers;
    this.#firstBytes = believes ? Infinity : FIRST_BUFFER_BYTES;
  }

  /** Whether part of a frame has come, so that an end of the stream here would cut it. */
  get midFrame(): boolean {
    return this.pending > 0;
  }

  /** How many bytes of an unfinished frame have come. */
  get pending(): number {
    const large = this.#large;
    if (large !== undefined) {
      return large.have === large.header.length ? 0 : HEADER_BYTES + large.have;
    }
    let at = this.#start;
    for (;;) {
      const have = this.#end - at;
      const whole = have < HEADER_BYTES ? Infinity : HEADER_BYTES + readU32(this.#buffer, at + 4);
      if (have < whole) return have;
      at += whole;
    }
  }

  /** What has come of a large frame that is being received. */
  get part(): { type: number; id: number; length: number; have: number } | undefined {
    if (this.#large === undefined) return undefined;
    const { header: { type, id, length }, have } = this.#large;
    return { type, id, length, have };
  }

  /** Where the next bytes go: never empty. Views given out before may be overwritten. */
  space(): Uint8Array {
    const large = this.#large;
    if (large !== undefined) {
      if (large.have === large.body.length) {
        const body = this.#bodyOf(Math.min(large.header.length, large.have * GROWTH_FACTOR));
        body.set(large.body);
        large.body = body;
        large.owned = true;
      }
      return large.body.subarray(large.have, large.have + MAX_TRANSFER_BYTES);
    }
    if (this.#isBusy && this.#buffer.length < FIRST_BUFFER_BYTES) {
      const buffer = new Uint8Array(FIRST_BUFFER_BYTES);
      buffer.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = buffer;
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (this.#start === this.#end) {
      this.#start = this.#end = 0;
    } else if (this.#start > 0 && this.#buffer.length - this.#end < this.#buffer.length / 2) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    return this.#buffer.subarray(this.#end);
  }

  /**
   * Says that `count` bytes were put at the start of what `space()` gave, and gives the frames that
   * are now whole. They are read off one by one: what is done about one, such as to raise `maxBody`,
   * holds for the next, and those in front of a fault come before it is thrown. So it does not
   * matter how the stream was cut. Take all of them before the next `space()`.
   *
   * @throws {FrameError} On the way, where the bytes are no frame, or its body is too long.
   */
  filled(count: number): Generator<Frame, void, void> {
    if (this.#large !== undefined) this.#large.have += count;
    else this.#end += count;
    if (this.#end === this.#buffer.length) this.#isBusy = true;
    return this.#frames();
  }

  *#frames(): Generator<Frame, void, void> {
    const large = this.#large;
    if (large !== undefined) {
      if (large.have < large.header.length) return;
      this.#large = undefined;
      yield { ...large.header, body: large.body, owned: large.owned };
      return;
    }
    const buffer = this.#buffer;
    while (this.#start < this.#end) {
      const at = this.#start;
      const have = this.#end - at;
      this.#checkStart(at, have);
      if (have < HEADER_BYTES) return;
      const type = buffer[at + 2]!;
      const flags = buffer[at + 3]!;
      const length = readU32(buffer, at + 4);
      const id = readU32(buffer, at + 8);
      if (length > this.maxBody) {
        const hex = type.toString(16).padStart(2, "0");
        throw new FrameError(
          "PROTOCOL",
          `a frame of type 0x${hex} claims a body of ${length} bytes, more than the ` +
            `${this.maxBody} allowed here`,
        );
      }
      const whole = HEADER_BYTES + length;
      if (have >= whole) {
        this.#start += whole;
        const body = buffer.subarray(at + HEADER_BYTES, at + whole);
        yield { type, flags, length, id, body, owned: false };
      } else if (whole > FIRST_BUFFER_BYTES / 2) {
        const part = buffer.subarray(at + HEADER_BYTES, this.#end);
        const used = this.#buffers?.take(length);
        const size = used === undefined ? Math.min(length, this.#firstBytes) : length;
        const spare = this.#spare;
        const owned = used !== undefined || spare === undefined || spare.byteLength < size;
        const body = used !== undefined
          ? new Uint8Array(used, 0, size)
          : owned
          ? this.#bodyOf(size)
          : new Uint8Array(spare, 0, size);
        body.set(part);
        this.#large = { header: { type, flags, length, id }, body, have: part.length, owned };
        this.#start = this.#end = 0;
        return;
      } else return;
    }
  }

  /**
   * Gives back the body of a frame, which is good until the next `space()` then, even if it was
   * `owned`. In a flood of large frames this saves garbage, of which V8 lets 64 MiB gather.
   */
  reuse({ buffer }: Uint8Array): void {
    const size = buffer.byteLength;
    if (buffer === this.#buffer.buffer || size > FIRST_BUFFER_BYTES) return;
    if (size > (this.#spare?.byteLength ?? 0)) this.#spare = buffer;
  }

  /** A new buffer; one that will be used again has room for bodies that are a little longer. */
  #bodyOf(size: number): Uint8Array {
    if (this.#buffers === undefined || size < FIRST_BUFFER_BYTES) return new Uint8Array(size);
    const rounded = Math.ceil(size / FIRST_BUFFER_BYTES) * FIRST_BUFFER_BYTES;
    return new Uint8Array(new ArrayBuffer(rounded), 0, size);
  }

  #checkStart(at: number, have: number): void {
    const zero = this.#buffer[at]!;
    const version = have > 1 ? this.#buffer[at + 1]! : PROTOCOL_VERSION;
    if (zero !== 0) {
      const shown = this.#buffer.subarray(at, Math.min(this.#end, at + 40));
      throw new FrameError("PROTOCOL", `a frame must start with byte 0, got ${printable(shown)}`);
    }
    if (version !== PROTOCOL_VERSION) {
      throw new FrameError(
        "VERSION",
        `the peer speaks version ${version} of the protocol, this side version ` +
          `${PROTOCOL_VERSION}; update ${version < PROTOCOL_VERSION ? "the peer" : "this side"}`,
      );
    }
  }
}

/** Bytes for an error message: ASCII as it is, the rest as hex. */
function printable(bytes: Uint8Array): string {
  const text = Array.from(
    bytes,
    (byte) =>
      byte >= 0x20 && byte < 0x7f
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, "0")}`,
  );
  return `"${text.join("")}"`;
}
