import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { decode, DecodeError } from "../../../src/values/decode.ts";
import { Encoder } from "../../../src/values/encode.ts";
import { READERS } from "../../../src/values/table.ts";
import { Opaque } from "../../../src/values/types.ts";
import { seeded } from "./values_random.ts";

function read(hex: string): unknown {
  return decode(Uint8Array.fromHex(hex.replaceAll(" ", "")));
}

/** Checks that bytes are refused, with which reason, and that the next ones are read as ever. */
function refused(hex: string, reason: string): void {
  assertThrows(() => read(hex), DecodeError, reason);
  assertEquals(read("82 a1 61 92 01 02 a1 62 c0"), { a: [1, 2], b: null });
}

Deno.test("decode() reads each form of an integer, as a bigint where it is not safe", () => {
  const cases: [string, number | bigint][] = [
    ["7f", 127],
    ["e0", -32],
    ["cc ff", 255],
    ["cd 00 01", 1],
    ["ce ff ff ff ff", 2 ** 32 - 1],
    ["cf 00 00 00 00 00 00 00 05", 5],
    ["cf 00 1f ff ff ff ff ff ff", Number.MAX_SAFE_INTEGER],
    ["cf 00 20 00 00 00 00 00 00", 2n ** 53n],
    ["cf ff ff ff ff ff ff ff ff", 2n ** 64n - 1n],
    ["d0 80", -128],
    ["d1 80 00", -32768],
    ["d2 80 00 00 00", -(2 ** 31)],
    ["d3 ff ff ff ff ff ff ff ff", -1],
    ["d3 ff e0 00 00 00 00 00 01", Number.MIN_SAFE_INTEGER],
    ["d3 ff e0 00 00 00 00 00 00", -(2n ** 53n)],
    ["d3 80 00 00 00 00 00 00 00", -(2n ** 63n)],
    ["d4 01 ff", -1],
    ["c7 09 01 01 00 00 00 00 00 00 00 00", 2n ** 64n],
    ["c7 09 01 ff 7f ff ff ff ff ff ff ff", -(2n ** 63n) - 1n],
  ];
  for (const [hex, value] of cases) assertStrictEquals(read(hex), value, hex);
  const huge = 7n ** 20000n;
  for (const value of [huge, -huge]) {
    const encoder = new Encoder();
    encoder.value(value, "huge");
    assertStrictEquals(decode(encoder.bytes()), value);
  }
});

Deno.test("decode() reads floats of both sizes with all their special values", () => {
  assert(Object.is(read("cb 80 00 00 00 00 00 00 00"), -0));
  assert(Object.is(read("cb 7f f8 00 00 00 00 00 00"), NaN));
  assertEquals(read("cb 3f f0 00 00 00 00 00 00"), 1);
  assertEquals(read("ca 3f c0 00 00"), 1.5);
  assertEquals(read("ca ff 80 00 00"), -Infinity);
});

Deno.test("decode() keeps a byte order mark, of short and of long strings", () => {
  for (const length of [0, 1, 30, 500]) {
    const text = `\ufeff${"x".repeat(length)}\ufeff`;
    const encoder = new Encoder();
    encoder.value(text, "text");
    assertStrictEquals(decode(encoder.bytes()), text);
  }
});

Deno.test("decode() refuses what is no well-formed UTF-8, in short and in long strings", () => {
  const wrong = [
    "80", // a continuation byte alone
    "c3", // cut short
    "e6bc",
    "f09f98",
    "c328", // no continuation byte
    "e62822",
    "e6bc28",
    "f09f9828",
    "c0af", // longer than need be
    "c1bf",
    "e09fbf",
    "f08fbfbf",
    "eda080", // halves of a surrogate pair
    "edbfbf",
    "f4908080", // beyond U+10FFFF
    "f5808080",
    "ff",
    "fe",
  ];
  for (const bytes of wrong) {
    for (const before of [0, 1, 10, 90, 300]) {
      for (const after of [0, 1, 10]) {
        const body = "61".repeat(before) + bytes + "61".repeat(after);
        const length = (body.length / 2).toString(16).padStart(4, "0");
        refused(`da${length}${body}`, "is not well-formed UTF-8");
        refused(`81da${length}${body}01`, "is not well-formed UTF-8");
      }
    }
  }
  assertEquals(read("a4 f0 90 80 80"), "\u{10000}");
  assertEquals(read("a4 f4 8f bf bf"), "\u{10ffff}");
  assertEquals(read("a3 ed 9f bf"), "\ud7ff");
  assertEquals(read("a3 ee 80 80"), "\ue000");
});

