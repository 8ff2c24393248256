/**
 * Bytes that break a rule of PROTOCOL.md section 4, and such that look as if they did.
 *
 * @module
 */

/** Bytes, and whether they are a value. */
export interface Verdict {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  isValue: boolean;
}

const PROTO = "a9 5f5f70726f746f5f5f";
const NOW = "cd07ea 01 02 03 04 05 06 00 00 c0";

/** Values, as hexadecimal digits. */
const GOOD: readonly string[] = [
  "c0 | c2 | c3 | 00 | 7f | e0 | ff | cc00 | cdffff | ce00000000 | cf0000000000000001",
  "cf0020000000000000 | cfffffffffffffffff | d080 | d1ffff | d280000000 | d38000000000000000",
  "d3ffdfffffffffffff | ca3fc00000 | ca7fc00000 | cb8000000000000000 | cb7ff8000000000000",
  "a0 | d900 | da0000 | db00000000 | a3efbbbf | a4f48fbfbf | a3ed9fbf | a100",
  "c400 | c500 00 | c600000000 | c4 03 ff00c4 | 90 | dc0000 | dd00000000 | 80 | de0000 | df00000000",
  "81 a161 c0 | 81 d901 61 c0 | 81 da0001 61 c0 | 81 db00000001 61 c0 | 81 a0 01",
  // A key that comes twice.
  "82 a161 01 a161 02",
  // `__proto__` where it may be, and words that are nearly that.
  `${PROTO} | 81 a161 ${PROTO} | c7 0c 02 92 ${PROTO} 01 | 81 a8 5f5f70726f746f5f 01`,
  "81 aa 5f5f70726f746f5f5f5f 01 | c4 09 5f5f70726f746f5f5f",
  // Integers in more bytes than need be.
  "d40100 | d401ff | d50100ff | d801 00000000000000000000000000000001 | c70101 05 | c8000101 05",
  "c9 00000001 01 05 | c7 09 01 010000000000000000",
  // Dicts, sets.
  "d402 90 | d602 92 01 a161 | c7 04 02 92 01 a161 | c7 03 02 92 c2c3 | d403 90 | d503 91 07",
  "d603 92 01 a161 | c7 05 02 92 92 01 02 03 | d603 91 d403 90 | c7 05 02 92 c4 01 61 01",
  "c7 03 02 92 c0 c0 | c7 0b 02 92 cb3ff8000000000000 c0",
  `c7 0d 04 9a ${NOW} | c7 10 04 9a cd07ea 01 02 03 04 05 06 00 01 a3 555443`,
  // Bytes that look like a timestamp, or bytes as a key.
  "a2 c387 | cb d6ffd6ffd6ffd6ff | c4 06 d6ff00000000 | cf d7ff000000000000 | 92 c4 01 61 01",
].flatMap(list);

