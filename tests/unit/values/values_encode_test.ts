import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { PyProxyError } from "../../../src/common/error_base.ts";
import { decode } from "../../../src/values/decode.ts";
import { Encoder } from "../../../src/values/encode.ts";
import { EncodeError } from "../../../src/values/encode_error.ts";
import { Opaque, PythonScalar } from "../../../src/values/types.ts";
import { float } from "../../../src/values/types/float.ts";
import { tuple } from "../../../src/values/types/tuple.ts";

const encoder = new Encoder();

/** The bytes of a value in hexadecimal, by the one Encoder that all tests here use on and on. */
function hex(value: unknown): string {
  encoder.reset();
  encoder.value(value, "locs");
  return encoder.take().toHex();
}

/** Checks that a value cannot be sent, where and why, and that the Encoder goes on after it. */
function refused(value: unknown, path: string, reason: string): EncodeError {
  encoder.reset();
  encoder.value("before", "before");
  const start = encoder.length;
  const error = assertThrows(() => encoder.value(value, "locs"), EncodeError);
  encoder.truncate(start);
  encoder.value("after", "after");
  assertEquals(encoder.take().toHex(), "a66265666f7265a56166746572");
  assertEquals(error.message, `Cannot send ${path}: ${reason}`);
  assertEquals(error.path, path);
  return error;
}

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = wrap(value);
  return value;
}

Deno.test("Encoder writes each integer in the shortest form that holds it", () => {
  const cases: [number | bigint, string][] = [
    [0, "00"],
    [1, "01"],
    [127, "7f"],
    [128, "cc80"],
    [255, "ccff"],
    [256, "cd0100"],
    [65535, "cdffff"],
    [65536, "ce00010000"],
    [2 ** 31 - 1, "ce7fffffff"],
    [2 ** 31, "ce80000000"],
    [2 ** 32 - 1, "ceffffffff"],
    [2 ** 32, "cf0000000100000000"],
    [Number.MAX_SAFE_INTEGER, "cf001fffffffffffff"],
    [-1, "ff"],
    [-32, "e0"],
    [-33, "d0df"],
    [-128, "d080"],
    [-129, "d1ff7f"],
    [-32768, "d18000"],
    [-32769, "d2ffff7fff"],
    [-(2 ** 31), "d280000000"],
    [-(2 ** 31) - 1, "d3ffffffff7fffffff"],
    [-(2 ** 32), "d3ffffffff00000000"],
    [Number.MIN_SAFE_INTEGER, "d3ffe0000000000001"],
    [5n, "05"],
    [-5n, "fb"],
    [300n, "cd012c"],
    [2n ** 53n, "cf0020000000000000"],
    [2n ** 53n + 1n, "cf0020000000000001"],
    [-(2n ** 53n), "d3ffe0000000000000"],
    [2n ** 63n - 1n, "cf7fffffffffffffff"],
    [2n ** 63n, "cf8000000000000000"],
    [2n ** 64n - 1n, "cfffffffffffffffff"],
    [-(2n ** 63n), "d38000000000000000"],
    [2n ** 64n, "c70901010000000000000000"],
    [-(2n ** 63n) - 1n, "c70901ff7fffffffffffffff"],
    [2n ** 127n - 1n, "d8017fffffffffffffffffffffffffffffff"],
    [-(2n ** 127n), "d80180000000000000000000000000000000"],
    [2n ** 127n, "c7110100" + "80000000000000000000000000000000"],
    [-(2n ** 71n), "c70901800000000000000000"],
  ];
  for (const [value, bytes] of cases) assertEquals(hex(value), bytes, String(value));
});

Deno.test("Encoder writes a number as a float when it is no safe integer, or -0", () => {
  assertEquals(hex(-0), "cb8000000000000000");
  assertEquals(hex(0.5), "cb3fe0000000000000");
  assertEquals(hex(2 ** 53), "cb4340000000000000");
  assertEquals(hex(-(2 ** 53)), "cbc340000000000000");
  assertEquals(hex(1e300), "cb7e37e43c8800759c");
  assertEquals(hex(NaN), "cb7ff8000000000000");
  assertEquals(hex(Infinity), "cb7ff0000000000000");
  assertEquals(hex(-Infinity), "cbfff0000000000000");
});

