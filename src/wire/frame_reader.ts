/**
 * Reads frames: bytes in, frames out, without a socket.
 *
 * @module
 */
import {
  FIRST_BUFFER_BYTES,
  GROWTH_FACTOR,
  IDLE_BUFFER_BYTES,
  MAX_TRANSFER_BYTES,
} from "./buffers.ts";
import { type Frame, FrameError, type Header, readU32 } from "./frame.ts";
import { HEADER_BYTES, PROTOCOL_VERSION } from "./limits.ts";

/** Used buffers, which a reader takes instead of new ones. */
export interface Buffers {
  /**
   * Hands out a buffer with room for `size` bytes, if there is one. It belongs to the caller then.
   */
  take(size: number): ArrayBuffer | undefined;
}

/**
 * Splits a stream of bytes into frames.
 *
 * The caller asks where the next bytes go (`space()`), puts some there, and says how many
 * (`filled(n)`). So a socket reads straight into the frame. Small frames share one buffer, of 4 KiB
 * while the stream is idle. A large body gets its own buffer, which grows as its bytes come: a
 * header that claims 256 MiB costs 64 KiB until they do.
 *
 * After a {@linkcode FrameError} the reader stays broken: a stream cannot be resynchronised.
 */
export class FrameReader {
  /** The largest body that is allowed. It may be raised once the peer is known. */
  maxBody: number;
  readonly #firstBytes: number;
  readonly #buffers: Buffers | undefined;
  #buffer = new Uint8Array(IDLE_BUFFER_BYTES);
  /** The small buffer has been full: the stream is not idle. */
  #isBusy = false;
  #start = 0;
  #end = 0;
  #large: { header: Header; body: Uint8Array; have: number; owned: boolean } | undefined;
  /** A buffer for the next large body. */
  #spare: ArrayBufferLike | undefined;

  /**
   * Makes one that refuses bodies longer than `maxBody` bytes. With `believes`, for headers of a
   * process of one's own, a large body gets its whole buffer at once. It does so as well if
   * `buffers` has a used one, which costs nothing; a body in it is `owned` like others.
   */
  constructor(
    maxBody: number,
    { believes = false, buffers }: { believes?: boolean; buffers?: Buffers } = {},
  ) {
    this.maxBody = maxBody;
    this.#buffers = buffers;
    this.#firstBytes = believes ? Infinity : FIRST_BUFFER_BYTES;
  }

  /** Whether part of a frame has come: an end of the stream would cut it. */
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

  /** The large frame that is being received, if there is one. */
  get part(): { type: number; id: number; length: number; have: number } | undefined {
    if (this.#large === undefined) return undefined;
    const { header: { type, id, length }, have } = this.#large;
    return { type, id, length, have };
  }

  /** Where the next bytes go; never empty. Views that were given out may be overwritten. */
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
   * Takes `count` bytes, which were put at the start of what `space()` gave, and yields the frames
   * that are now complete. They are read one by one: a change after one, such as of `maxBody`,
   * holds for the next, and an error is thrown after the frames before it. So it does not matter
   * how the stream was cut. Take all frames before the next `space()`.
   *
   * @throws {FrameError} If bytes are not a frame, or a body is too long.
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
   * Takes back the body of a frame. It is then valid until the next `space()`, even if it was
   * `owned`. In a flood of large frames this saves garbage, of which V8 gathers 64 MiB before it
   * collects.
   */
  reuse({ buffer }: Uint8Array): void {
    const size = buffer.byteLength;
    if (buffer === this.#buffer.buffer || size > FIRST_BUFFER_BYTES) return;
    if (size > (this.#spare?.byteLength ?? 0)) this.#spare = buffer;
  }

  /** A new buffer. One that will be used again has room for slightly longer bodies. */
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
