// Values there and back: SPEC 2.7, as far as the codec goes.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { shareServer, test, testRemote } from "../../harness.ts";

shareServer();

test("every value has the right type in Python, and comes back the same", async () => {
  await using own = await testRemote();
  const values: [value: unknown, python: string][] = [
    [null, "None"],
    [true, "True"],
    [0, "0"],
    [-1, "-1"],
    [2 ** 53 - 1, "9007199254740991"],
    [2n ** 53n, "9007199254740992"],
    [-(2n ** 63n), "-9223372036854775808"],
    [2n ** 64n - 1n, "18446744073709551615"],
    [2n ** 64n, "18446744073709551616"],
    [-(10n ** 40n), "-10000000000000000000000000000000000000000"],
    [0.5, "0.5"],
    [-0, "-0.0"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
    [1e300, "1e+300"],
    ["", "''"],
    ["grüße 😀", "'grüße 😀'"],
    ["\ufeffbom", "'\\ufeffbom'"],
    ["x".repeat(70_000), `'${"x".repeat(70_000)}'`],
    [new Uint8Array([0, 255]), "b'\\x00\\xff'"],
    [[], "[]"],
    [[1, [2, ["drei"]]], "[1, [2, ['drei']]]"],
    [{}, "{}"],
    [{ a: 1, b: { c: [] } }, "{'a': 1, 'b': {'c': []}}"],
    [new Map<unknown, unknown>([[1, "a"], [2.5, null]]), "{1: 'a', 2.5: None}"],
    [new Set([3]), "{3}"],
    [JSON.parse(`{"__proto__": 1, "constructor": 2}`), "{'__proto__': 1, 'constructor': 2}"],
  ];
  for (const [value, python] of values) {
    const [back, repr] = await own.remote.eval<[unknown, string]>("(v, repr(v))", {
      locs: { v: value },
    });
    assertEquals(repr, python);
    assertEquals(back, value, python);
    assert(Object.is(typeof back, typeof value), python);
  }
});

test("NaN and -0 are kept", async () => {
  await using own = await testRemote();
  const values = await own.remote.eval<number[]>("[x, y, -0.0]", { locs: { x: NaN, y: -0 } });
  assert(values.every((value, i) => Object.is(value, [NaN, -0, -0][i])));
});

test("a bigint of any size becomes int, and 1.0 comes as 1", async () => {
  await using own = await testRemote();
  assertEquals(await own.remote.eval("type(x).__name__", { locs: { x: 5n } }), "int");
  assertEquals(await own.remote.eval("1.0"), 1);
});

test("tuple, range, frozenset and bytearray come as Array, Set and Uint8Array", async () => {
  await using own = await testRemote();
  assertEquals(
    await own.remote.eval("(1, (2,), range(3), frozenset([1]), bytearray(b'a'), memoryview(b'b'))"),
    [1, [2], [0, 1, 2], new Set([1]), new Uint8Array([97]), new Uint8Array([98])],
  );
});

test("a dict with keys that are not strings comes as Map, even with tuples as keys", async () => {
  await using own = await testRemote();
  const map = await own.remote.eval<Map<unknown, string>>("{(1, 2): 'a', None: 'b'}");
  assertInstanceOf(map, Map);
  assertEquals([...map], [[[1, 2], "a"], [null, "b"]]);
  const code = "m == {(1, 2): 'a', None: 'b'}";
  assertEquals(await own.remote.eval(code, { locs: { m: map } }), true);
});

test("a Date becomes an aware datetime in UTC, and a datetime with a zone comes as Temporal.ZonedDateTime", async () => {
  await using own = await testRemote();
  const date = new Date("2026-01-02T03:04:05.678Z");
  const code = "(d.isoformat(), d.utcoffset().total_seconds())";
  assertEquals(await own.remote.eval(code, { locs: { d: date } }), [
    "2026-01-02T03:04:05.678000+00:00",
    0,
  ]);
  const there = await own.remote.eval<Temporal.ZonedDateTime>(
    "from datetime import *; datetime(2026, 7, 1, 12, 30, 0, 123456, timezone(timedelta(hours=2)))",
  );
  assertEquals(there.toString(), "2026-07-01T12:30:00.123456+02:00[+02:00]");
  const back = "t.isoformat()";
  assertEquals(
    await own.remote.eval(back, { locs: { t: there } }),
    "2026-07-01T12:30:00.123456+02:00",
  );
});
