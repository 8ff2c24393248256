/**
 * UTF-8 of short strings by hand, since a call into the runtime costs more than these loops.
 *
 * @module
 */

/** The length of `text` in UTF-8, or -1 where it is not well formed. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) length += 1;
    else if (code < 0x800) length += 2;
    else if (code < 0xd800 || code > 0xdfff) length += 3;
    else {
      // The second half exists, and is one, or there is no code point above 0xffff here.
      if (text.codePointAt(i++)! < 0x10000) return -1;
      length += 4;
    }
  }
  return length;
}

/** Writes `text`, which is well formed, at `at`. */
export function writeUtf8(text: string, into: Uint8Array, at: number): void {
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      into[at++] = code;
      continue;
    }
    if (code < 0x800) {
      into[at++] = 0xc0 | (code >> 6);
    } else {
      if (code < 0xd800 || code > 0xdfff) into[at++] = 0xe0 | (code >> 12);
      else {
        code = text.codePointAt(i++)!;
        into[at++] = 0xf0 | (code >> 18);
        into[at++] = 0x80 | ((code >> 12) & 0x3f);
      }
      into[at++] = 0x80 | ((code >> 6) & 0x3f);
    }
    into[at++] = 0x80 | (code & 0x3f);
  }
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Longer strings are left to the runtime. */
const HAND_BYTES = 64;

/** An array of each length, for `String.fromCharCode` to take its arguments from. */
const UNITS: readonly number[][] = Array.from(
  { length: HAND_BYTES + 1 },
  (_, n) => Array(n).fill(0),
);

/**
 * Reads the UTF-8 from `at` to `end`.
 *
 * @throws {TypeError} If it is not well formed.
 */
export function readUtf8(bytes: Uint8Array, at: number, end: number): string {
  const length = end - at;
  if (length > HAND_BYTES) return STRICT.decode(bytes.subarray(at, end));
  const units = UNITS[length]!;
  for (let i = 0; i < length; i++) {
    const byte = bytes[at + i]!;
    if (byte > 0x7f) return readWide(bytes, at, end, units, i);
    units[i] = byte;
  }
  return String.fromCharCode.apply(null, units);
}

/** Goes on where the first byte is that is not ASCII; what looks wrong is the runtime's matter. */
function readWide(
  bytes: Uint8Array,
  start: number,
  end: number,
  units: number[],
  count: number,
): string {
  let at = start + count;
  while (at < end) {
    const byte = bytes[at++]!;
    if (byte < 0x80) {
      units[count++] = byte;
      continue;
    }
    const more = byte < 0xc2 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : byte < 0xf5 ? 3 : 0;
    if (more === 0 || at + more > end) return STRICT.decode(bytes.subarray(start, end));
    let code = byte & (0x3f >> more);
    for (let i = 0; i < more; i++) {
      const next = bytes[at++]!;
      if ((next & 0xc0) !== 0x80) return STRICT.decode(bytes.subarray(start, end));
      code = (code << 6) | (next & 0x3f);
    }
    const surrogate = code >= 0xd800 && code <= 0xdfff;
    if (surrogate || code > 0x10ffff || code < SMALLEST[more]!) {
      return STRICT.decode(bytes.subarray(start, end));
    }
    if (code < 0x10000) units[count++] = code;
    else {
      units[count++] = 0xd7c0 + (code >> 10);
      units[count++] = 0xdc00 | (code & 0x3ff);
    }
  }
  return String.fromCharCode.apply(null, units.slice(0, count));
}

/** The smallest code point that needs so many bytes after its first: less is overlong. */
const SMALLEST: readonly number[] = [0, 0x80, 0x800, 0x10000];