Deno.test("float() sends an integer as a float", () => {
  assertEquals(hex(float(1)), "cb3ff0000000000000");
  assertEquals(hex([float(-0)]), "91cb8000000000000000");
  assertThrows(() => float("1" as unknown as number), TypeError, "a number is needed, got string");
});

Deno.test("Encoder writes null, undefined, holes and booleans", () => {
  assertEquals(hex(null), "c0");
  assertEquals(hex(undefined), "c0");
  assertEquals(hex(true), "c3");
  assertEquals(hex(false), "c2");
  // deno-lint-ignore no-sparse-arrays
  assertEquals(hex([1, , 2]), "9301c002");
  assertEquals(hex({ a: undefined }), "81a161c0");
});

Deno.test("Encoder writes strings of every length and script as TextEncoder does", () => {
  const lengths = [0, 1, 31, 32, 48, 49, 100, 255, 256, 300, 65535, 65536, 70000];
  for (const unit of ["a", "é", "я", "漢", "😀", "a😀", "aaaaaaaaaaaaaaaaaaaaé", "\ufeff", "\0"]) {
    for (const length of lengths) {
      const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length).toWellFormed();
      const utf8 = new TextEncoder().encode(text);
      encoder.reset();
      encoder.value(text, "text");
      const bytes = encoder.bytes();
      assertEquals(bytes.subarray(bytes.length - utf8.length), utf8);
      const head = bytes.subarray(0, bytes.length - utf8.length).toHex();
      const n = utf8.length;
      const number = (digits: number) => n.toString(16).padStart(digits, "0");
      assertEquals(
        head,
        n < 32
          ? (0xa0 | n).toString(16)
          : n < 256
          ? `d9${number(2)}`
          : n < 65536
          ? `da${number(4)}`
          : `db${number(8)}`,
      );
      assertStrictEquals(decode(bytes), text);
    }
  }
});

Deno.test("Encoder refuses a string that is not well formed, wherever the lone half stands", () => {
  const reason = "a string with half of a surrogate pair is no text";
  for (const text of ["\ud800", "\udc00", "x\ud800", "\ud800x", "é\udc00\ud800", "😀\ud83d"]) {
    for (const padding of [0, 29, 30, 31, 32, 47, 48, 300]) {
      refused({ text: "a".repeat(padding) + text }, "locs.text", reason);
      refused({ text: text + "a".repeat(padding) }, "locs.text", reason);
    }
  }
  refused({ "\ud800": 1 }, 'locs["\\ud800"]', reason);
});

Deno.test("Encoder writes bytes from each form that JavaScript has for them", () => {
  const buffer = new Uint8Array([9, 1, 2, 3, 9]).buffer;
  assertEquals(hex(new Uint8Array(buffer, 1, 3)), "c403010203");
  assertEquals(hex(new DataView(buffer, 1, 3)), "c403010203");
  assertEquals(hex(new Uint8ClampedArray(buffer, 1, 3)), "c403010203");
  assertEquals(hex(buffer), "c4050901020309");
  assertEquals(hex(new (class Buffer extends Uint8Array {})([1])), "c40101");
  assertEquals(hex(new Uint8Array(new SharedArrayBuffer(2))), "c4020000");
  assertEquals(hex(new Uint8Array(0)), "c400");
  assertEquals(hex(new Uint8Array(256)).slice(0, 6), "c50100");
  assertEquals(hex(new Uint8Array(65536)).slice(0, 10), "c600010000");
});

Deno.test("Encoder refuses bytes that were transferred away", () => {
  const buffer = new ArrayBuffer(4);
  const views = [
    buffer,
    new Uint8Array(buffer),
    new DataView(buffer),
    new Uint8ClampedArray(buffer),
  ];
  buffer.transfer();
  for (const view of views) refused({ view }, "locs.view", "its bytes were transferred away");
});

