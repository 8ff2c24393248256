/** Collections of the standard library that are a list or a dict in all but their class. */
import { assertEquals, assertMatch } from "@std/assert";
import { decode } from "../../../src/values/decode.ts";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";

const SETUP = `
import collections, os, sqlite3, types
from collections import ChainMap, OrderedDict, UserDict, UserList, UserString, deque
from types import MappingProxyType, SimpleNamespace
class Settings(UserDict): pass
class Names(UserList): pass
class Point(SimpleNamespace): pass
database = sqlite3.connect(":memory:")
database.row_factory = sqlite3.Row
def rows(sql): return database.execute(sql).fetchall()
`;

const CASES: [code: string, value: unknown][] = [
  ["{'a': 1, 2: 3}.keys()", ["a", 2]],
  ["{'a': 1}.values()", [1]],
  ["{'a': 1}.items()", [["a", 1]]],
  ["[*OrderedDict(a=1).keys()], OrderedDict(a=1).keys(), OrderedDict(a=1).items()", [["a"], ["a"], [
    ["a", 1],
  ]]],
  ["UserDict(a=1).keys(), ChainMap({'a': 1}).values(), Settings(a=1).items()", [["a"], [1], [
    ["a", 1],
  ]]],
  ["deque([1, {'k': deque()}], maxlen=5)", [1, { k: [] }]],
  ["MappingProxyType({'a': {1, 2}})", { a: new Set([1, 2]) }],
  ["MappingProxyType(OrderedDict({1: 2}))", new Map([[1, 2]])],
  ["ChainMap({'a': 1}, {'a': 2, 'b': 3})", { a: 1, b: 3 }],
  ["UserDict({'a': 1}), Settings({1: Settings()})", [{ a: 1 }, new Map([[1, {}]])]],
  ["UserList([1, 2]), Names('ab')", [[1, 2], ["a", "b"]]],
  ["UserString('text')", "text"],
  ["SimpleNamespace(a=1, b=SimpleNamespace()), Point(x=1)", [{ a: 1, b: {} }, { x: 1 }]],
  ["rows('select 1 as a, null as b union select 2, x\\'00\\'')", [{ a: 1, b: null }, {
    a: 2,
    b: new Uint8Array(1),
  }]],
];

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python collections ${what} (${name})`, run);

  test("come as what they hold, with strict as well", async () => {
    await using client = await LinkClient.start(python);
    for (const [code, value] of CASES) {
      const { status, bytes } = await client.eval(SETUP + code, { strict: true });
      assertEquals(status, Status.VALUE, code);
      assertEquals(decode(bytes), value, code);
    }
  });

  test("that cannot travel say where", async () => {
    await using client = await LinkClient.start(python);
    const cases: [code: string, path: string, message: RegExp][] = [
      ["[deque([1, len])]", "result[0][1]", /strict/],
      ["{'a': {1: len}.values()}", "result.a[0]", /strict/],
      ["SimpleNamespace(a=[len])", "result.a[0]", /strict/],
      ["ChainMap({}, {'a b': len})", 'result["a b"]', /strict/],
      ["d = {}\nd['v'] = d.values()\nd", "result.v[0]", /contains itself/],
      ["n = SimpleNamespace()\nn.n = n\nn", "result.n", /contains itself/],
      ["rows('select 1 as a, 2 as b, 3 as a')", "result[0]", /two of its columns are called 'a'/],
    ];
    for (const [code, path, message] of cases) {
      const { status, control } = await client.eval(SETUP + code, { strict: true });
      assertEquals([status, control.path], [Status.UNSENDABLE, path], code);
      assertMatch(control.message, message);
    }
  });

  test("that can be gone through once are opaque", async () => {
    await using client = await LinkClient.start(python);
    for (const code of ["iter([1])", "(x for x in [1])", "zip([1])", "map(len, ['a'])"]) {
      const { value } = await client.eval(`once = ${code}\n[once, list(once)]`);
      assertEquals([value[0].code, value[1].length], [5, 1], code);
    }
  });
}
