// VALUES.md's table against reality: each row there has checks here, and the other way.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { float, Opaque, PythonScalar, tuple } from "../../../mod.ts";
import mod from "../../../mod.ts" with { type: "text" };
import values from "../../../src/values/VALUES.md" with { type: "text" };
import { shareServer, test, testRemote } from "../../harness.ts";
import { show } from "../../unit/values/values_random.ts";

shareServer();

/** What a row promises: how expressions come, and what Python's repr says of what is sent. */
interface Promised {
  comes: [python: string, js: unknown][];
  goes: [js: unknown, python: string][];
}

const at = (text: string) => Temporal.ZonedDateTime.from(text);

const ROWS: Record<string, Promised> = {
  "None, bool, str": {
    comes: [["None", null], ["True", true], ["'é'", "é"]],
    goes: [[null, "None"], [undefined, "None"], [false, "False"], ["é", "'é'"]],
  },
  "int, any size": {
    comes: [["7", 7], ["2**53", 2n ** 53n], ["-10**30", -(10n ** 30n)]],
    goes: [[7, "7"], [7n, "7"], [2n ** 100n, "1267650600228229401496703205376"]],
  },
  "float": {
    comes: [["0.5", 0.5], ["1.0", 1], ["-0.0", -0], ["float('nan')", NaN], [
      "float('inf')",
      Infinity,
    ]],
    goes: [[0.5, "0.5"], [float(1), "1.0"], [-0, "-0.0"], [NaN, "nan"], [-Infinity, "-inf"]],
  },
  "bytes, bytearray, memoryview": {
    comes: ["b'a'", "bytearray(b'a')", "memoryview(b'a')"].map((x) => [x, new Uint8Array([97])]),
    goes: [[new Uint8Array([97]), "b'a'"], [new Uint8Array([97]).buffer, "b'a'"]],
  },
  "list, tuple, range, deque, dict views": {
    comes: [
      ["[1, 2]", [1, 2]],
      ["(1, 2)", [1, 2]],
      ["range(2)", [0, 1]],
      ["deque([1, 2])", [1, 2]],
      ["{'a': 1}.keys()", ["a"]],
      ["{'a': 1}.values()", [1]],
      ["{'a': 1}.items()", [["a", 1]]],
    ],
    goes: [[[1, 2], "[1, 2]"], [tuple(1, 2), "(1, 2)"]],
  },
  "dict, sqlite3.Row, SimpleNamespace": {
    comes: [
      ["{'a': 1}", { a: 1 }],
      ["{1: 'a'}", new Map([[1, "a"]])],
      ["{'__proto__': 1}", JSON.parse('{"__proto__": 1}')],
      ["MappingProxyType({'a': 1})", { a: 1 }],
      ["ChainMap({'a': 1}, {'a': 2, 'b': 3})", { a: 1, b: 3 }],
      ["SimpleNamespace(x=1)", { x: 1 }],
      ["row()", { a: 1, b: "x" }],
    ],
    goes: [[{ a: 1 }, "{'a': 1}"], [new Map([["a", 1]]), "{'a': 1}"], [
      new Map([[1, "a"]]),
      "{1: 'a'}",
    ]],
  },
  "set, frozenset": {
    comes: [["{1}", new Set([1])], ["frozenset({1})", new Set([1])]],
    goes: [[new Set([1]), "{1}"]],
  },
  "aware datetime": {
    comes: [
      ["datetime(2026, 7, 1, tzinfo=timezone.utc)", at("2026-07-01T00:00Z[UTC]")],
      [
        "datetime(2026, 7, 1, tzinfo=timezone(timedelta(hours=2)))",
        at("2026-07-01T00:00+02:00[+02:00]"),
      ],
      [
        "datetime(2026, 7, 1, tzinfo=ZoneInfo('Europe/Berlin'))",
        at("2026-07-01T00:00[Europe/Berlin]"),
      ],
    ],
    goes: [
      [new Date(0), "datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)"],
      [
        Temporal.Instant.from("1970-01-01T00:00Z"),
        "datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)",
      ],
      [
        at("2026-07-01T00:00[Europe/Berlin]"),
        "datetime.datetime(2026, 7, 1, 0, 0, tzinfo=zoneinfo.ZoneInfo(key='Europe/Berlin'))",
      ],
    ],
  },
  "naive datetime, date, naive time": {
    comes: [
      [
        "datetime(2026, 7, 1, 2, 3, 4, 5)",
        Temporal.PlainDateTime.from("2026-07-01T02:03:04.000005"),
      ],
      ["date(2026, 7, 1)", Temporal.PlainDate.from("2026-07-01")],
      ["time(2, 3)", Temporal.PlainTime.from("02:03")],
    ],
    goes: [
      [Temporal.PlainDateTime.from("2026-07-01T02:03"), "datetime.datetime(2026, 7, 1, 2, 3)"],
      [Temporal.PlainDate.from("2026-07-01"), "datetime.date(2026, 7, 1)"],
      [Temporal.PlainTime.from("02:03:04.000005"), "datetime.time(2, 3, 4, 5)"],
    ],
  },
  "timedelta": {
    comes: [
      ["timedelta(hours=-36)", Temporal.Duration.from({ days: -1, hours: -12 })],
      ["timedelta.max", Temporal.Duration.from("P999999999DT23H59M59.999999S")],
    ],
    goes: [[Temporal.Duration.from({ minutes: 90 }), "datetime.timedelta(seconds=5400)"]],
  },
  "Decimal, Fraction, UUID, Path, complex": {
    comes: [
      ["Decimal('1.10')", new PythonScalar("Decimal", "1.10")],
      ["Fraction(1, 3)", new PythonScalar("Fraction", "1/3")],
      ["UUID(int=1)", new PythonScalar("UUID", "00000000-0000-0000-0000-000000000001")],
      ["Path('/tmp')", new PythonScalar("Path", "/tmp")],
      ["complex(1, -0.0)", new PythonScalar("complex", "1.0-0.0j")],
    ],
    goes: [
      [new PythonScalar("Decimal", "1.10"), "Decimal('1.10')"],
      [new PythonScalar("Fraction", "1/3"), "Fraction(1, 3)"],
      [
        new PythonScalar("UUID", "00000000-0000-0000-0000-000000000001"),
        "UUID('00000000-0000-0000-0000-000000000001')",
      ],
      [new PythonScalar("Path", "/tmp"), "PosixPath('/tmp')"],
      [new PythonScalar("complex", "1+2j"), "(1+2j)"],
    ],
  },
  "Enum, dataclass, namedtuple": {
    comes: [
      ["Enum('E', {'A': 'a'}).A", "a"],
      ["make_dataclass('D', ['x'])(1)", { x: 1 }],
      ["namedtuple('P', 'x y')(1, 2)", [1, 2]],
    ],
    goes: [],
  },
  "anything else": {
    comes: [["re.compile('x')", new Opaque("re.Pattern", "re.compile('x')")]],
    goes: [],
  },
};

