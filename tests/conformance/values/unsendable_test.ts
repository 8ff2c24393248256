// What cannot travel says so with its path; what comes after it travels.
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { EncodeError, Opaque, PythonScalar, tuple } from "../../../mod.ts";
import { all, shareServer, test, testRemote } from "../../harness.ts";

shareServer();

class Point {
  x = 1;
}

function detached(): ArrayBuffer {
  return detachedView().buffer as ArrayBuffer;
}

function detachedView(): Uint8Array {
  const view = new Uint8Array(8);
  view.buffer.transfer();
  return view;
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

const cycle: Record<string, unknown> = {};
cycle.list = [1, cycle];

/** What is sent as `locs.v`, where in it the fault is, and what the message says. */
const CASES: [value: unknown, at: string, reason: string][] = [
  [() => 1, "", "a function has no Python counterpart"],
  [{ rows: [0, 1, 2, { f() {} }] }, ".rows[3].f", "a function has no Python counterpart"],
  [Point, "", "a function has no Python counterpart"],
  [new Point(), "", "a Point has no Python counterpart"],
  [Symbol("s"), "", "a symbol has no Python counterpart"],
  [{ [Symbol("s")]: 1 }, "[Symbol(s)]", "a symbol is no key of a dict"],
  [cycle, ".list[1]", "it is a cycle, the same object as locs.v"],
  ["a\ud800", "", "half of a surrogate pair"],
  [{ "\udc00": 1 }, '["\\udc00"]', "half of a surrogate pair"],
  [nested(511), "[0]".repeat(510), "nested deeper than 512 levels"],
  [[new Date(NaN)], "[0]", "an invalid Date is no point in time"],
  [{ b: detached() }, ".b", "its bytes were transferred away"],
  [detachedView(), "", "its bytes were transferred away"],
  [new WeakMap(), "", "a WeakMap has no Python counterpart"],
  [[Promise.resolve()], "[0]", "a Promise has no Python counterpart"],
  [/x/, "", "a RegExp has no Python counterpart"],
  [new Error("x"), "", "an Error has no Python counterpart"],
  [new Number(1), "", "a Number has no Python counterpart"],
  [new String("x"), "", "a String has no Python counterpart"],
  [new TextEncoder(), "", "a TextEncoder has no Python counterpart"],
  [new (class Bag extends Map {})(), "", "a Bag has no Python counterpart"],
  [[][Symbol.iterator](), "", "has no Python counterpart"],
  [new Map([["k", new Set([Symbol("s")])]]), '.get("k").values()[0]', "a symbol has no"],
  [tuple(1, [Symbol("s")]), ".items[1][0]", "a symbol has no Python counterpart"],
  [new Map([[{ a: 1 }, 1]]), ".keys()[0]", "it is a dict to Python"],
  [new Set([[new Map()]]), ".values()[0][0]", "it is a dict to Python"],
  [Temporal.Duration.from({ months: 1 }), "", "how long 1 months are"],
  [Temporal.Duration.from({ nanoseconds: 1 }), "", "Python counts no nanoseconds"],
  [Temporal.PlainTime.from("00:00:00.000000001"), "", "Python counts no nanoseconds"],
  [Temporal.PlainDate.from("2026-01-01[u-ca=hebrew]"), "", "Python has no calendar hebrew"],
  [Temporal.PlainDate.from("-000001-01-01"), "", "Python's years are 1 to 9999"],
  [Temporal.PlainYearMonth.from("2026-01"), "", "has no Python counterpart"],
  [new Opaque("re.Pattern", "re.compile('x')"), "", "an opaque re.Pattern cannot be sent back"],
];

test("every value that cannot be sent fails its eval with an EncodeError that has its path, and nothing is sent", async () => {
  await using own = await testRemote();
  for (const [v, at, reason] of CASES) {
    for (const name of ["locs", "globs"] as const) {
      const future = own.remote.eval("print('it ran')", { [name]: { before: 1, v } });
      const error = await assertRejects(() => future.wait(), EncodeError);
      assertEquals(error.path, `${name}.v${at}`);
      const expected = reason.replace("locs", name);
      assert(error.message.startsWith(`Cannot send ${name}.v`), error.message);
      assert(error.message.includes(expected), `${error.message} does not include ${expected}`);
      assertEquals([future.state, own.remote.pending], ["done", 0]);
      assertEquals(await all(future.output()), []);
    }
  }
  assertEquals(await own.remote.eval("v", { locs: { v: nested(510) } }), nested(510));
});

test("eval() throws what a getter or a Proxy throws, and nothing is sent", async () => {
  await using own = await testRemote();
  const boom = new RangeError("boom");
  const throwing = () => {
    throw boom;
  };
  const values = [
    Object.defineProperty({}, "x", { get: throwing, enumerable: true }),
    new Proxy({}, { ownKeys: throwing }),
    new Proxy([1], { get: throwing }),
  ];
  for (const v of values) {
    assertStrictEquals(assertThrows(() => own.remote.eval("v", { locs: { a: [v] } })), boom);
  }
  const proxy = new Proxy({ a: 1 }, {});
  assertEquals(await own.remote.eval("v", { locs: { v: proxy } }), { a: 1 });
});

test("an argument that Python can't construct fails only its eval, with its path", async () => {
  await using own = await testRemote();
  const huge = new PythonScalar("Decimal", "1E+9999999999999999999");
  const future = own.remote.eval("print('it ran')", { locs: { a: [{ "b c": huge }] } });
  const error = await assertRejects(() => Promise.resolve(future), EncodeError);
  assertEquals(error.path, 'locs.a[0]["b c"]');
  assertEquals(error.valueType, "Decimal");
  assertEquals(
    error.message,
    `Cannot send ${error.path}: '1E+9999999999999999999' is no text of a Python Decimal`,
  );
  for await (const { line } of future.output()) throw new Error(`the code ran: ${line}`);
  const globs = own.remote.eval("1", { globs: { m: new Map([[1, tuple(huge)]]) } });
  assertEquals(
    (await assertRejects(() => Promise.resolve(globs), EncodeError)).path,
    "globs.m[1][0]",
  );
  assertEquals(await own.remote.eval("1 + 1"), 2);
});

test("a result with keys that are equal in JavaScript is an EncodeError that names both", async () => {
  await using own = await testRemote();
  const enums = "import enum; A = enum.Enum('A', 'X'); B = enum.Enum('B', 'Y'); ";
  const cases: [code: string, path: string, both: string][] = [
    [`${enums}{A.X: 1, B.Y: 2}`, "result.keys()[1]", "<A.X: 1> (.keys()[0]) and <B.Y: 1>"],
    ["[{'n': {float('nan'), float('nan')}}]", "result[0].n[1]", "nan ([0]) and nan"],
  ];
  for (const [code, path, both] of cases) {
    for (const strict of [false, true]) {
      const future = own.remote.eval(code, { strict });
      const error = await assertRejects(() => Promise.resolve(future), EncodeError);
      assertEquals([error.path, error.message], [
        path,
        `Cannot send ${path}: ${both} are equal in JavaScript, and one would be lost`,
      ]);
    }
  }
  const map = await own.remote.eval<Map<unknown, string>>("{1: 'a', '1': 'b', True is None: 'c'}");
  assertEquals([...map], [[1, "a"], ["1", "b"], [false, "c"]]);
});

test("a value that only Python has comes as opaque at any depth, and strict names its type and path", async () => {
  await using own = await testRemote();
  const cases: [code: string, path: string, type: string][] = [
    ["open", "result", "builtin_function_or_method"],
    ["[1, {'a b': (open,)}]", 'result[1]["a b"][0]', "builtin_function_or_method"],
    ["{1: {2: object()}}", "result[1][2]", "object"],
    ["import re; {'x': {re.compile('x')}}", "result.x[0]", "re.Pattern"],
    ["class A: pass\n{(1, A): 2}", "result.keys()[0][1]", "type"],
    ["import datetime as d; [d.time(tzinfo=d.timezone.utc)]", "result[0]", "datetime.time"],
    [
      "from dataclasses import *\n@dataclass\nclass D:\n  x: object\nD(open)",
      "result.x",
      "builtin_function_or_method",
    ],
    ["import enum\nclass E(enum.Enum):\n  A = open\n[E.A]", "result[0]", "__main__.E"],
    ["(x for x in ())", "result", "generator"],
    ["'\\ud800'", "result", "str"],
  ];
  for (const [code, path, type] of cases) {
    await own.remote.eval(code);
    const strict = own.remote.eval(code, { strict: true });
    const error = await assertRejects(() => Promise.resolve(strict), EncodeError);
    assertEquals([error.path, error.valueType], [path, type], code);
    assert(error.message.startsWith(`Cannot send ${path}: `), error.message);
  }
  const opaque = await own.remote.eval<Opaque[]>("[len]");
  assertEquals(String(opaque[0]), "<built-in function len>");
  assertEquals(opaque[0]!.type, "builtin_function_or_method");
});