Deno.test("Encoder writes arrays and plain objects of every size", () => {
  assertEquals(hex([]), "90");
  assertEquals(hex([1, [2]]), "92019102");
  assertEquals(hex(new Array(15).fill(0)), "9f" + "00".repeat(15));
  assertEquals(hex(new Array(16).fill(0)), "dc0010" + "00".repeat(16));
  assertEquals(hex(new Array(65536).fill(0)), "dd00010000" + "00".repeat(65536));
  assertEquals(hex({}), "80");
  assertEquals(hex({ a: 1, b: [] }), "82a16101a16290");
  assertEquals(hex(Object.assign(Object.create(null), { a: 1 })), "81a16101");
  for (const [size, head] of [[15, "8f"], [16, "de0010"], [65536, "df00010000"]] as const) {
    const object = Object.fromEntries(Array.from({ length: size }, (_, i) => [`k${i}`, i]));
    assertEquals(hex(object).slice(0, head.length), head);
    assertEquals(hex(new Map(Object.entries(object))), hex(object));
  }
});

Deno.test("Encoder takes own enumerable string keys only", () => {
  const object = Object.create(Object.prototype, {
    hidden: { value: 1, enumerable: false },
    shown: { value: 2, enumerable: true },
    [Symbol("hidden")]: { value: 3, enumerable: false },
  });
  assertEquals(hex(object), "81a573686f776e02");
  Object.defineProperty(Object.prototype, "polluted", {
    value: 1,
    enumerable: true,
    configurable: true,
  });
  try {
    assertEquals(hex({ a: 1 }), "81a16101");
    assertEquals(hex({ a: { b: 1 } }), "81a16181a16201");
  } finally {
    delete (Object.prototype as Record<string, unknown>).polluted;
  }
});

Deno.test("Encoder writes a Map as a map when its keys allow it, else as extension 2", () => {
  assertEquals(hex(new Map([["a", 1]])), "81a16101");
  assertEquals(hex(new Map()), "80");
  assertEquals(hex(new Map([[1, "a"]])), "d6029201a161");
  assertEquals(hex(new Map([["__proto__", 1]])), "c70c0292a95f5f70726f746f5f5f01");
  assertEquals(hex(new Map<unknown, unknown>([["a", 1], [null, 2]])), "c7060294a16101c002");
});

Deno.test("Encoder writes an own key __proto__ as extension 2", () => {
  assertEquals(hex(JSON.parse('{"__proto__": 1}')), "c70c0292a95f5f70726f746f5f5f01");
  assertEquals(hex(JSON.parse('{"a": 1, "__proto__": 2}')), "c70f0294a16101a95f5f70726f746f5f5f02");
  assertEquals(hex({ constructor: 1 }), "81ab636f6e7374727563746f7201");
});

Deno.test("Encoder writes a Set as extension 3, in the shortest form of the header", () => {
  const members = (count: number) => new Set(Array.from({ length: count }, (_, i) => i));
  assertEquals(hex(new Set([7])), "d5039107");
  assertEquals(hex(new Set()), "d40390");
  assertEquals(hex(members(2)), "c70303920001");
  assertEquals(hex(members(3)), "d60393000102");
  assertEquals(hex(members(7)), "d7039700010203040506");
  assertEquals(hex(members(15)), "d8039f000102030405060708090a0b0c0d0e");
  assertEquals(hex(members(16)).slice(0, 14), "c71303dc001000");
  assertEquals(hex(new Set(["x".repeat(252)])).slice(0, 12), "c7ff0391d9fc");
  assertEquals(hex(new Set(["x".repeat(253)])).slice(0, 14), "c801000391d9fd");
  assertEquals(hex(new Set(["x".repeat(65531)])).slice(0, 16), "c8ffff0391dafffb");
  assertEquals(hex(new Set(["x".repeat(65532)])).slice(0, 20), "c9000100000391dafffc");
  for (const size of [251, 252, 253, 254, 65530, 65531, 65532, 65533]) {
    const set = new Set(["x".repeat(size)]);
    assertEquals(decode(Uint8Array.fromHex(hex([set, 1]))), [set, 1]);
  }
});