const SETUP = `
import re, sqlite3
from collections import ChainMap, deque, namedtuple
from dataclasses import make_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from uuid import UUID
from zoneinfo import ZoneInfo
def row():
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    return database.execute("select 1 as a, 'x' as b").fetchone()
`;

/** The cells of the first table with a head of Python and JavaScript, without their markup. */
function table(text: string): string[][] {
  const lines = text.slice(text.search(/\| Python +\| JavaScript +\|/)).split("\n");
  const rows = lines.slice(2, lines.findIndex((line) => !line.includes("|")));
  return rows.map((row) =>
    row.replace(/\{@linkcode (\w+)\}/g, "$1").replaceAll("`", "").split("|").slice(1, 3)
      .map((cell) => cell.trim())
  );
}

test("the tables of VALUES.md and mod.ts have the rows that are checked here", () => {
  assertEquals(table(values).map(([python]) => python), Object.keys(ROWS));
  assertEquals(table(mod), table(values));
});

test("each row of the table of VALUES.md is true", async () => {
  await using own = await testRemote();
  for (const [row, { comes, goes }] of Object.entries(ROWS)) {
    for (const [python, js] of comes) {
      const value = await own.remote.eval(`${SETUP}${python}`);
      assertEquals(show(value), show(js), `${row}: ${python}`);
    }
    for (const [js, python] of goes) {
      const repr = await own.remote.eval("repr(x)", { locs: { x: js } });
      assertEquals(repr, python, row);
      // And once more, in the middle of something.
      const nested = await own.remote.eval("repr(x[0]['y'])", { locs: { x: [{ y: js }] } });
      assertEquals(nested, python, row);
    }
  }
  const pattern = await own.remote.eval(`${SETUP}re.compile("x")`);
  assertInstanceOf(pattern, Opaque);
});
