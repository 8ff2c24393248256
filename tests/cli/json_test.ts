import { assertEquals } from "@std/assert";
import { DataFrame, NDArray, PythonScalar, Series } from "../../mod.ts";
import { toJson } from "../../src/cli/json.ts";
import { Opaque } from "../../src/values/types.ts";

Deno.test("toJson() writes JSON's own types as JSON.stringify does", () => {
  const plain = {
    a: [1, -2.5, "ä\n\u2028", true, null, {}],
    "": { __proto__: null, b: [] },
    c: 1e300,
  };
  assertEquals(toJson(plain), JSON.stringify(plain));
});

Deno.test("toJson() writes other types as --help says", () => {
  const values: [unknown, string][] = [
    [2n ** 70n, "1180591620717411303424"],
    [NaN, '"NaN"'],
    [-Infinity, '"-Infinity"'],
    [-0, "-0.0"],
    [new Uint8Array([120, 121]), '"eHk="'],
    [new Float64Array([1, 2.5]), "[1,2.5]"],
    [new Set([1, "a"]), '[1,"a"]'],
    [new Map<unknown, unknown>([[1, "a"], [[2, 3], null]]), '[[1,"a"],[[2,3],null]]'],
    [Temporal.Instant.from("2026-01-02T03:04:05Z"), '"2026-01-02T03:04:05Z"'],
    [new Opaque("re.Pattern", "re.compile('x')"), "\"re.compile('x')\""],
    [undefined, "null"],
    [new PythonScalar("Decimal", "1.10"), '"1.10"'],
    [new NDArray(new Float64Array([1, NaN, 3, 4]), { shape: [2, 2] }), '[[1,"NaN"],[3,4]]'],
    [new Series(["a", null]), '["a",null]'],
    [
      new DataFrame({ name: ["pear", "fig"], price: new BigInt64Array([1n, 2n ** 60n]) }),
      '[{"name":"pear","price":1},{"name":"fig","price":1152921504606846976}]',
    ],
  ];
  for (const [value, json] of values) {
    assertEquals(toJson(value), json);
    assertEquals(toJson({ inside: [value] }), `{"inside":[${json}]}`);
    JSON.parse(json);
  }
});
