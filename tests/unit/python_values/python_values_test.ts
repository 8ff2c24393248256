/**
 * Values as the python process sends and reads them: PROTOCOL.md, section 4, on both codecs. What
 * each is on the wire is in the golden vectors.
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";
import type { Ext } from "../link/link_values.ts";

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python values ${what} (${name})`, run);

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
    const inZone = (zone: string): Uint8Array => {
      const key = new TextEncoder().encode(zone);
      const parts = [0x9a, 0xcd, 7, 0xea, 1, 2, 3, 4, 5, 6, 0, 0, 0xa0 + key.length, ...key];
      return new Uint8Array([0x92, 0x81, 0xa1, 0x78, 0xc7, parts.length, 4, ...parts, 0xc0]);
    };
    // It has another offset at that time: the wall clock and the instant are kept.
    const { value } = await client.eval("(x.utcoffset().seconds, str(x)[:26])", {
      values: inZone("Asia/Tokyo"),
    });
    assertEquals(value, [0, "2026-01-02 03:04:05.000006"]);
    for (const zone of ["Not/AZone", "../../etc/passwd", "Europe", "", "a\0b"]) {
      const { status, control } = await client.eval("x", { values: inZone(zone) });
      assertEquals([status, control.path], [Status.UNSENDABLE, "locs.x"], zone);
      assertStringIncludes(control.message, "Cannot send locs.x: Python knows no time zone '");
    }
  });

  test("of Enums are the member's value, whatever else the member is", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`
import enum
class Plain(enum.Enum):
    NUMBER = 1
    NOTHING = None
    PAIR = (1, [2])
    TABLE = {3: "x"}
class Number(enum.IntEnum):
    TWO = 2
class Flags(enum.Flag):
    A = 1
    B = 2
class Text(str, enum.Enum):
    T = "text"
class Coordinate(bytes, enum.Enum):
    def __new__(cls, value, unit):
        self = bytes.__new__(cls, [value])
        self._value_ = value
        self.unit = unit
        return self
    PX = (7, "P.X")
class Nested(enum.Enum):
    N = Plain.PAIR
[*Plain, Number.TWO, Flags.A | Flags.B, Flags(0), Text.T, Coordinate.PX, Nested.N]`);
    const [, , , table, ...rest] = value;
    assertEquals(value.slice(0, 3), [1, null, [1, [2]]]);
    assertEquals([table.code, table.data], [2, [3, "x"]]);
    assertEquals(rest, [2, 3, 0, "text", 7, [1, [2]]]);
    const strict = await client.eval(
      "import enum\nclass E(enum.Enum):\n  A = {'k': [1, open]}\n[E.A]",
      { strict: true },
    );
    assertEquals(strict.control.path, "result[0].k[1]");
  });

  test("of dataclasses are their fields, of namedtuples their items", async () => {
    await using client = await LinkClient.start(python);
    const setup = `
from dataclasses import dataclass, field, InitVar, make_dataclass
from collections import namedtuple
from typing import ClassVar, NamedTuple
@dataclass
class Point:
    x: int
    y: int = 0
    shared: ClassVar[int] = 5
    given: InitVar[int] = 6
    hidden: list = field(default_factory=list, repr=False)
    late: int = field(init=False)
@dataclass(frozen=True)
class Slotted:
    __slots__ = ("a",)
    a: Point
@dataclass
class Counted(dict):
    n: int = 3
@dataclass
class Items(list):
    n: int = 3
class Sub(Point):
    pass
class Pair(NamedTuple):
    a: int
    b: list
Odd = make_dataclass("Odd", [("__proto__", int), ("b", int)])
def without_x():
    point = Point(1)
    del point.x
    point.__dict__["extra"] = 1
    return point
class Failing(Point):
    @property
    def x(self): return 1 / 0
    @x.setter
    def x(self, _): pass
`;
    const { value } = await client.eval(`${setup}
counted = Counted()
counted["k"] = 1
items = Items()
items.append(1)
[Point(1), Slotted(Sub(2, 3)), counted, items, without_x(), Odd(1, 2), Pair(1, [2]),
 namedtuple("P", "x y")(1, Point(4)), {1: Point(5)}]`);
    const fields = (x: number, y: number) => ({ x, y, hidden: [] });
    assertEquals(value.slice(0, 5), [
      fields(1, 0),
      { a: fields(2, 3) },
      { k: 1 },
      [1],
      { y: 0, hidden: [] },
    ]);
    assertEquals([value[5].code, value[5].data], [2, ["__proto__", 1, "b", 2]]);
    assertEquals(value.slice(6, 8), [[1, [2]], [1, fields(4, 0)]]);
    assertEquals(value[8].data, [1, fields(5, 0)]);
    const kind = await client.eval(`${setup}Point`);
    assertEquals([kind.value.code, kind.value.data.type], [5, "type"]);
    const cases: [string, string, RegExp][] = [
      ["[Slotted(Point(1, len))]", "result[0].a.y", /strict/],
      ["Odd(len, 1)", "result.__proto__", /strict/],
      ["Pair(1, [len])", "result[1][0]", /strict/],
      ["[Failing(1)]", "result[0]", /reading it raised ZeroDivisionError/],
      ["p = Point(1)\np.y = p\np", "result.y", /contains itself/],
    ];
    for (const [code, path, message] of cases) {
      const { status, control } = await client.eval(setup + code, { strict: true });
      assertEquals([status, control.path], [Status.UNSENDABLE, path], code);
      assertMatch(control.message, message);
    }
  });

  test("of extension 11 go with the text that says all of them", async () => {
    await using client = await LinkClient.start(python);
    const setup = `
import decimal, enum, fractions, pathlib, sys, uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import *
class Money(Decimal):
    def __str__(self): return "odd"
class Id(uuid.UUID):
    def __str__(self): return "odd"
class Half(Fraction):
    def __str__(self): return "odd"
class C(complex): pass
nan, inf = float("nan"), float("inf")
`;
    const cases: [string, string, string][] = [
      ["Decimal('1.10')", "Decimal", "1.10"],
      ["Decimal('-0')", "Decimal", "-0"],
      ["Decimal('0E-5')", "Decimal", "0.00000"],
      ["Decimal('1E+30')", "Decimal", "1E+30"],
      ["Decimal('sNaN12')", "Decimal", "sNaN12"],
      ["Decimal('-NaN')", "Decimal", "-NaN"],
      ["Decimal('-inf')", "Decimal", "-Infinity"],
      [`Decimal("${"9".repeat(5000)}")`, "Decimal", "9".repeat(5000)],
      [
        "Decimal(decimal.MAX_EMAX and '1E+%d' % decimal.MAX_EMAX)",
        "Decimal",
        "1E+999999999999999999",
      ],
      ["Money('2.50')", "Decimal", "2.50"],
      ["Fraction(-2, 3)", "Fraction", "-2/3"],
      ["Fraction(6, 2)", "Fraction", "3"],
      ["Fraction(10**5000, 3)", "Fraction", `1${"0".repeat(5000)}/3`],
      ["Half(1, 2)", "Fraction", "1/2"],
      ["uuid.UUID(int=1)", "UUID", "00000000-0000-0000-0000-000000000001"],
      ["Id(int=2**128 - 1)", "UUID", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
      ["Path('/a//b/../é')", "Path", "/a/b/../é"],
      ["Path()", "Path", "."],
      ["PurePosixPath('a\\\\b')", "PurePosixPath", "a\\b"],
      ["PureWindowsPath('c:/a/b')", "PureWindowsPath", "c:\\a\\b"],
      ["1j", "complex", "0.0+1.0j"],
      ["complex(-0.0, -0.0)", "complex", "-0.0-0.0j"],
      ["complex(nan, -inf)", "complex", "nan-infj"],
      ["complex(1e300, -1e-07)", "complex", "1e+300-1e-07j"],
      ["C(1, 2)", "complex", "1.0+2.0j"],
    ];
    for (const [expression, type, text] of cases) {
      // The thread's context may be anything.
      const context = "decimal.setcontext(decimal.Context(prec=3, capitals=0, traps=[]))\n";
      const sent = await client.eval(`${setup}${context}${expression}`);
      assertEquals([sent.value.code, sent.value.data], [11, [type, text]], expression);
      const values = new Uint8Array([0x92, 0x81, 0xa1, 0x78, ...sent.bytes, 0xc0]);
      // Its class, or that which it is a subclass of.
      const back = await client.eval(
        `${setup}${context}kind = type(${expression})\n` +
          "[x, type(x) is kind or type(x) is kind.__bases__[0]]",
        { values },
      );
      assertEquals(back.bytes.toHex(), `92${sent.bytes.toHex()}c3`, expression);
    }
  });

  test("that Python cannot make fail their eval alone, with the way to them", async () => {
    await using client = await LinkClient.start(python);
    const text = (value: string): number[] => [
      ...(value.length < 32 ? [0xa0 + value.length] : [0xd9, value.length]),
      ...new TextEncoder().encode(value),
    ];
    const scalar = (type: string, value: string): number[] => {
      const inner = [0x92, ...text(type), ...text(value)];
      return [0xc7, inner.length, 11, ...inner];
    };
    const run = (...value: number[]) =>
      client.eval("x", { values: new Uint8Array([0x92, 0x81, 0xa1, 0x78, ...value, 0xc0]) });
    const cases: [number[], string, string][] = [
      [scalar("Decimal", "1,5"), "locs.x", "'1,5' is no text of a Python Decimal"],
      [scalar("Decimal", "1E+9999999999999999999"), "locs.x", "is no text of a Python Decimal"],
      [scalar("Fraction", "1/0"), "locs.x", "'1/0' is no text of a Python Fraction"],
      [scalar("Fraction", "1e9"), "locs.x", "'1e9' is no text"],
      [scalar("UUID", "1"), "locs.x", "'1' is no text of a Python UUID"],
      [scalar("complex", ""), "locs.x", "'' is no text of a Python complex"],
      [[0x92, 1, 0x81, ...text("a b"), 0x91, ...scalar("UUID", "?")], 'locs.x[1]["a b"][0]', "'?'"],
      // A dict as a key, in a key, in a set.
      [[0xc7, 4, 2, 0x92, 0x81, 0xa1, 0x61, 1, 2].with(1, 6), "locs.x", "a dict, which Python"],
      [[0x91, 0xc7, 3, 3, 0x91, 0x91, 0x80], "locs.x[0]", "a member of a set is a dict"],
    ];
    for (const [value, path, message] of cases) {
      const { status, control } = await run(...value);
      assertEquals([status, control.path], [Status.UNSENDABLE, path], JSON.stringify(control));
      assertStringIncludes(control.message, message);
    }
    // Rules of the wire are another matter.
    const broken = [scalar("Nothing", "1"), [0xd4, 11, 0x90], [0xd5, 11, 0x91, 1], [0xd4, 10, 0]];
    for (const value of broken.slice(0, 3)) assertEquals((await run(...value)).status, "BROKEN");
    assertEquals((await run(...broken[3]!)).value.code, 10);
  });

  test("of dates and times that are out of range break a rule", async () => {
    await using client = await LinkClient.start(python);
    const cases = [
      "d6 08 93 00 01 01", // year 0
      "d6 08 93 01 0d 01", // month 13
      "d6 08 93 01 02 1e", // 30 February
      "d5 08 92 01", // no day
      "c7 06 09 95 18 00 00 00 00", // hour 24
      "c7 06 09 95 00 00 00 00 02", // fold 2
      "c7 06 09 95 00 00 00 00 c3", // fold true
      "c7 0b 07 98 cd 07 ea 01 02 03 04 05 ff 00", // microsecond -1
      "c7 00 0a", // a timedelta of nothing
      "c7 09 0a 04 af 0a 76 3b b1 c0 00 00", // one microsecond past the last
    ];
    for (const hex of cases) {
      const bytes = Uint8Array.fromHex(hex.replaceAll(" ", ""));
      const values = new Uint8Array([0x92, 0x81, 0xa1, 0x78, ...bytes, 0xc0]);
      assertEquals((await client.eval("repr(x)", { values })).status, "BROKEN", hex);
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
      [
        "import datetime; datetime.time(1, tzinfo=datetime.timezone.utc)",
        "datetime.time",
        /^datetime\.time\(1, 0, tzinfo=datetime\.timezone\.utc\)$/,
      ],
      [
        "import pathlib; pathlib.Path('a\\udcff')",
        "pathlib.PosixPath",
        /^PosixPath\('a\\udcff'\)$/,
      ],
    ];
    for (const [code, type, repr] of cases) {
      const { value } = await client.eval(code);
      assertEquals(value.code, 5, code);
      // 3.13 has another name for a module.
      const typeIn = (name: string): string => name.replace("._local", "");
      assertEquals(typeIn(value.data.type), type);
      assertMatch(value.data.repr, repr);
      const lines = code.split("\n");
      const last = lines.pop()!.split("; ").pop()!;
      const setup = [...lines, ...code.split("\n").pop()!.split("; ").slice(0, -1)].join("\n");
      const strict = await client.eval(`${setup}\n{"rows": [0, (1, ${last})]}`, { strict: true });
      assertEquals(strict.status, Status.UNSENDABLE, code);
      assertEquals(strict.control.path, "result.rows[1][1]");
      assertEquals(typeIn(strict.control.type), type);
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

  test("of both codecs are the same, and whatever is read raises no other error", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`
import datetime, decimal, random, sys
from pyproxy_worker.codec import codec, msgpack_pure as pure
from pyproxy_worker.values.opaque import EncodeError
seed = random.randrange(1 << 30)
r = random.Random(seed)
def make(depth):
    kind = r.randrange(16 if depth < 4 else 10)
    n = r.choice(((0, 1, 3, 20, 300), (0, 1, 3, 20), (0, 1, 2, 3))[min(depth, 2)])
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
    if kind == 15: return r.choice((1 + 2j, decimal.Decimal(n), datetime.timedelta(n), datetime.date(2026, 1, 2)))
    if kind < 12: return [make(depth + 1) for _ in range(n)]
    if kind == 12: return {i: make(depth + 1) for i in range(n)}
    return {"k%d" % i: make(depth + 1) for i in range(n)}
count = 0
errors = set()
for _ in range(250):
    value = make(0)
    data = codec.encode(value)
    assert data == pure.pack(value, codec.LOWER_STEPS[True]), (seed, value)
    assert data == b"".join(codec.encode_stepwise(value, False)), (seed, value)
    assert codec.read(data) == value == codec.read_pure(data), (seed, value)
    for _ in range(10):
        broken = bytearray(data[: r.randrange(2000)])
        for _ in range(r.randrange(3)):
            broken.insert(r.randrange(len(broken) + 1), r.randrange(256))
        results = []
        for read in (codec.read, codec.read_pure):
            try:
                results.append(repr(read(bytes(broken))))
            except (ValueError, EncodeError) as error:
                results.append(None)
            count += 1
        assert results[0] == results[1], (seed, bytes(broken), results)
count`);
    assertEquals(value, 5_000, JSON.stringify(value));
  });

  test("in tables are looked at each, however alike the rows are", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`
import collections, datetime, enum
from pyproxy_worker.codec import codec, msgpack_pure as pure
class Color(enum.IntEnum): RED = 3
class Name(str): pass
class Sly(str):
    __hash__ = lambda self: hash("id")
    __eq__ = lambda self, other: other == "id"
Point = collections.namedtuple("Point", "x y")
wrong = []
for rows, odd in (
    ([{"id": i, "of": None} for i in range(50)], (
        {1: 2}, {"id": 1, None: 2}, {"__proto__": 1}, {Name("__proto__"): 1}, {Name("id"): 1}, {},
        {"id": datetime.date(2026, 1, 2)}, {"id": Color.RED}, {"id": 1 << 70}, {"id": "\\ud800"},
        {"\\ud800": 1}, {"id": (1, 2)}, {"id": Point(1, 2)}, {"id": [{1: 2}]}, {"id": bytes(70_000)},
        {"id": {2, 3}}, collections.OrderedDict(id=1), None, 7, [1], Color.RED,
        {Sly("__proto__"): 1}, {Sly("x"): 1, "of": None},
    )),
    ([[i, str(i), None] for i in range(50)], (
        [], (), (1, 2), Point(1, 2), [Color.RED], [1 << 70], [{"a": {1: 2}}], [[[1]]], {"a": 1}, "x",
        [bytes(70_000)], [{1, 2}],
    )),
):
    for each in odd:
        for at in (0, 25, 50):
            table = rows[:at] + [each] + rows[at:]
            if codec.encode(table) != pure.pack(table, codec.LOWER_STEPS[False]):
                wrong.append(repr(each)[:100])
wrong`);
    assertEquals(value, []);
  });

  test("are the same after a journey of many records and numbers", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`
from pyproxy_worker.codec import codec
rows = [{"id": i, "name": "name %d" % i, "score": i / 7, "ok": True} for i in range(10000)]
numbers = [i / 3 for i in range(100000)]
[codec.decode(codec.encode(value)) == value for value in (rows, numbers)]`);
    assertEquals(value, [true, true]);
  });
}
