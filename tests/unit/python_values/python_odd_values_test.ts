/**
 * Values whose classes answer oddly, or not at all, to what is asked of them: the one value comes as
 * opaque, and the rest of the result with it.
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";

/** What makes `Odd`, and the name that an opaque `Odd()` bears. */
const CLASSES: Record<string, [code: string, type: string]> = {
  "a metaclass that has every attribute": [
    "class Meta(type):\n  def __getattr__(cls, name): return cls\nclass Odd(metaclass=Meta): pass",
    "__main__.Odd",
  ],
  "a metaclass that raises for what it has not": [
    "class Meta(type):\n  def __getattr__(cls, name): raise RuntimeError(name)\n" +
    "class Odd(metaclass=Meta): pass",
    "__main__.Odd",
  ],
  "a metaclass that raises for everything": [
    "class Meta(type):\n  def __getattribute__(cls, name): raise RuntimeError(name)\n" +
    "class Odd(metaclass=Meta): pass",
    "__main__.Odd",
  ],
  "a metaclass without a module or bases": [
    "class Meta(type):\n  __module__ = __mro__ = property(lambda cls: 1 / 0)\n" +
    "class Odd(metaclass=Meta): pass",
    "__main__.Odd",
  ],
  "a class that cannot be hashed": [
    "class Meta(type):\n  def __eq__(cls, other): raise RuntimeError\nclass Odd(metaclass=Meta): pass",
    "__main__.Odd",
  ],
  "a __class__ that raises": [
    "class Odd:\n  __class__ = property(lambda self: 1 / 0)",
    "__main__.Odd",
  ],
  "every attribute but those of its class": [
    "from unittest.mock import MagicMock as Odd",
    "unittest.mock.MagicMock",
  ],
  "fields of a dataclass that are none": ["class Odd:\n  __dataclass_fields__ = 5", "__main__.Odd"],
  ...Object.fromEntries(
    [
      "uuid.UUID",
      "decimal.Decimal",
      "numpy.ndarray",
      "pandas.core.frame.DataFrame",
      "pandas._libs.tslibs.nattype.NaTType",
    ].map((name) => {
      const at = name.lastIndexOf(".");
      const [module, kind] = [name.slice(0, at), name.slice(at + 1)];
      return [`the name ${name}`, [
        `import decimal, uuid\nOdd = type('${kind}', (), {'__module__': '${module}'})`,
        name,
      ]];
    }),
  ),
};

/** What makes `Odd` of what can be sent otherwise, and what it raises where it is read. */
const UNREADABLE: Record<string, [code: string, raised: string]> = {
  "a dict without items": ["class Odd(dict):\n  def items(self): 1 / 0", "ZeroDivisionError"],
  "a dict whose items are no pairs": ["class Odd(dict):\n  def items(self): return 5", "TypeError"],
  "a dict whose pairs can be read once": [
    "class Odd(dict):\n  def items(self): return [iter((1, 2))]",
    "ValueError",
  ],
  "a list that cannot be iterated": [
    "class Odd(list):\n  def __iter__(self): 1 / 0",
    "ZeroDivisionError",
  ],
  "a tuple that exits": [
    "class Odd(tuple):\n  def __iter__(self): raise SystemExit(5)",
    "SystemExit",
  ],
  "a set that cannot be iterated": [
    "class Odd(set):\n  def __iter__(self): 1 / 0",
    "ZeroDivisionError",
  ],
  "bytes that raise": ["class Odd(bytes):\n  def __bytes__(self): 1 / 0", "ZeroDivisionError"],
  "a member of an enum without a value": [
    "import enum\nclass E(enum.Enum):\n  A = 1\n  @property\n  def value(self): 1 / 0\nOdd = lambda: E.A",
    "ZeroDivisionError",
  ],
  "a dataclass whose fields raise": [
    "import dataclasses\n@dataclasses.dataclass\nclass Odd:\n  x: int = 1\n" +
    "  def __getattribute__(self, name): raise GeneratorExit",
    "GeneratorExit",
  ],
  "what raises an exception that cannot be shown": [
    "class Unshown(Exception):\n  def __repr__(self): 1 / 0\n  __str__ = __repr__\n" +
    "class Odd(dict):\n  def items(self): raise Unshown",
    "<Unshown: its repr() raised ZeroDivisionError>",
  ],
};

