/** Values as the python process sends and reads them: PROTOCOL.md, section 4, on both codecs. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { interpreters, LinkClient, Status } from "./link_client.ts";
import type { Ext } from "./link_values.ts";

/** Expressions and the bytes of their values; all but those marked with * come back as they are. */
const TABLE: [string, string][] = [
  ["None", "c0"],
  ["True", "c3"],
  ["False", "c2"],
  ["0", "00"],
  ["127", "7f"],
  ["128", "cc 80"],
  ["65536", "ce 00 01 00 00"],
  ["2**53", "cf 00 20 00 00 00 00 00 00"],
  ["2**64 - 1", "cf ff ff ff ff ff ff ff ff"],
  ["2**64", "c7 09 01 01 00 00 00 00 00 00 00 00"],
  ["-1", "ff"],
  ["-33", "d0 df"],
  ["-129", "d1 ff 7f"],
  ["-2**31", "d2 80 00 00 00"],
  ["-2**63", "d3 80 00 00 00 00 00 00 00"],
  ["-2**63 - 1", "c7 09 01 ff 7f ff ff ff ff ff ff ff"],
  ["2**71 - 1", "c7 09 01 7f ff ff ff ff ff ff ff ff"],
  ["1.0", "cb 3f f0 00 00 00 00 00 00"],
  ["-0.0", "cb 80 00 00 00 00 00 00 00"],
  ["float('inf')", "cb 7f f0 00 00 00 00 00 00"],
  ["'é'", "a2 c3 a9"],
  ["'a' * 32", `d9 20 ${"61 ".repeat(32)}`],
  ["b'ab'", "c4 02 61 62"],
  ["* bytearray(b'ab')", "c4 02 61 62"],
  ["* memoryview(b'abcd')[::2]", "c4 02 61 63"],
  ["[1, [2, 'x']]", "92 01 92 02 a1 78"],
  ["* (1, 2)", "92 01 02"],
  ["* range(3)", "93 00 01 02"],
  ["{'a': 1}", "81 a1 61 01"],
  ["{1: 'a'}", "d6 02 92 01 a1 61"],
  ["{'__proto__': 1}", "c7 0c 02 92 a9 5f 5f 70 72 6f 74 6f 5f 5f 01"],
  ["{7}", "d5 03 91 07"],
  ["* frozenset({7})", "d5 03 91 07"],
  ["{(1, (2, 3)): 4}", "c7 07 02 92 92 01 92 02 03 04"],
  ["{frozenset({1})}", "c7 05 03 91 d5 03 91 01"],
  [
    "datetime(2026, 1, 2, 3, 4, 5, 6, timezone.utc)",
    "d8 04 9a cd 07 ea 01 02 03 04 05 06 00 00 a3 55 54 43",
  ],
  [
    "datetime(2026, 7, 2, 3, 4, 5, 0, timezone(timedelta(hours=-2, microseconds=1)))",
    "c7 15 04 9a cd 07 ea 07 02 03 04 05 00 d3 ff ff ff fe 52 d8 b8 01 00 c0",
  ],
];
const SETUP = "from datetime import datetime, timedelta, timezone\n";

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python values ${what} (${name})`, run);

  test("are as in PROTOCOL.md, there and back", async () => {
    await using client = await LinkClient.start(python);
    for (const [entry, hex] of TABLE) {
      const isOneWay = entry.startsWith("* ");
      const expression = isOneWay ? entry.slice(2) : entry;
      const bytes = Uint8Array.fromHex(hex.replaceAll(" ", ""));
      const sent = await client.eval(SETUP + expression);
      assertEquals(sent.bytes.toHex(), bytes.toHex(), expression);
      if (isOneWay) continue;
      const values = new Uint8Array([0x92, 0x81, 0xa1, 0x78, ...bytes, 0xc0]);
      const read = await client.eval(
        `${SETUP}y = ${expression}\n(x == y, type(x) is type(y), repr(x) == repr(y))`,
        { values },
      );
      assertEquals(read.value, [true, true, true], expression);
    }
  });

  test("of zones come back in their zone where that agrees", async () => {
    await using client = await LinkClient.start(python);
    const code = `
