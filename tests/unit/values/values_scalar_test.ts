/** PythonScalar: extension 11. What each type is on the wire is in the golden vectors. */
import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { decode, DecodeError } from "../../../src/values/decode.ts";
import { Encoder } from "../../../src/values/encode.ts";
import { EncodeError } from "../../../src/values/encode_error.ts";
import { PythonScalar, type PythonScalarType } from "../../../src/values/types.ts";

const TEXTS: Record<PythonScalarType, { good: string[]; bad: string[] }> = {
  Decimal: {
    good: ["1", "-1.10", "+0", ".5", "5.", "1E+30", "1e-7", "NaN", "-sNaN12", "Infinity", "-inf"],
    bad: ["", " 1", "1,5", "0x1", "1E", "1_000", "--1", "Infinit", "１", "1\n", "."],
  },
  Fraction: {
    good: ["1", "-2/3", "0/7", "10/020"],
    bad: ["", "1/0", "1/00", "1/-2", "1.5", "/2", "1/"],
  },
  UUID: {
    good: ["886313e1-3b8a-5372-9b90-0c9aee199e5d", "886313E1-3B8A-5372-9B90-0C9AEE199E5D"],
    bad: ["", "886313e13b8a53729b900c9aee199e5d", "886313e1-3b8a-5372-9b90-0c9aee199e5g"],
  },
  Path: { good: ["", "/", "a b", "é\n"], bad: [] },
  PurePosixPath: { good: ["a"], bad: [] },
  PureWindowsPath: { good: ["c:\\a"], bad: [] },
  complex: {
    good: ["1+2j", "-0.0-0.0j", "nan+infj", "1e+300-1e-07j", "-inf+nanj"],
    bad: ["", "1", "2j", "(1+2j)", "1 + 2j", "1+2", "1++2j", "1+2i"],
  },
};

Deno.test("PythonScalar takes the texts of its types and no others", () => {
  for (const [type, { good, bad }] of Object.entries(TEXTS)) {
    for (const text of good) {
      const scalar = new PythonScalar(type as PythonScalarType, text);
      const encoder = new Encoder();
      encoder.value(scalar, "x");
      const back = decode(encoder.bytes());
      assertInstanceOf(back, PythonScalar);
      assertEquals([back.type, back.text, String(back)], [type, text, text]);
    }
    for (const text of bad) {
      const make = () => new PythonScalar(type as PythonScalarType, text);
      assertThrows(
        make,
        TypeError,
        `Cannot make a PythonScalar: ${JSON.stringify(text)} is no text`,
      );
    }
  }
});

Deno.test("PythonScalar says what is wrong with it", () => {
  // deno-lint-ignore no-explicit-any
  const make = (type: any, text: any) => () => new PythonScalar(type, text);
  assertThrows(
    make("Decimal", "1,5"),
    TypeError,
    'Cannot make a PythonScalar: "1,5" is no text of a Decimal, such as "1.10"',
  );
  assertThrows(make("Decimal", 1.5), TypeError, "number is no text of a Decimal");
  assertThrows(make("Path", undefined), TypeError, "undefined is no text of a Path");
  for (const type of ["decimal", "constructor", "__proto__", "int"]) {
    assertThrows(make(type, "1"), TypeError, `there is no type "${type}", only Decimal, Fraction,`);
  }
  assertThrows(make(undefined, "1"), TypeError, "there is no type undefined");
});

Deno.test("a PythonScalar that was tampered with is an EncodeError", () => {
  const scalar = new PythonScalar("Decimal", "1");
  (scalar as { text: string }).text = "one";
  const error = assertThrows(() => new Encoder().value([scalar], "locs"), EncodeError);
  assertEquals(error.message, 'Cannot send locs[0]: "one" is no text of a Decimal, such as "1.10"');
  const path = new PythonScalar("Path", "\ud800");
  const half = assertThrows(() => new Encoder().value({ path }, "locs"), EncodeError);
  assertEquals(half.path, "locs.path.text");
});

Deno.test("toNumber() gives the nearest number to a Decimal or a Fraction", () => {
  const cases: [PythonScalarType, string, number][] = [
    ["Decimal", "1.10", 1.1],
    ["Decimal", "-0", -0],
    ["Decimal", "1E+30", 1e30],
    ["Decimal", "1E+400", Infinity],
    ["Decimal", "-sNaN12", NaN],
    ["Decimal", "-Infinity", -Infinity],
    ["Decimal", "inf", Infinity],
    ["Fraction", "5", 5],
    ["Fraction", "1/3", 1 / 3],
    ["Fraction", "-2/3", -2 / 3],
    ["Fraction", "0/3", 0],
    ["Fraction", "1/10", 0.1],
    [`Fraction`, `1${"0".repeat(400)}/3${"0".repeat(400)}`, 1 / 3],
    ["Fraction", `1${"0".repeat(400)}/3`, Infinity],
    ["Fraction", `-1/1${"0".repeat(310)}`, -1e-310],
    ["Fraction", `1/1${"0".repeat(5000)}`, 0],
    // Half between 1 and the next number, and as little more as there is: rounds to even, and up.
    ["Fraction", `${2n ** 53n + 1n}/${2n ** 53n}`, 1],
    ["Fraction", `${2n ** 200n + 2n ** 147n + 1n}/${2n ** 200n}`, 1 + 2 ** -52],
  ];
  for (const [type, text, number] of cases) {
    assertEquals(new PythonScalar(type, text).toNumber(), number, text);
  }
  for (const [type, { good }] of Object.entries(TEXTS)) {
    if (type === "Decimal" || type === "Fraction") continue;
    const scalar = new PythonScalar(type as PythonScalarType, good[0]!);
    assertThrows(() => scalar.toNumber(), TypeError, `Cannot make a number of a ${type}: `);
  }
});

Deno.test("a text that is wrong is refused in time that grows with its length alone", () => {
  // A pattern that backtracks would take years for these.
  for (const text of ["1".repeat(1e6) + "x", `1/${"1".repeat(1e6)}x`, `${"1".repeat(1e6)}e`]) {
    for (const type of ["Decimal", "Fraction", "complex", "UUID"] as const) {
      assertThrows(() => new PythonScalar(type, text), TypeError);
    }
  }
});

Deno.test("extension 11 that is none is a DecodeError", () => {
  const wrong: unknown[] = [null, [], ["Decimal"], ["Decimal", 1], ["Decimal", "x"], ["Int", "1"]];
  wrong.push(["Decimal", "1", "2"], { Decimal: "1" }, [1, "1"], ["__proto__", "1"]);
  for (const payload of wrong) {
    const encoder = new Encoder();
    encoder.reserve(3);
    encoder.value(payload, "payload");
    const bytes = encoder.take();
    bytes.set([0xc7, bytes.length - 3, 11]);
    assertThrows(() => decode(bytes), DecodeError);
  }
});