/** What a `__repr__` does, and what is shown instead. */
const REPRS: Record<string, [code: string, repr: RegExp]> = {
  "raises": ["1 / 0", /^<Odd: its repr\(\) raised ZeroDivisionError>$/],
  "exits": ["raise SystemExit(5)", /^<Odd: its repr\(\) raised SystemExit>$/],
  "ends a generator": ["raise GeneratorExit", /^<Odd: its repr\(\) raised GeneratorExit>$/],
  "gives no text": ["return 5", /^<Odd: its repr\(\) raised TypeError>$/],
  "gives a str without a length": ["return Text('text')", /^text$/],
};
const TEXT = `
class Text(str):
  def __len__(self): raise RuntimeError
  __str__ = __getitem__ = encode = __len__`;

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python values of odd classes ${what} (${name})`, run);

  test("are opaque, and what is beside them comes", async () => {
    await using client = await LinkClient.start(python);
    for (const [what, [code, type]] of Object.entries(CLASSES)) {
      const { status, value } = await client.eval(
        `${code}\n{"before": 1, "odd": Odd(), "after": [2, (Odd(),)]}`,
      );
      assertEquals(status, Status.VALUE, what);
      assertEquals([value.before, value.after[0]], [1, 2], what);
      for (const odd of [value.odd, value.after[1][0]]) {
        assertEquals([odd.code, odd.data.type], [5, type], what);
      }
      const strict = await client.eval(`${code}\n{"odd": [Odd()]}`, { strict: true });
      assertEquals(
        [strict.status, strict.control.path],
        [Status.UNSENDABLE, "result.odd[0]"],
        what,
      );
      assertStringIncludes(strict.control.message, "Cannot send result.odd[0]: ");
    }
    assertEquals((await client.eval("1 + 1")).value, 2);
  });

  test("that fail where they are read are opaque, and strict says what they raised", async () => {
    await using client = await LinkClient.start(python);
    for (const [what, [code, raised]] of Object.entries(UNREADABLE)) {
      const { status, value } = await client.eval(`${code}\n[1, {"odd": Odd()}, 2]`);
      assertEquals(status, Status.VALUE, what);
      assertEquals([value[0], value[1].odd.code, value[2]], [1, 5, 2], what);
      const strict = await client.eval(`${code}\n[1, {"odd": Odd()}]`, { strict: true });
      assertEquals(
        [strict.status, strict.control.path],
        [Status.UNSENDABLE, "result[1].odd"],
        what,
      );
      assertStringIncludes(
        strict.control.message,
        `Cannot send result[1].odd: reading it raised ${raised}`,
      );
    }
  });

  test("are shown whatever their repr does", async () => {
    await using client = await LinkClient.start(python);
    for (const [what, [body, repr]] of Object.entries(REPRS)) {
      const { value } = await client.eval(
        `${TEXT}\nclass Odd:\n  def __repr__(self): ${body}\n[Odd(), 1]`,
      );
      assertEquals([value[0].code, value[1]], [5, 1], what);
      assertMatch(value[0].data.repr, repr, what);
    }
  });

  test("are keys and arguments of exceptions as well", async () => {
    await using client = await LinkClient.start(python);
    const odd = CLASSES["a __class__ that raises"]![0];
    const { value } = await client.eval(`${odd}\n[{Odd(): 1, "k": 2}]`);
    assertEquals(value[0].code, 2);
    assertEquals([value[0].data[0].code, ...value[0].data.slice(1)], [5, 1, "k", 2]);
    const unhashable = CLASSES["a class that cannot be hashed"]![0];
    const raised = await client.eval(`${unhashable}\nraise ValueError(1, Odd())`);
    assertEquals(raised.value.args[0], 1);
    assertEquals(raised.value.args[1].data.type, "__main__.Odd");
    assertStringIncludes(raised.value.traceback, "ValueError: (1, <__main__.Odd object");
  });
}