Deno.test("Encoder names what Python has nothing for, and where it is", () => {
  const no = (what: string) => `${what} has no Python counterpart`;
  refused(() => 1, "locs", no("a function"));
  refused({ rows: [0, 1, 2, { f() {} }] }, "locs.rows[3].f", no("a function"));
  refused({ "a b": [Symbol("s")] }, 'locs["a b"][0]', no("a symbol"));
  refused({ "1": class {} }, 'locs["1"]', no("a function"));
  refused(
    { größe: Promise.resolve() },
    "locs.größe",
    `${no("a Promise")}: \`await\` it, and send its value`,
  );
  refused({ m: new Map([["k", [new WeakMap()]]]) }, 'locs.m.get("k")[0]', no("a WeakMap"));
  refused(new Map([[1, () => {}]]), "locs.get(1)", no("a function"));
  refused(new Map([[1n, () => {}]]), "locs.get(1n)", no("a function"));
  refused(new Map([[{ a: 1 }, /x/]]), "locs.values()[0]", no("a RegExp"));
  refused(new Map<unknown, number>([[1, 1], [/x/, 2]]), "locs.keys()[1]", no("a RegExp"));
  refused({ s: new Set([1, 2, Symbol()]) }, "locs.s.values()[2]", no("a symbol"));
  refused(
    JSON.parse('{"__proto__": 1}', (_, v) => v === 1 ? isNaN : v),
    "locs.__proto__",
    no("a function"),
  );
  refused([new (class Point {})()], "locs[0]", no("a Point"));
  refused([new (class extends Map {})()], "locs[0]", no("an object of an unnamed class"));
  refused([new (class Counter extends Map {})()], "locs[0]", no("a Counter"));
  refused([Object.create({})], "locs[0]", no("an object of an unnamed class"));
  refused([new Error("x")], "locs[0]", no("an Error"));
  refused([new Number(1)], "locs[0]", no("a Number"));
  const month = Temporal.PlainYearMonth.from("2026-01");
  refused([month], "locs[0]", no("a Temporal.PlainYearMonth"));
  assertEquals(refused([new WeakSet()], "locs[0]", no("a WeakSet")).valueType, "WeakSet");
});

Deno.test("Encoder refuses a symbol as a key, and an opaque value", () => {
  refused({ o: { [Symbol("s")]: 1 } }, "locs.o[Symbol(s)]", "a symbol is no key of a dict");
  refused(
    { o: new Opaque("re.Pattern", "re.compile('x')") },
    "locs.o",
    "an opaque re.Pattern cannot be sent back, only its repr is here",
  );
});

Deno.test("Encoder refuses what Python cannot hash as a key or in a set", () => {
  const reason = "it is a dict to Python, which cannot be a key or in a set";
  refused(new Map([[{}, 1]]), "locs.keys()[0]", reason);
  refused(new Map<unknown, number>([[1, 1], [[2, new Map()], 2]]), "locs.keys()[1][1]", reason);
  refused({ s: new Set([1, tuple(1, [{}])]) }, "locs.s.values()[1].items[1][0]", reason);
  refused(new Set([Object.create(null)]), "locs.values()[0]", reason);
  const keys = [[1], tuple(2, [3]), new Set([4]), new Uint8Array(1), null, true, "a", 5n];
  const map = new Map(keys.map((key) => [key, 1]));
  assert(hex(map).length > 0 && hex(new Set(keys)).length > 0);
});

