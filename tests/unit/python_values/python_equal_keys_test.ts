/** Keys that differ in Python and are one in JavaScript, and the other way: no entry is lost. */
import { assertEquals, assertMatch } from "@std/assert";
import { decode } from "../../../src/values/decode.ts";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";

const SETUP = `
import datetime, decimal, enum, fractions
Suit = enum.Enum("Suit", "FIRST SECOND")
Rank = enum.Enum("Rank", "FIRST")
Nothing = enum.Enum("Nothing", {"NONE": None, "TRUE": True, "TEXT": "x", "HALF": 0.5, "LARGE": 2**70})
def of_its_own(base):
    return type("Own", (base,), {"__eq__": object.__eq__, "__hash__": object.__hash__})
I, F, S, T = map(of_its_own, (int, float, str, tuple))
nan = float("nan")
def nans(): return float("nan"), float("nan")
`;

/** Keys of which the second of two is one with the first, and how both are shown. */
const EQUAL: [keys: string, shown: [string, string]][] = [
  ["Suit.FIRST, Rank.FIRST", ["<Suit.FIRST: 1>", "<Rank.FIRST: 1>"]],
  ["Suit.FIRST, 1", ["<Suit.FIRST: 1>", "1"]],
  ["True, Nothing.TRUE", ["True", "<Nothing.TRUE: True>"]],
  ["Nothing.NONE, None", ["<Nothing.NONE: None>", "None"]],
  ["Nothing.HALF, 0.5", ["<Nothing.HALF: 0.5>", "0.5"]],
  ["*nans(),", ["nan", "nan"]],
  ["I(1), I(1)", ["1", "1"]],
  ["I(2**60), I(2**60)", ["1152921504606846976", "1152921504606846976"]],
  ["I(2**70), Nothing.LARGE", [
    "1180591620717411303424",
    "<Nothing.LARGE: 1180591620717411303424>",
  ]],
  ["I(1), 1.0", ["1", "1.0"]],
  ["F(0.0), -0.0", ["0.0", "-0.0"]],
  ["F(nan), F(nan)", ["nan", "nan"]],
  ["S('x'), S('x')", ["'x'", "'x'"]],
  ["S('x'), Nothing.TEXT", ["'x'", "<Nothing.TEXT: 'x'>"]],
  ["S('y' * 100), 'y' * 100", [`'${"y".repeat(79)}...`, `'${"y".repeat(79)}...`]],
];

/** The same with what other modules have. */
const WITH_PANDAS: [keys: string, shown: [string, string]][] = [
  ["None, pandas.NaT", ["None", "NaT"]],
  ["pandas.NaT, pandas.NA", ["NaT", "<NA>"]],
  ["numpy.datetime64('NaT'), numpy.timedelta64('NaT')", [
    "numpy.datetime64('NaT')",
    "numpy.timedelta64('NaT')",
  ]],
  ["numpy.float64('nan'), nan", ["nan", "nan"]],
];

/** Keys that differ on both sides. */
const DIFFERENT = [
  "True, 2, 2.5, None, 'x', '2', b'x', (1,), frozenset({1}), nan",
  "0, I(1), True, 2**60, I(2**60 + 1), float(2**60 + 2048), -2**70, I(2**70)",
  "I(2**53), F(2**53)",
  "T((1,)), T((1,))",
  "(nan,), (float('nan'),), frozenset({nan}), frozenset({float('nan')})",
  "decimal.Decimal(1), 2, fractions.Fraction(1, 2), 1.5, complex(nan), complex(float('nan'))",
  "datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2), datetime.timedelta(1), datetime.time(1)",
  "Suit.FIRST, Suit.SECOND, Suit, Rank, len",
  "'\\ud800', S('x'), 'y'",
];

/** Where a dict or a set of these keys may be, and the way to the second key. */
const PLACES: [(keys: string) => string, path: string][] = [
  [(keys) => `dict.fromkeys([${keys}], 0)`, "result.keys()[1]"],
  [(keys) => `{${keys}}`, "result[1]"],
  [(keys) => `[7, {"k": (frozenset([${keys}]),)}]`, "result[1].k[0][1]"],
  [(keys) => `{5: {"a b": dict.fromkeys([${keys}])}}`, 'result[5]["a b"].keys()[1]'],
  [(keys) => `{(3, frozenset([${keys}])): 4}`, "result.keys()[0][1][1]"],
];

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python keys ${what} (${name})`, run);

  const refuses = async (setup: string, cases: typeof EQUAL): Promise<void> => {
    await using client = await LinkClient.start(python);
    await client.eval(setup, { namespace: "n" });
    for (const [keys, [first, second]] of cases) {
      for (const [place, path] of PLACES) {
        for (const strict of [false, true]) {
          const code = place(keys);
          const { status, control } = await client.eval(code, { namespace: "n", strict });
          assertEquals([status, control.path], [Status.UNSENDABLE, path], code);
          const [, a, at, b] = /^Cannot send .*?: (.*) \((.*?)\) and (.*) are equal in JavaScript, /
            .exec(control.message)!;
          // A set has an order of its own.
          const isDict = path.endsWith("keys()[1]");
          const shown = isDict || a === first ? [first, second] : [second, first];
          assertEquals([a, b], shown, code);
          assertEquals(at, isDict ? ".keys()[0]" : "[0]", code);
        }
      }
    }
  };

  test("that JavaScript could not tell apart are refused, both named", async () => {
    await refuses(SETUP, EQUAL);
  });

  const code = "import numpy, pandas";
  if (new Deno.Command(python, { args: ["-c", code], stderr: "null" }).outputSync().success) {
    test("of numpy and pandas that are one null are refused", async () => {
      await refuses(`${SETUP}\n${code}`, WITH_PANDAS);
    });
  }

  test("that differ on both sides all arrive", async () => {
    await using client = await LinkClient.start(python);
    await client.eval(SETUP, { namespace: "n" });
    for (const keys of DIFFERENT) {
      const { status, bytes } = await client.eval(
        `keys = [${keys}]\n[len(set(keys)), dict.fromkeys(keys), set(keys)]`,
        { namespace: "n" },
      );
      assertEquals(status, Status.VALUE, keys);
      const [count, map, set] = decode(bytes) as [number, Map<unknown, null>, Set<unknown>];
      assertEquals([map.size, set.size], [count, count], keys);
    }
  });

  test("that came, and are equal in Python, are refused as well", async () => {
    await using client = await LinkClient.start(python);
    const cases: [hex: string, path: string, message: RegExp][] = [
      [
        "c7 05 02 94 01 02 01 03",
        "locs.x.keys()[1]",
        /: 1 \(\.keys\(\)\[0\]\) and 1 are equal in Py/,
      ],
      ["c7 05 02 94 01 02 c3 03", "locs.x.keys()[1]", /: 1 \(\.keys\(\)\[0\]\) and True are equal/],
      ["91 c7 04 03 93 02 00 c2", "locs.x[0][2]", /: 0 \(\[1\]\) and False are equal in Python/],
      ["c7 05 03 92 91 01 91 c3", "locs.x[1]", /: \(1,\) \(\[0\]\) and \(True,\) are equal/],
    ];
    for (const [hex, path, message] of cases) {
      const bytes = Uint8Array.fromHex(hex.replaceAll(" ", ""));
      const values = new Uint8Array([0x92, 0x81, 0xa1, 0x78, ...bytes, 0xc0]);
      const { status, control } = await client.eval("x", { values });
      assertEquals([status, control.path], [Status.UNSENDABLE, path], hex);
      assertMatch(control.message, message);
    }
    assertEquals((await client.eval("1 + 1")).value, 2);
  });
}