/** What every reader refuses; the first is no bytes at all. */
const BAD: readonly string[] = [
  " | c1 | 91c1 | c0c0 | 9000 | 8000 | a16161 | 81 a161 c1 | 92 c0",
  // Lengths that are not borne out.
  "ddffffffff | dfffffffff | dbffffffff | c6ffffffff | c9ffffffff03 | dcffff | deffff | daffff",
  "c5ffff | c8ffff03 | d9ff | c4ff | c7ff03 | 9f | 8f | bf | d803 | cb00 | cd00 | cf00000000000000",
  "dd7fffffff c0 | 92 dd00000003 c0 | 81 a161 df00000001 a1 61 | c6 00000002 00",
  // No UTF-8.
  "a180 | a1ff | a2c0af | a2c328 | a3eda080 | a3edbfbf | a4f4908080 | a4f0808080 | a3e08080 | a2c3",
  "81 a180 01 | 81 a3eda080 01 | d904 f5808080 | 82 a161 01 a1ff 02 | d602 92 01 a1ff",
  // Keys.
  "81 01 02 | 81 c0 02 | 81 c3 02 | 81 c4 01 61 02 | 81 c400 02 | 81 c5 0001 61 02 | 81 90 02",
  "82 a161 01 c4 01 62 02 | 81 a161 81 c4 01 61 02 | 81 c6 00000001 61 02 | 81 80 02 | 81 d40105 02",
  "91 81 cb3ff0000000000000 02 | 81 c70301 000001 02 | 82 c4 01 61 01 a161 02",
  `81 ${PROTO} 80 | 81 d9 09 5f5f70726f746f5f5f 80 | 81 da 0009 5f5f70726f746f5f5f 80`,
  `81 db 00000009 5f5f70726f746f5f5f 80 | 81 a161 91 81 ${PROTO} 01 | 82 ${PROTO} 01 ${PROTO} 02`,
  `c7 0d 03 91 81 ${PROTO} 01`,
  // Extensions.
  "d6ff00000000 | d7ff0000000000000000 | c70cff 000000000000000000000000 | d4ff00 | 91 d6ff00000000",
  "81 a161 d6ff00000000 | c7 07 03 91 d6ff00000000 | d40000 | d48000 | d47f00 | c7 00 03 | c7 00 01",
  "d40307 | d403c0 | d40280 | d502 91 01 | d602 93 010203 | c7 03 03 91 07 c0",
  "d403 91 | 92 d403 91 07 | c7 05 01 00 | c7 04 02 92 01 a1 | d504 9100 | d404 c0",
  // Datetimes that there are none of.
  ...[
    "cd0000 01 02 03 04 05 06 00 00 c0",
    "cd2710 01 02 03 04 05 06 00 00 c0",
    "cd07ea 0d 02 03 04 05 06 00 00 c0",
    "cd07ea 02 1e 03 04 05 06 00 00 c0",
    "cd07ea 00 02 03 04 05 06 00 00 c0",
    "cd07ea 01 02 18 04 05 06 00 00 c0",
    "cd07ea 01 02 03 3c 05 06 00 00 c0",
    "cd07ea 01 02 03 04 3c 06 00 00 c0",
    "cd07ea 01 02 03 04 05 ce000f4240 00 00 c0",
    "cd07ea 01 02 03 04 05 ff 00 00 c0",
    "cd07ea 01 02 03 04 05 06 cf000000141dd76000 00 c0",
    "cd07ea 01 02 03 04 05 06 d3ffffffebe228a000 00 c0",
    "cd07ea 01 02 03 04 05 06 00 02 c0",
    "cd07ea 01 02 03 04 05 06 00 00 01",
    "cd07ea 01 02 03 04 05 06 00 c3 c0",
    "cfffffffffffffffff 01 02 03 04 05 06 00 00 c0",
    "a161 01 02 03 04 05 06 00 00 c0",
  ].map((fields) => extension(4, `9a ${fields}`)),
  extension(4, `99 cd07ea 01 02 03 04 05 06 00 00`),
  extension(4, `9b ${NOW} c0`),
].flatMap(list);

function list(line: string): string[] {
  return line.split("|");
}

/** An extension with a payload, as hexadecimal digits. */
function extension(code: number, payload: string): string {
  const digits = payload.replaceAll(" ", "");
  return "c9" + (digits.length / 2).toString(16).padStart(8, "0") +
    code.toString(16).padStart(2, "0") +
    digits;
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(hex.replaceAll(" ", ""));
}

/** Sets in sets: two levels each. */
function sets(count: number): string {
  let value = "c0";
  for (let i = 0; i < count; i++) value = extension(3, "91" + value);
  return value;
}