Deno.test("Encoder refuses keys that Python holds equal, and names both", () => {
  const { Duration, Instant, PlainDate, PlainDateTime, PlainTime, ZonedDateTime } = Temporal;
  const bytes = () => new Uint8Array([7]);
  const pairs: [unknown, unknown][] = [
    [1, true],
    [0, false],
    [1, 1n],
    [2 ** 53, 2n ** 53n],
    [1n, float(1)],
    [0.5, float(0.5)],
    [null, undefined],
    [new Date(0), new Date(0)],
    [new Date(0), Instant.fromEpochMilliseconds(0)],
    [
      ZonedDateTime.from("2026-03-01T12:00+01:00[Europe/Berlin]"),
      Instant.from("2026-03-01T11:00Z"),
    ],
    [
      ZonedDateTime.from("2026-10-25T02:30+02:00[Europe/Berlin]"),
      ZonedDateTime.from("2026-10-25T02:30+01:00[Europe/Berlin]"),
    ],
    [Duration.from("PT60S"), Duration.from("PT1M")],
    [PlainDate.from("2026-03-01"), PlainDate.from("2026-03-01")],
    [PlainTime.from("12:00"), PlainTime.from("12:00:00")],
    [PlainDateTime.from("2026-03-01T12:00"), PlainDateTime.from("2026-03-01T12:00")],
    [new PythonScalar("Decimal", "1.10"), new PythonScalar("Decimal", "1.10")],
    [bytes(), bytes().buffer],
    [tuple(1, "a"), [true, "a"]],
    [[[null, bytes()]], tuple(tuple(undefined, bytes()))],
    [new Set([1, "a"]), new Set(["a", true])],
  ];
  for (const [one, other] of pairs) {
    const set = new Set<unknown>(["x", one, "y", other]);
    const map = new Map([...set].map((key) => [key, "v"]));
    for (const [value, path] of [[set, "values()"], [map, "keys()"]] as const) {
      encoder.reset();
      const error = assertThrows(() => encoder.value(value, "locs"), EncodeError);
      assertEquals(error.path, `locs.${path}[3]`);
      assertMatch(error.message, /\(\.\w+\(\)\[1\]\) and .+ are equal in Python/);
    }
  }
  refused(
    new Map<unknown, number>([[1, 1], [true, 2]]),
    "locs.keys()[1]",
    "1 (.keys()[0]) and true are equal in Python, and one would be lost",
  );
});

Deno.test("Encoder sends keys that Python can tell apart", () => {
  const keys = [
    ...["", "1", "true", "None", 1, 2n, false, null, 0.1, NaN, float(NaN), 2 ** 53, 2n ** 53n + 1n],
    ...[10n ** 400n, 10n ** 400n + 1n, tuple(), tuple(""), tuple("", ""), [[]], [NaN], [NaN]],
    ...[new Uint8Array([0x31]), tuple(1, 11), tuple(11, 1), tuple("a,b"), tuple("a", "b")],
    ...[new Set(), new Set(["a"]), new Set(["b"]), new Date(0), new Date(1)],
    ...[new PythonScalar("Decimal", "NaN"), new PythonScalar("Decimal", "NaN")],
    Temporal.PlainDate.from("2026-03-01"),
    Temporal.PlainDateTime.from("2026-03-01"),
    // Python compares these in one zone only.
    Temporal.ZonedDateTime.from("2026-10-25T02:30+02:00[Europe/Berlin]"),
    Temporal.ZonedDateTime.from("2026-10-25T02:30+02:00[Europe/Paris]"),
  ];
  assert(hex(new Set(keys)).length > 0);
});

Deno.test("EncodeError is a PyProxyError and shortens a long path in its message alone", () => {
  const value = nested(300, (inner) => [inner]);
  let last = value as unknown[];
  while (Array.isArray(last[0])) last = last[0];
  last[0] = Symbol();
  encoder.reset();
  const error = assertThrows(() => encoder.value(value, "locs"), EncodeError);
  assert(error instanceof PyProxyError);
  assertEquals(error.name, "EncodeError");
  assertEquals(error.path, "locs" + "[0]".repeat(300));
  assert(error.message.length < 350, error.message);
  assert(error.stack?.startsWith("EncodeError: Cannot send locs[0]"), error.stack);
});