from datetime import datetime
from zoneinfo import ZoneInfo
[datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=ZoneInfo("Europe/Berlin")) for fold in (0, 1)]`;
    const sent = await client.eval(code);
    const fields = (sent.value as Ext[]).map((ext) => ext.data as unknown[]);
    assertEquals(fields.map((f) => f.slice(7)), [
      [7_200_000_000, 0, "Europe/Berlin"],
      [3_600_000_000, 1, "Europe/Berlin"],
    ]);
    const values = new Uint8Array([0x92, 0x81, 0xa1, 0x78, ...sent.bytes, 0xc0]);
    const read = await client.eval("[(str(d.tzinfo), d.fold, str(d)) for d in x]", { values });
    assertEquals(read.value, [
      ["Europe/Berlin", 0, "2026-10-25 02:30:00+02:00"],
      ["Europe/Berlin", 1, "2026-10-25 02:30:00+01:00"],
    ]);
    for (const zone of ["Not/AZone", "../../etc/passwd", "Europe", "Asia/Tokyo"]) {
      const key = new TextEncoder().encode(zone);
      const parts = [0x9a, 0xcd, 7, 0xea, 1, 2, 3, 4, 5, 6, 0, 0, 0xa0 + key.length, ...key];
      const ext = [0xc7, parts.length, 4, ...parts];
      const bytes = new Uint8Array([0x92, 0x81, 0xa1, 0x78, ...ext, 0xc0]);
      const { value } = await client.eval("(x.utcoffset().seconds, str(x)[:26])", {
        values: bytes,
      });
      assertEquals(value, [0, "2026-01-02 03:04:05.000006"], zone);
    }
  });

  test("of subclasses go as what they are made of", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`
import collections, enum
class I(enum.IntEnum):
    ONE = 1
class S(str): pass
class F(float): pass
ordered = collections.OrderedDict(a=1, b=2)
ordered.move_to_end("a")
[I.ONE, S("s"), F(0.5), ordered, collections.Counter("aab"), collections.defaultdict(list, k=[1]),
 collections.namedtuple("P", "x y")(1, 2), {S("k"): 1}]`);
    assertEquals(value, [1, "s", 0.5, { b: 2, a: 1 }, { a: 2, b: 1 }, { k: [1] }, [1, 2], {
      k: 1,
    }]);
    assertEquals(Object.keys(value[3]), ["b", "a"]);
  });

  test("that are nothing of these are opaque, or refused where strict is set", async () => {
    await using client = await LinkClient.start(python);
    const cases: [string, string, RegExp][] = [
      ["object()", "object", /^<object object at/],
      ["len", "builtin_function_or_method", /^<built-in function len>$/],
      ["class A:\n  def __repr__(self): return 'x' * 20000\nA()", "__main__.A", /^x{10000}\.\.\.$/],
      ["class A:\n  def __repr__(self): return 1/0\nA()", "__main__.A", /ZeroDivisionError/],
      ["'a\\ud800'", "str", /^'a\\ud800'$/],
      ["import datetime; datetime.datetime(2026, 1, 1)", "datetime.datetime", /2026, 1, 1/],
      ["1j", "complex", /^1j$/],
      ["import enum\nclass E(enum.Enum):\n  A = 1\nE.A", "__main__.E", /E\.A/],
    ];
    for (const [code, type, repr] of cases) {
      const { value } = await client.eval(code);
      assertEquals(value.code, 5, code);
      assertEquals(value.data.type, type);
      assertMatch(value.data.repr, repr);
      const lines = code.split("\n");
      const last = lines.pop()!.split("; ").pop()!;
      const setup = [...lines, ...code.split("\n").pop()!.split("; ").slice(0, -1)].join("\n");
      const strict = await client.eval(`${setup}\n{"rows": [0, (1, ${last})]}`, { strict: true });
      assertEquals(strict.status, Status.UNSENDABLE, code);
      assertEquals([strict.control.path, strict.control.type], ["result.rows[1][1]", type]);
      assertStringIncludes(strict.control.message, "Cannot send result.rows[1][1]: ");
    }
    assertEquals((await client.eval("{1: [2.5, 'x']}", { strict: true })).status, Status.VALUE);
  });

  test("that cannot travel are refused with the way to them", async () => {
    await using client = await LinkClient.start(python);
    const cases: [string, string, RegExp][] = [
      ["a = []\na.append(a)\na", "result[0]", /contains itself/],
      ["a = {}\na['x'] = {'y z': a}\n[0, a]", 'result[1].x["y z"]', /contains itself/],
      ["a = []\n{(1, 2): [a, a, {5, 6}], 'k': a}\na.append({3: a})\na", "result[0][3]", /itself/],
      ["a = []\nfor _ in range(600): a = [a]\na", "", /nests deeper than 512 levels/],
      ["a = {}\nfor _ in range(600): a = {1: a}\na", "", /nests deeper than 512 levels/],
      ["range(10**12)", "result", /1000000000000 members/],
      ["'x' * (257 << 20)", "result", /more than the 268435456/],
      ["class D(dict):\n  def items(self): 1/0\n{'d': D()}", "result.d", /ZeroDivisionError/],
    ];
    for (const [code, path, message] of cases) {
      const { status, control } = await client.eval(code);
      assertEquals(status, Status.UNSENDABLE, code);
      if (path !== "") assertEquals(control.path, path, code);
      assertMatch(control.message, message);
    }
    const shared = await client.eval("a = [1]\n[a, a]");
    assertEquals(shared.value, [[1], [1]]);
  });

  test("nest 512 deep and no deeper", async () => {
    await using client = await LinkClient.start(python);
    const nested = (depth: number, inner: string): string =>
      `a = ${inner}\nfor _ in range(${depth}): a = [a]\na`;
    const kinds: [string, number][] = [
      ["1", 0],
      ["[]", 1],
      ["{}", 1],
      ["{'a': 1}", 1],
      [
        "2**64",
        1,
      ],
      ["{1}", 2],
      ["{1: 2}", 2],
    ];
    for (const [inner, levels] of kinds) {
      const fits = await client.eval(nested(512 - levels, inner));
      assertEquals(fits.status, Status.VALUE, inner);
      const over = await client.eval(nested(513 - levels, inner));
      assertEquals(over.status, Status.UNSENDABLE, inner);
    }
    // The array of locs and globs is one level, locs are the next.
    const values = (depth: number): Uint8Array =>
      new Uint8Array([0x92, 0x81, 0xa1, 0x78, ...new Array(depth).fill(0x91), 1, 0xc0]);
    assertEquals((await client.eval("1", { values: values(510) })).value, 1);
    assertEquals((await client.eval("1", { values: values(511) })).status, "BROKEN");
    assertEquals((await client.eval("1", { values: values(1_100) })).status, "BROKEN");
    // Sets of sets: two levels each.
    let bytes: number[] = [0xc0];
    for (let i = 0; i < 254; i++) {
      bytes = [0xc8, (bytes.length + 1) >> 8, (bytes.length + 1) & 255, 3, 0x91, ...bytes];
    }
    const sets = new Uint8Array([0x92, 0x81, 0xa1, 0x78, ...bytes, 0xc0]);
    const depth = await client.eval(
      "n = 0\nwhile x: x = next(iter(x)); n += 1\nn",
      { values: sets },
    );
    assertEquals(depth.value, 254);
  });

  test("of both codecs are the same, and whatever is read raises ValueError at most", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`