/** Values that nest so deep: of each kind, and mixed. */
function nested(levels: number): string[] {
  return [
    "91".repeat(levels) + "c0",
    "91".repeat(levels - 1) + "90",
    "81a161".repeat(levels) + "c0",
    "81a161".repeat(levels - 1) + "80",
    "91".repeat(levels - 1) + "d40105",
    "91".repeat(levels - 2) + "d40390",
    "92c40161".repeat(levels - 1) + "90",
    "92c40161".repeat(levels - 2) + "d40390",
    "91".repeat(levels - 4) + sets(2),
    "91".repeat(levels % 2) + sets((levels - levels % 2) / 2),
    "9201".repeat(levels - 1) + "9f" + "01".repeat(15),
  ];
}

/**
 * What stands before a value, so that a reader takes another of its ways. Beyond 16 KiB, and lists of
 * 2,048, no reader has another way.
 */
function fillers(): [name: string, hex: string][] {
  const text = (size: number): string =>
    "db" + size.toString(16).padStart(8, "0") + "61".repeat(size);
  const longList = (size: number): string =>
    "dd" + size.toString(16).padStart(8, "0") + "01".repeat(size);
  return [
    ["600 bytes of text", text(600)],
    ["20,000 bytes of text", text(20_000)],
    ["20,000 integers", longList(20_000)],
    ["600 lists", "dc0258" + "90".repeat(600)],
    ["bytes", "c4020102"],
    ["bytes and 17,000 integers", "92 c40161" + longList(17_000)],
    ["a set", "d50391 07"],
    ["words like rules broken", "a9 5f5f70726f746f5f5f"],
  ];
}

/** All of them, each with the verdict that every reader has to come to. */
export function hostileValues(): Verdict[] {
  const all: Verdict[] = [];
  const add = (name: string, hex: string, isValue: boolean): void => {
    all.push({ name, bytes: bytes(hex), isValue });
  };
  for (const hex of GOOD) add(hex, hex, true);
  for (const hex of BAD) add(hex, hex, false);
  for (const [i, hex] of nested(512).entries()) add(`512 levels, ${i}`, hex, true);
  for (const [i, hex] of nested(513).entries()) add(`513 levels, ${i}`, hex, false);
  for (const [i, hex] of nested(1100).entries()) add(`1,100 levels, ${i}`, hex, false);
  add("100,000 levels", "91".repeat(100_000) + "c0", false);
  for (const [name, filler] of fillers()) {
    for (const hex of GOOD) add(`${name}, ${hex}`, `92 ${filler} ${hex}`, true);
    for (const hex of BAD) {
      if (hex.trim() !== "") add(`${name}, ${hex}`, `92 ${filler} ${hex}`, false);
    }
    for (const [i, hex] of nested(511).entries()) {
      add(`${name}, 512 levels, ${i}`, `92 ${filler} ${hex}`, true);
    }
    for (const [i, hex] of nested(512).entries()) {
      add(`${name}, 513 levels, ${i}`, `92 ${filler} ${hex}`, false);
    }
  }
  return all;
}

/** Lists in lists, each of which claims all the bytes behind it. */
export function nestedClaims(size: number, levels: number): Uint8Array<ArrayBuffer> {
  const claims = new Uint8Array(size).fill(0xc0);
  const view = new DataView(claims.buffer);
  for (let at = 0; at + 5 <= Math.min(size, 5 * levels); at += 5) {
    claims[at] = 0xdd;
    view.setUint32(at + 1, size - at - 5);
  }
  return claims;
}

/** A copy with one to three bytes changed, put in or cut off; `below` rolls the dice. */
export function damaged(
  bytes: Uint8Array<ArrayBuffer>,
  below: (limit: number) => number,
): Uint8Array<ArrayBuffer> {
  bytes = bytes.slice();
  for (let hits = 1 + below(3); hits > 0; hits--) {
    const at = below(bytes.length);
    switch (below(4)) {
      case 0:
        bytes[at] = below(256);
        break;
      case 1:
        bytes[at]! ^= 1 << below(8);
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      default:
        bytes = Uint8Array.from([...bytes.subarray(0, at), below(256), ...bytes.subarray(at)]);
    }
  }
  return bytes;
}