Deno.test("Encoder nests 512 deep and no deeper, whatever the containers are", () => {
  const reason = "it is nested deeper than 512 levels";
  const kinds: [levels: number, wrap: (inner: unknown) => unknown, step: string][] = [
    [1, (inner) => [inner], "[0]"],
    [1, (inner) => ({ a: inner }), ".a"],
    [1, (inner) => new Map([["a", inner]]), '.get("a")'],
    [2, (inner) => new Map([[1, inner]]), ".get(1)"],
    [2, (inner) => new Set([inner]), ".values()[0]"],
  ];
  for (const [levels, wrap, step] of kinds) {
    const count = 512 / levels;
    const deepest = nested(count, wrap);
    encoder.reset();
    encoder.value(deepest, "locs");
    assertEquals(decode(encoder.bytes()) !== undefined, true);
    const error = assertThrows(() => encoder.value(wrap(deepest), "locs"), EncodeError, reason);
    assertEquals(error.path, "locs" + step.repeat(count));
    encoder.reset();
    assertThrows(() => encoder.value(deepest, "locs", 1), EncodeError, reason);
  }
  assertThrows(() => hex(nested(512, (inner) => inner === 1 ? [2n ** 70n] : [inner])), EncodeError);
  assertEquals(hex(nested(511, (inner) => inner === 1 ? [2n ** 70n] : [inner])).length > 0, true);
});

Deno.test("Encoder finds a cycle and says where it closes", () => {
  const self: Record<string, unknown> = {};
  self.me = self;
  refused(self, "locs.me", "it is a cycle, the same object as locs");
  const list: unknown[] = [];
  refused(
    { a: { b: (list.push(1, list), list) } },
    "locs.a.b[1]",
    "it is a cycle, the same object as locs.a.b",
  );
  const map = new Map<unknown, unknown>();
  map.set(1, { set: new Set([map]) });
  refused(map, "locs.get(1).set.values()[0]", "it is a cycle, the same object as locs");
});

Deno.test("Encoder sends an object that is there twice, twice", () => {
  const shared = { a: 1 };
  assertEquals(hex([shared, shared]), "9281a1610181a16101");
});

Deno.test("Encoder gives up a value that would be larger than a frame", () => {
  // 2^40 MB from 40 small arrays: no cycle, and no end.
  const megabyte = new Uint8Array(2 ** 20);
  const value = nested(40, (inner) => inner === 1 ? [megabyte, megabyte] : [inner, inner]);
  const error = assertThrows(() => hex(value), EncodeError, "would be larger than 268435456 bytes");
  assertEquals(error.path.startsWith("locs["), true);
  encoder.reset();
  assertEquals(hex(1), "01");
});

Deno.test("Encoder lets through what a getter or a Proxy throws, and goes on", () => {
  const boom = new RangeError("boom");
  const bad = {
    get a() {
      throw boom;
    },
  };
  const proxy = new Proxy({}, {
    ownKeys() {
      throw boom;
    },
  });
  for (const value of [bad, [bad], new Map([[1, bad]]), new Set([bad]), proxy]) {
    assertStrictEquals(assertThrows(() => hex(value)), boom);
    assertEquals(hex([1]), "9101");
  }
});