import datetime, random, sys
from pyproxy_worker import codec, msgpack_pure as pure
seed = random.randrange(1 << 30)
r = random.Random(seed)
def make(depth):
    kind = r.randrange(15 if depth < 4 else 10)
    n = r.choice((0, 1, 3, 20, 300)) if depth < 2 else r.randrange(4)
    if kind == 0: return r.choice((None, True, False))
    if kind == 1: return r.choice((-1, 1)) * r.getrandbits(r.randrange(1, 80))
    if kind == 2: return r.choice((0.0, -0.0, 1e300, r.random(), float("inf")))
    if kind == 3: return "".join(r.choice("aé𝄞\\0") for _ in range(n))
    if kind == 4: return r.randbytes(n * 300)
    if kind == 5: return [r.random() for _ in range(n)]
    if kind == 6: return [r.getrandbits(r.choice((7, 8, 16, 40))) for _ in range(n)]
    if kind == 7: return {i * r.choice((1, 1.5)) for i in range(n)}
    if kind == 8: return datetime.datetime.fromtimestamp(r.randrange(1 << 31), datetime.timezone.utc)
    if kind == 9: return ["k%d" % i for i in range(n)]
    if kind < 12: return [make(depth + 1) for _ in range(n)]
    if kind == 12: return {i: make(depth + 1) for i in range(n)}
    return {"k%d" % i: make(depth + 1) for i in range(n)}
count = 0
errors = set()
for _ in range(250):
    value = make(0)
    data = codec.encode(value)
    assert data == pure.pack(value, codec.LOWER_STEPS[True]), (seed, value)
    assert data == codec.encode_stepwise(value, False), (seed, value)
    assert codec.read(data) == value == codec.read_pure(data), (seed, value)
    for _ in range(10):
        broken = bytearray(data[: r.randrange(2000)])
        for _ in range(r.randrange(3)):
            broken.insert(r.randrange(len(broken) + 1), r.randrange(256))
        results = []
        for read in (codec.read, codec.read_pure):
            try:
                results.append(repr(read(bytes(broken))))
            except ValueError as error:
                results.append(None)
            count += 1
        assert results[0] == results[1], (seed, bytes(broken), results)
count`);
    assertEquals(value, 5_000, JSON.stringify(value));
  });

  test("are the same after a journey of many records and numbers", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`
from pyproxy_worker import codec
rows = [{"id": i, "name": "name %d" % i, "score": i / 7, "ok": True} for i in range(10000)]
numbers = [i / 3 for i in range(100000)]
[codec.decode(codec.encode(value)) == value for value in (rows, numbers)]`);
    assertEquals(value, [true, true]);
  });
}