Deno.test("decode() gives bytes of their own, or a view of a message that they are most of", () => {
  const small = Uint8Array.fromHex("93c40101c40102a0");
  const [first, second] = decode(small) as [Uint8Array, Uint8Array];
  small.fill(0xc0);
  assertEquals([first, second], [new Uint8Array([1]), new Uint8Array([2])]);
  assertNotEquals(first.buffer, small.buffer);

  const message = (sizes: number[]) => {
    const encoder = new Encoder();
    encoder.value(sizes.map((size) => new Uint8Array(size).fill(size)), "sizes");
    return encoder.bytes().slice();
  };
  const large = message([100_000]);
  assertStrictEquals((decode(large) as Uint8Array[])[0]!.buffer, large.buffer);
  const many = message([100_000, 100_000, 100_000]);
  for (const bytes of decode(many) as Uint8Array[]) {
    assertEquals(bytes, new Uint8Array(100_000).fill(100_000));
    assertEquals(bytes.buffer.byteLength, 100_000);
  }
});

Deno.test("decode() reads a message that lies inside a larger buffer", () => {
  const all = Uint8Array.fromHex("ffff" + "92cb3ff8000000000000c7070394cd0102050607" + "ffff");
  assertEquals(decode(all.subarray(2, -2)), [1.5, new Set([258, 5, 6, 7])]);
});

Deno.test("decode() makes dicts objects with own keys, whatever the keys are called", () => {
  const keys = [
    "constructor",
    "toString",
    "hasOwnProperty",
    "",
    "a b",
    "0",
    "länger",
    "x".repeat(40),
  ];
  const encoder = new Encoder();
  for (let turn = 0; turn < 2; turn++) {
    encoder.reset();
    encoder.value(Object.fromEntries(keys.map((key, i) => [key, i])), "keys");
    const object = decode(encoder.bytes()) as Record<string, unknown>;
    assertStrictEquals(Object.getPrototypeOf(object), Object.prototype);
    assertEquals(Object.keys(object).sort(), keys.toSorted());
    for (const [i, key] of keys.entries()) assertStrictEquals(object[key], i);
  }
  assertEquals(read("82 a1 61 01 a1 61 02"), { a: 2 });
});

Deno.test("decode() tells keys apart that the key cache puts in one place", () => {
  const random = seeded(1);
  const letters = "abcdefgh";
  const encoder = new Encoder();
  for (let turn = 0; turn < 200; turn++) {
    const object = Object.fromEntries(Array.from({ length: 50 }, (_, i) => {
      const length = 1 + Math.floor(random() * 40);
      const key = Array.from({ length }, () => letters[Math.floor(random() * 8)]).join("");
      return [key, i];
    }));
    encoder.reset();
    encoder.value(object, "object");
    assertEquals(decode(encoder.bytes()), object);
  }
});

Deno.test("decode() reads extension 2 as an object where all keys are strings, else as a Map", () => {
  assertEquals(read("c7 04 02 92 01 a1 61"), new Map([[1, "a"]]));
  assertEquals(read("d6 02 92 01 a1 61"), new Map([[1, "a"]]));
  assertEquals(read("d4 02 90"), {});
  const own = read("c7 0f 02 94 a1 61 01 a9 5f 5f 70 72 6f 74 6f 5f 5f 02") as object;
  assertStrictEquals(Object.getPrototypeOf(own), Object.prototype);
  assertEquals(Object.entries(own), [["a", 1], ["__proto__", 2]]);
  const mixed = read("c7 0e 02 94 01 02 a9 5f 5f 70 72 6f 74 6f 5f 5f 03");
  assertEquals(mixed, new Map<unknown, unknown>([[1, 2], ["__proto__", 3]]));
  refused("d6 02 93 01 02 03", "a dict with a key and no value");
  refused("d4 02 80", "a dict is no array");
});

Deno.test("decode() reads extension 3 as a Set and extension 5 as an Opaque", () => {
  assertEquals(read("d5 03 91 07"), new Set([7]));
  refused("d4 03 07", "a set is no array");
  const opaque = read("c7 0f 05 82 a4 74 79 70 65 a1 54 a4 72 65 70 72 a1 52") as Opaque;
  assert(opaque instanceof Opaque);
  assertEquals([opaque.type, opaque.repr, String(opaque)], ["T", "R", "R"]);
  refused("d4 05 c0", "an opaque value is no map of type and repr");
  refused("d4 05 80", "an opaque value is no map of type and repr");
});

