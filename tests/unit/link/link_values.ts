/**
 * Reads values of the wire for the tests of the python process; extensions stay what they are.
 *
 * @module
 */

/** An extension as it is on the wire. */
export class Ext {
  /** Makes one. */
  constructor(readonly code: number, readonly data: unknown) {}
}

/** The extensions whose payload is no value. */
const RAW: ReadonlySet<number> = new Set([1, 10, 12, 15]);

/** Reads a value, extensions as {@linkcode Ext}, maps as objects without a prototype. */
export function readValue(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (count: number): Uint8Array => {
    at += count;
    return bytes.subarray(at - count, at);
  };
  const length = (size: number): number => {
    at += size;
    return size === 1
      ? view.getUint8(at - 1)
      : size === 2
      ? view.getUint16(at - 2)
      : view.getUint32(at - 4);
  };
  const text = (count: number): string =>
    new TextDecoder("utf-8", { fatal: true }).decode(take(count));
  const list = (count: number): unknown[] => Array.from({ length: count }, read);
  const map = (count: number): unknown => {
    const entries = Array.from({ length: count }, () => [read(), read()] as [string, unknown]);
    return Object.fromEntries(entries);
  };
  const ext = (count: number): Ext => {
    const code = view.getInt8(at++);
    const data = take(count).slice();
    return new Ext(code, RAW.has(code) ? data : readValue(data));
  };
  const int = (big: bigint): number | bigint =>
    Number.isSafeInteger(Number(big)) ? Number(big) : big;
  const read = (): unknown => {
    const first = view.getUint8(at++);
    if (first < 0x80) return first;
    if (first < 0x90) return map(first & 15);
    if (first < 0xa0) return list(first & 15);
    if (first < 0xc0) return text(first & 31);
    if (first >= 0xe0) return first - 256;
    switch (first) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return take(length(1 << (first - 0xc4))).slice();
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return ext(length(1 << (first - 0xc7)));
      case 0xcb:
        at += 8;
        return view.getFloat64(at - 8);
      case 0xcc:
      case 0xcd:
      case 0xce:
        return length(1 << (first - 0xcc));
      case 0xcf:
        at += 8;
        return int(view.getBigUint64(at - 8));
      case 0xd0:
        return view.getInt8(at++);
      case 0xd1:
        at += 2;
        return view.getInt16(at - 2);
      case 0xd2:
        at += 4;
        return view.getInt32(at - 4);
      case 0xd3:
        at += 8;
        return int(view.getBigInt64(at - 8));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return text(length(1 << (first - 0xd9)));
      case 0xdc:
      case 0xdd:
        return list(length(2 << (first - 0xdc)));
      case 0xde:
      case 0xdf:
        return map(length(2 << (first - 0xde)));
      default:
        if (first >= 0xd4 && first <= 0xd8) return ext(1 << (first - 0xd4));
        throw new Error(`byte 0x${first.toString(16)} starts no value`);
    }
  };
  const value = read();
  if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes follow the value`);
  return value;
}
