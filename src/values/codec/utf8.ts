/**
 * Reads and writes the UTF-8 of short strings: a call into the runtime costs more than these loops.
 *
 * @module
 */

/**
 * Writes `text` at `at`, where there must be room for three bytes a character.
 *
 * @returns Where it ends, or -1 if it is not well-formed.
 */
export function writeUtf8(text: string, into: Uint8Array, at: number): number {
  const length = text.length;
  for (let i = 0; i < length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      into[at++] = code;
      continue;
    }
    if (code < 0x800) {
      into[at++] = 0xc0 | code >> 6;
    } else {
      if (code < 0xd800 || code > 0xdfff) {
        into[at++] = 0xe0 | code >> 12;
      } else {
        code = text.codePointAt(i++)!;
        if (code < 0x10000) return -1;
        into[at++] = 0xf0 | code >> 18;
        into[at++] = 0x80 | code >> 12 & 0x3f;
      }
      into[at++] = 0x80 | code >> 6 & 0x3f;
    }
    into[at++] = 0x80 | code & 0x3f;
  }
  return at;
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The runtime reads longer strings. */
const HAND_BYTES = 96;

/** An array of each length, for the arguments of `String.fromCharCode`. */
const UNITS: readonly number[][] = Array.from(
  { length: HAND_BYTES + 1 },
  (_, length) => new Array(length).fill(0),
);

/**
 * Reads the UTF-8 from `at` to `end`.
 *
 * @throws {TypeError} If it is not well-formed.
 */
export function readUtf8(bytes: Uint8Array, at: number, end: number): string {
  const length = end - at;
  if (length > HAND_BYTES) return STRICT.decode(bytes.subarray(at, end));
  const units = UNITS[length]!;
  for (let i = 0; i < length; i++) {
    const byte = bytes[at + i]!;
    if (byte > 0x7f) {
      // The runtime throws the error.
      return readWide(bytes, at + i, end, units, i) ?? STRICT.decode(bytes.subarray(at, end));
    }
    units[i] = byte;
  }
  return String.fromCharCode.apply(null, units);
}

/**
 * Reads the rest of a string after `count` ASCII characters. `units` has enough room.
 *
 * @returns Undefined if it is not well-formed.
 */
function readWide(
  bytes: Uint8Array,
  at: number,
  end: number,
  units: number[],
  count: number,
): string | undefined {
  while (at < end) {
    const first = bytes[at++]!;
    if (first < 0x80) {
      units[count++] = first;
      continue;
    }
    const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (at + more > end) return undefined;
    const second = bytes[at++]!;
    if ((second & 0xc0) !== 0x80) return undefined;
    let code = (first & 0x3f >> more) << 6 | second & 0x3f;
    if (more === 1) {
      if (first < 0xc2) return undefined;
    } else {
      const third = bytes[at++]!;
      if ((third & 0xc0) !== 0x80) return undefined;
      code = code << 6 | third & 0x3f;
      if (more === 2) {
        if (code < 0x800 || (code >= 0xd800 && code <= 0xdfff)) return undefined;
      } else {
        const fourth = bytes[at++]!;
        if ((fourth & 0xc0) !== 0x80) return undefined;
        code = code << 6 | fourth & 0x3f;
        if (first > 0xf4 || code < 0x10000 || code > 0x10ffff) return undefined;
        units[count++] = 0xd7c0 + (code >> 10);
        code = 0xdc00 | code & 0x3ff;
      }
    }
    units[count++] = code;
  }
  const exact = UNITS[count]!;
  for (let i = 0; i < count; i++) exact[i] = units[i]!;
  return String.fromCharCode.apply(null, exact);
}
