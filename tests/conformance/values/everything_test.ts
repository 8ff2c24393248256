// One of everything, as a new user would try it: what Python says of each, and what comes back.
import { assert, assertEquals } from "@std/assert";
import { float, PythonScalar, type Received, type Sendable, tuple } from "../../../mod.ts";
import { inBun, shareServer, test, testRemote } from "../../harness.ts";
import { show } from "../../unit/values/values_random.ts";

shareServer();

/** What is sent, what Python calls its type and how it shows it, and what comes back if not that. */
type Case = [sent: Sendable, type: string, repr: string, back?: Received];

const zoned = (text: string) => Temporal.ZonedDateTime.from(text);
const bytes = new Uint8Array([0, 127, 255]);
const UTC = "tzinfo=datetime.timezone.utc";
const SECOND = Temporal.Instant.from("2026-01-02T03:04:05Z");

const EVERYTHING: Record<string, Case> = {
  null: [null, "NoneType", "None"],
  undefined: [undefined, "NoneType", "None", null],
  yes: [true, "bool", "True"],
  no: [false, "bool", "False"],
  int: [42, "int", "42"],
  negative: [-42, "int", "-42"],
  small_bigint: [42n, "int", "42", 42],
  bigint: [-(2n ** 70n), "int", "-1180591620717411303424"],
  float: [0.1, "float", "0.1"],
  whole_float: [float(1), "float", "1.0", 1],
  minus_zero: [-0, "float", "-0.0"],
  nan: [NaN, "float", "nan"],
  infinity: [-Infinity, "float", "-inf"],
  large_float: [2 ** 53, "float", "9007199254740992.0"],
  str: ["grüße 😀\0", "str", "'grüße 😀\\x00'"],
  bytes: [bytes, "bytes", "b'\\x00\\x7f\\xff'"],
  buffer: [bytes.buffer, "bytes", "b'\\x00\\x7f\\xff'", bytes],
  view: [new DataView(bytes.buffer, 1), "bytes", "b'\\x7f\\xff'", bytes.subarray(1)],
  list: [[1, ["a"], []], "list", "[1, ['a'], []]"],
  holes: [[, 1], "list", "[None, 1]", [null, 1]],
  tuple: [tuple(1, tuple(), ["a"]), "tuple", "(1, (), ['a'])", [1, [], ["a"]]],
  dict: [{ a: 1, "b c": { d: null } }, "dict", "{'a': 1, 'b c': {'d': None}}"],
  no_prototype: [Object.assign(Object.create(null), { a: 1 }), "dict", "{'a': 1}"],
  proto: [JSON.parse('{"__proto__": 1}'), "dict", "{'__proto__': 1}"],
  map: [
    new Map<Sendable, Sendable>([[1, "a"], [[2, "b"], null], [tuple(3), 4]]),
    "dict",
    "{1: 'a', (2, 'b'): None, (3,): 4}",
    new Map<Received, Received>([[1, "a"], [[2, "b"], null], [[3], 4]]),
  ],
  string_map: [new Map([["a", 1]]), "dict", "{'a': 1}", { a: 1 }],
  set: [new Set([3]), "set", "{3}"],
  set_of_sets: [new Set([new Set([3])]), "set", "{frozenset({3})}"],
  date: [
    new Date("2026-01-02T03:04:05.678Z"),
    "datetime",
    `datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, ${UTC})`,
    zoned("2026-01-02T03:04:05.678Z[UTC]"),
  ],
  instant: [
    SECOND,
    "datetime",
    `datetime.datetime(2026, 1, 2, 3, 4, 5, ${UTC})`,
    SECOND.toZonedDateTimeISO("UTC"),
  ],
  fixed: [
    zoned("2026-01-02T03:04:05+05:30[+05:30]"),
    "datetime",
    "datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone(datetime.timedelta(seconds=19800)))",
  ],
  second_half_past_two: [
    zoned("2026-10-25T02:30:00.000001+01:00[Europe/Berlin]"),
    "datetime",
    "datetime.datetime(2026, 10, 25, 2, 30, 0, 1, fold=1, tzinfo=zoneinfo.ZoneInfo(key='Europe/Berlin'))",
  ],
  plain_datetime: [
    Temporal.PlainDateTime.from("2026-01-02T03:04:05.000006"),
    "datetime",
    "datetime.datetime(2026, 1, 2, 3, 4, 5, 6)",
  ],
  plain_date: [Temporal.PlainDate.from("2026-01-02"), "date", "datetime.date(2026, 1, 2)"],
  plain_time: [
    Temporal.PlainTime.from("03:04:05.000006"),
    "time",
    "datetime.time(3, 4, 5, 6)",
  ],
  duration: [
    Temporal.Duration.from({ weeks: -1, hours: -25 }),
    "timedelta",
    "datetime.timedelta(days=-9, seconds=82800)",
    Temporal.Duration.from({ days: -8, hours: -1 }),
  ],
  decimal: [new PythonScalar("Decimal", "-1.10"), "Decimal", "Decimal('-1.10')"],
  fraction: [new PythonScalar("Fraction", "-2/3"), "Fraction", "Fraction(-2, 3)"],
  uuid: [
    new PythonScalar("UUID", "886313e1-3b8a-5372-9b90-0c9aee199e5d"),
    "UUID",
    "UUID('886313e1-3b8a-5372-9b90-0c9aee199e5d')",
  ],
  path: [new PythonScalar("Path", "/tmp/é"), "PosixPath", "PosixPath('/tmp/é')"],
  pure_path: [new PythonScalar("PurePosixPath", "a"), "PurePosixPath", "PurePosixPath('a')"],
  windows_path: [
    new PythonScalar("PureWindowsPath", "c:\\a"),
    "PureWindowsPath",
    "PureWindowsPath('c:/a')",
  ],
  complex: [new PythonScalar("complex", "-0.0-2.5j"), "complex", "(-0-2.5j)"],
};