Deno.test("Encoder writes as many elements as it claims when a getter changes the container", () => {
  const list: unknown[] = [
    {
      get a() {
        return list.length = 1;
      },
    },
    2,
    3,
  ];
  assertEquals(decode(Uint8Array.fromHex(hex(list))), [{ a: 1 }, null, null]);
  const growing: unknown[] = [{
    get a() {
      return growing.push(9);
    },
  }, 2];
  assertEquals(decode(Uint8Array.fromHex(hex(growing))), [{ a: 3 }, 2]);
  const shrinking: Record<string, unknown> = {
    get a() {
      delete shrinking.b;
      return 1;
    },
    b: 2,
    c: 3,
  };
  assertEquals(decode(Uint8Array.fromHex(hex(shrinking))), { a: 1, b: null, c: 3 });
  const more: Record<string, unknown> = {
    get a() {
      more.z = 1;
      return 1;
    },
    b: 2,
  };
  const back = decode(Uint8Array.fromHex(hex(more))) as Record<string, unknown>;
  assertEquals([back.a, back.b], [1, 2]);
  const once = {
    get a() {
      delete (this as Partial<typeof this>).b;
      return 1;
    },
    b: 2,
    c: 3,
  };
  assertEquals(decode(Uint8Array.fromHex(hex(once))), { a: 1, b: null, c: 3 });
  const map = new Map<unknown, unknown>();
  map.set("a", {
    get x() {
      map.clear();
      return 1;
    },
  }).set("b", 2);
  assertEquals(decode(Uint8Array.fromHex(hex(map))), { a: { x: 1 }, b: null });
  const set = new Set<unknown>();
  const item = Object.defineProperty([], "0", {
    get() {
      set.clear();
      return 1;
    },
  });
  set.add(item).add(2);
  assertEquals(decode(Uint8Array.fromHex(hex(set))), new Set([[1], 2]));
});

Deno.test("Encoder writes a Proxy that lists other keys each time as a dict that can be read", () => {
  let turn = 0;
  const lists = [["a", "b"], ["a"], ["__proto__", "b"], ["b", "c"], []];
  const proxy = new Proxy({} as Record<string, unknown>, {
    ownKeys: () => lists[turn++ % lists.length]!,
    getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
    get: () => 1,
  });
  for (let i = 0; i < 20; i++) {
    turn = i;
    const [, back] = decode(Uint8Array.fromHex(hex([0, proxy, 2]))) as [number, object, number];
    assertEquals(Object.getPrototypeOf(back), Object.prototype);
  }
});

Deno.test("Encoder refuses to be used from a getter of the value that it writes", () => {
  for (
    const use of [
      () => encoder.value(1, "x"),
      () => encoder.reserve(4),
      () => encoder.raw(new Uint8Array(1)),
      () => encoder.take(),
      () => encoder.reset(),
      () => encoder.truncate(0),
    ]
  ) {
    encoder.reset();
    const value = {
      a: 1,
      get b() {
        return use();
      },
    };
    assertThrows(() => encoder.value(value, "locs"), TypeError, "a getter or Proxy");
    encoder.truncate(encoder.length);
    assertEquals(hex([1]), "9101");
  }
});

Deno.test("Encoder puts a message together in one buffer", () => {
  encoder.reset();
  const at = encoder.reserve(4);
  encoder.raw(new Uint8Array([0x92]));
  encoder.value({ a: 1 }, "locs", 1);
  encoder.value(null, "globs", 1);
  encoder.setU32(at, encoder.length - at - 4);
  assertEquals(encoder.bytes().toHex(), "00000006" + "92" + "81a16101" + "c0");
  const taken = encoder.take();
  assertEquals(encoder.length, 0);
  encoder.value("something else", "x");
  assertEquals(taken.toHex(), "000000069281a16101c0");
  assertEquals(taken.buffer.byteLength, taken.length);
});

Deno.test("take() hands a large buffer over and a small one's bytes as a copy", () => {
  encoder.reset();
  const data = new Uint8Array(1_000_000).fill(7);
  for (let i = 0; i < 3; i++) {
    encoder.value(data, "data");
    const bytes = encoder.bytes();
    const taken = encoder.take();
    assertStrictEquals(taken.buffer, bytes.buffer);
    assertEquals(taken.length, 1_000_005);
    encoder.value(i, "i");
    assertEquals([taken[5], taken.at(-1)], [7, 7]);
    assertEquals(encoder.take().toHex(), `0${i}`);
  }
});

Deno.test("reset() lets a buffer go that has grown large", () => {
  encoder.reset();
  encoder.value(new Uint8Array(2 ** 22), "data");
  assert(encoder.bytes().buffer.byteLength >= 2 ** 22);
  encoder.reset();
  assert(encoder.bytes().buffer.byteLength <= 2 ** 20);
});