Deno.test("decode() refuses a plain map with a key that is no string, or is __proto__", () => {
  refused("81 01 02", "a key at 1 of a map is no string");
  refused("81 c0 02", "is no string");
  refused("81 c4 01 61 02", "is no string");
  refused("81 a9 5f 5f 70 72 6f 74 6f 5f 5f 80", "a map has the key __proto__");
  refused("81 d9 09 5f 5f 70 72 6f 74 6f 5f 5f 80", "a map has the key __proto__");
  refused("81 db 00 00 00 09 5f 5f 70 72 6f 74 6f 5f 5f 80", "a map has the key __proto__");
  assertStrictEquals(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("decode() refuses bytes after the value, none at all, and a byte that begins nothing", () => {
  refused("", "cut short");
  refused("c0 c0", "1 bytes are left after it");
  refused("90 00 00", "2 bytes are left after it");
  refused("c1", "the byte 0xc1 at 0 begins nothing");
  refused("91 c1", "the byte 0xc1 at 1 begins nothing");
});

Deno.test("decode() refuses every extension code that is not in the table", () => {
  for (let code = 0; code < 256; code++) {
    if (READERS.has(code)) continue;
    const byte = code.toString(16).padStart(2, "0");
    refused(`d4${byte}00`, `there is no extension ${code << 24 >> 24}`);
  }
  refused("d6 06 92 01 a1 61", "there is no extension 6"); // a tuple, which only goes
  refused("d6 ff 00 00 00 00", "there is no extension -1"); // MessagePack's own timestamp
});

Deno.test("decode() refuses an extension whose value is shorter or longer than its payload", () => {
  refused("c7 03 03 91 07 c0", "1 bytes are left in extension 3");
  refused("d4 03 91 07", "cut short");
  refused("92 d4 03 91 07", "cut short");
  refused("c7 00 01", "an int of no bytes");
  refused("c7 00 03", "cut short");
  refused("c7 05 01 00", "cut short");
});

Deno.test("decode() nests 512 deep and no deeper, extensions counted", () => {
  const reason = "nested deeper than 512 levels";
  assertNotEquals(read("91".repeat(511) + "90"), undefined);
  refused("91".repeat(512) + "90", reason);
  assertNotEquals(read("81a161".repeat(512) + "01"), undefined);
  refused("81a161".repeat(513) + "01", reason);
  refused("91".repeat(512) + "d40101", reason);
  assertNotEquals(read("91".repeat(511) + "d40101"), undefined);
  refused("91".repeat(511) + "d40390", reason);
  assertNotEquals(read("91".repeat(510) + "d40390"), undefined);
  refused("91".repeat(100_000), reason);
});

Deno.test("decode() refuses a value that is cut at any of its bytes", () => {
  const encoder = new Encoder();
  const value = {
    list: [1, 300, 70000, 2 ** 40, -1, -200, -40000, -(2 ** 40), 0.5, 2n ** 70n, null, true],
    text: ["a", "ä".repeat(20), "x".repeat(300), new Uint8Array(3), new Uint8Array(300)],
    more: [new Set([1]), new Map([[1, new Date()]])],
  };
  encoder.value(value, "value");
  const bytes = encoder.take();
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(() => decode(bytes.subarray(0, length)), DecodeError);
  }
  assertEquals(Object.keys(decode(bytes) as object), ["list", "text", "more"]);
});

Deno.test("decode() refuses a length that the bytes do not bear out, at no cost", () => {
  const lies = [
    ...[
      "dd ff ff ff ff",
      "df ff ff ff ff",
      "db ff ff ff ff",
      "c6 ff ff ff ff",
      "c9 ff ff ff ff 03",
    ],
    ...[
      "dc ff ff",
      "de ff ff",
      "da ff ff",
      "c5 ff ff",
      "c8 ff ff 03",
      "d9 ff",
      "c4 ff",
      "c7 ff 03",
    ],
    ...["9f", "8f", "bf", "d8 03", "de 00 02 a1 61 01 a1", "cb 00", "cd 00"],
  ];
  for (const lie of lies) {
    refused(lie, "cut short");
    refused(`91 ${lie}`, "cut short");
  }
  // 100 KB of headers, each of which claims all the bytes behind it.
  const size = 100_000;
  const nestedClaims = new Uint8Array(size);
  const view = new DataView(nestedClaims.buffer);
  for (let at = 0; at + 5 <= size; at += 5) {
    nestedClaims[at] = 0xdd;
    view.setUint32(at + 1, size - at - 5);
  }
  const before = Deno.memoryUsage().heapUsed;
  for (let i = 0; i < 20; i++) assertThrows(() => decode(nestedClaims), DecodeError);
  assert(Deno.memoryUsage().heapUsed - before < 16 * 2 ** 20);
  assertThrows(() => decode(nestedClaims), DecodeError, "cut short");
});

Deno.test("decode() reads an array of more elements than it believes in at once", () => {
  for (const length of [1023, 1024, 1025, 8192, 8193, 70_000]) {
    const list = Array.from({ length }, (_, i) => i % 3 === 0 ? i / 7 : i % 3 === 1 ? `${i}` : i);
    const encoder = new Encoder();
    encoder.value(list, "list");
    assertEquals(decode(encoder.bytes()), list);
  }
});

Deno.test("DecodeError has its name and its reason", () => {
  const error = assertThrows(() => read("c1"), DecodeError);
  assertEquals(error.name, "DecodeError");
  assertEquals(error.message, "Cannot read a value: the byte 0xc1 at 0 begins nothing");
});