test("one of everything has the right type in Python, and comes back the same", async () => {
  await using own = await testRemote();
  const locs = Object.fromEntries(Object.entries(EVERYTHING).map(([name, [sent]]) => [name, sent]));
  const told = await own.remote.eval<Record<string, [unknown, string, string]>>(
    "{name: (value, type(value).__name__, repr(value)) for name, value in locals().items()" +
      " if not name.startswith('__')}",
    { locs: { ...locs }, globs: {}, strict: true },
  );
  assertEquals(Object.keys(told).sort(), Object.keys(EVERYTHING).sort());
  for (const [name, expected] of Object.entries(EVERYTHING)) {
    const [sent, type, repr] = expected;
    const [back, toldType, toldRepr] = told[name]!;
    assertEquals([toldType, toldRepr], [type, repr], name);
    assertEquals(show(back), show(expected.length > 3 ? expected[3] : sent), name);
  }
});

test("one of everything can be in globs, and an item, key or field of the others", async () => {
  await using own = await testRemote();
  const values = Object.values(EVERYTHING).map(([sent]) => sent);
  const code = "[[list(v), v[0], v[1]['f'], v[2]] for v in rows] and [v[0] for v in rows]";
  const rows = values.map((value) => tuple(value, { f: value }, new Map([[1, value]])));
  const back = await own.remote.eval<unknown[]>(code, { globs: { rows }, strict: true });
  const expected = Object.values(EVERYTHING).map((one) => one.length > 3 ? one[3] : one[0]);
  assertEquals(back.map(show), expected.map(show));
});

test("console.log shows a PythonScalar and an opaque value readably", async () => {
  await using own = await testRemote();
  const values = await own.remote.eval(
    "import re; from decimal import Decimal; [Decimal('1.10'), re.compile('x')]",
  );
  const shown: string = Reflect.get(globalThis, inBun ? "Bun" : "Deno").inspect(values);
  for (
    const part of ["PythonScalar", '"Decimal"', '"1.10"', "Opaque", '"re.Pattern"', "re.compile"]
  ) {
    assert(shown.includes(part), shown);
  }
});
