/** Arrays and tables in the python process: with numpy and pandas, without, and hostile ones. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import readme from "../../../README.md" with { type: "text" };
import { NDArray, type Series } from "../../../mod.ts";
import { decode } from "../../../src/values/decode.ts";
import { Encoder } from "../../../src/values/encode.ts";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";
import { DTYPES, RandomArrays } from "../values/arrays_random.ts";

const SEED = 20260104;
const encoder = new Encoder();

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  encoder.reset();
  encoder.value(value, "value");
  return encoder.take();
}

/** The values of an EVAL: locs of `x` with these bytes as its value, or as the value they are of. */
function locsOf(x: unknown): Uint8Array {
  const bytes = x instanceof Uint8Array ? x : encode(x);
  return Uint8Array.from([0x92, 0x81, 0xa1, 0x78, ...bytes, 0xc0]);
}

/** The bytes of an extension over bytes in hexadecimal. */
function extension(code: number, hex: string): Uint8Array {
  const payload = Uint8Array.fromHex(hex.replaceAll(" ", ""));
  return Uint8Array.from([0xc8, payload.length >> 8, payload.length & 255, code, ...payload]);
}

/** Whether an interpreter has the module. */
function has(python: string, module: string): boolean {
  const code = `import importlib.util as u, sys; sys.exit(u.find_spec("${module}") is None)`;
  return new Deno.Command(python, { args: ["-c", code] }).outputSync().success;
}

/** From here on the process is as one where these were never installed. */
async function hide(client: LinkClient, ...modules: string[]): Promise<void> {
  const answer = await client.eval(
    `import sys; sys.modules.update(dict.fromkeys(${JSON.stringify(modules)}))`,
  );
  assertEquals(answer.status, Status.VALUE);
}

/** Lists as they are written, and what is in them as its text. */
function shown(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(shown)}]` : String(value);
}

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python arrays ${what} (${name})`, run);
  const withNumpy = has(python, "numpy") ? test : () => {};
  const withPandas = has(python, "pandas") ? test : () => {};

  test("neither import numpy nor pandas by themselves", async () => {
    await using client = await LinkClient.start(python);
    await client.eval("import array, datetime; [array.array('d', [1]), object(), {1: 2}]");
    const { value } = await client.eval(
      "import sys; [m for m in sys.modules if m in ('numpy', 'pandas')]",
    );
    assertEquals(value, []);
  });

  test("without numpy are array.array where they have one dimension, and refused else", async () => {
    await using client = await LinkClient.start(python);
    await hide(client, "numpy", "pandas");
    for (
      const [data, expected] of [
        [new Float64Array([1.5, -2]), "array('d', [1.5, -2.0])"],
        [new BigInt64Array([-1n]), "array('q', [-1])"],
        [new Uint16Array([65535]), "array('H', [65535])"],
        [new NDArray(new Uint8Array([7])), "array('B', [7])"],
        [new NDArray(new Float32Array(2)), "array('f', [0.0, 0.0])"],
      ] as const
    ) {
      assertEquals((await client.eval("repr(x)", { values: locsOf(data) })).value, expected);
    }
    const writes = await client.eval("x[0] = 3.5; x[0]", { values: locsOf(new Float64Array(1)) });
    assertEquals(writes.value, 3.5);
    for (
      const [data, text] of [
        [
          new NDArray(new Float64Array(4), { shape: [2, 2] }),
          "float64 with 2 dimensions needs numpy",
        ],
        [new NDArray(new Float64Array(1), { shape: [] }), "float64 with 0 dimensions needs numpy"],
        [new NDArray(new Uint8Array(1), { dtype: "bool" }), "bool with 1 dimensions needs numpy"],
        [new Float16Array(1), "float16 with 1 dimensions needs numpy"],
      ] as const
    ) {
      const answer = await client.eval("x", { values: locsOf([data]) });
      assertEquals([answer.status, answer.control.path], [Status.UNSENDABLE, "locs.x[0]"]);
      assertStringIncludes(answer.control.message, text);
    }
    for (const [code, what] of [[13, "Series"], [14, "DataFrame"]] as const) {
      const answer = await client.eval("x", { values: locsOf(extension(code, "80")) });
      assertEquals(answer.status, Status.UNSENDABLE);
      assertStringIncludes(answer.control.message, `a ${what} needs pandas in Python`);
    }
    assertEquals((await client.eval("1 + 1")).value, 2);
  });

  test("that are not what they say break a rule of the wire, and the next one is read", async () => {
    for (const without of [[], ["numpy"]]) {
      await using client = await LinkClient.start(python);
      await hide(client, ...without);
      const f8 = "07 666c6f61743634";
      const [one, eight] = ["0000000000000001", "0000000000000000"];
      const wrong = {
        "no payload": extension(12, ""),
        "a name cut short": extension(12, "c8 666c6f61743634"),
        "no order": extension(12, f8),
        "an order of its own": extension(12, `${f8} 41 01 ${one} ${eight}`),
        "lengths cut short": extension(12, `${f8} 43 c8 ${eight}`),
        "too many dimensions": extension(12, `${f8} 43 41 ${one.repeat(65)} ${eight}`),
        "more items than bytes": extension(12, `${f8} 43 01 0000000000000002 ${eight}`),
        "fewer items than bytes": extension(12, `${f8} 43 01 ${eight} ${eight}`),
        "a huge length": extension(12, `${f8} 43 01 ffffffffffffffff ${eight}`),
        "a product that overflows": extension(
          12,
          `${f8} 43 02 0000000100000000 0000000100000000 ${eight}`,
        ),
        "a product that overflows to 1": extension(
          12,
          `${f8} 43 02 8000000000000001 8000000000000001 ${eight}`,
        ),
        "dtype object": extension(12, `06 6f626a656374 43 01 ${one} ${eight}`),
        "a dtype with a byte order": extension(12, `03 3c6638 43 01 ${one} ${eight}`),
        "a dtype of two fields": extension(12, `05 69342c6934 43 01 ${one} ${eight}`),
        "strings of no length": extension(12, `02 5530 43 01 0000010000000000`),
        "a unit that is none": extension(
          12,
          `0e 646174657469 6d6536345b78735d 43 01 ${one} ${eight}`,
        ),
        "elements of no name": extension(15, ""),
        "elements that are bytes": extension(15, "05 75696e7438 00"),
        "half an element": extension(15, `${f8} 01020304`),
      };
      for (const [what, bytes] of Object.entries(wrong)) {
        const answer = await client.eval("x", { values: locsOf(bytes) });
        assertEquals(answer.status, "BROKEN", what);
        assert(answer.control.message.length < 500, answer.control.message);
      }
      const read = await client.eval("list(x)", { values: locsOf(new Int8Array([1])) });
      assertEquals(read.value, [1]);
    }
  });

  withNumpy(
    `of every dtype, shape and order are the same bytes after a journey (seed ${SEED})`,
    async () => {
      await using client = await LinkClient.start(python);
      const random = new RandomArrays(SEED);
      for (const dtype of DTYPES) {
        const arrays = Array.from({ length: 20 }, () => random.array(dtype));
        const answer = await client.eval(
          `
import numpy
for a in x:
    assert type(a) is numpy.ndarray and a.flags.writeable and a.flags.owndata and a.flags.aligned
    assert a.flags.c_contiguous or a.flags.f_contiguous
x`,
          { values: locsOf(arrays) },
        );
        // What is contiguous in both orders goes as C.
        const expected = arrays.map((array) => {
          const { data, shape } = array;
          const isBoth = array.size === 0 || shape.filter((length) => length > 1).length < 2;
          return new NDArray(data, { dtype, shape, order: isBoth ? "C" : array.order });
        });
        assertEquals(answer.bytes.toHex(), encode(expected).toHex(), dtype);
      }
    },
  );

  withNumpy("of numpy in every layout are the values that they were", async () => {
    await using client = await LinkClient.start(python);
    const answer = await client.eval(`
import numpy as np
from pyproxy_worker.codec import codec
base = np.arange(120.0).reshape(2, 3, 4, 5)
views = [
    base, base.T, base[::-1], base[:, ::2, ::-3], base[..., 0], base.swapaxes(0, 2), base[1:1],
    np.broadcast_to(np.arange(5.0), (3, 5)), np.asfortranarray(base), base[0, 0, 0, 0:1],
    base.astype(">f8"), base.astype(">i2").T, base.astype(">c16"), np.array(2.5), base.reshape((1,) * 28 + base.shape),
    np.array(["zwölf", "x"], ">U5"), np.array(["2026", "NaT"], ">M8[s]"), np.arange(100_000)[::3], np.zeros((400, 400))[:, 1:].T,
]
base.flags.writeable = False
for view in views + [base]:
    for read in (codec.decode, codec.read_pure):
        for data in (codec.encode(view), codec.encode([view, {"x": {1: view}}])):
            back = read(data)
            back = back if isinstance(back, np.ndarray) else back[0]
            assert back.dtype == view.dtype.newbyteorder("=") and back.shape == view.shape, view
            assert np.array_equal(back.astype("U"), view.astype("U")), view
            assert back.flags.f_contiguous or not view.flags.f_contiguous
            back[...] = back[...]
True`);
    assertEquals(answer.value, true, answer.bytes.length.toString());
  });

  withNumpy("with a mask are lists with None where it is, whatever they hold", async () => {
    await using client = await LinkClient.start(python);
    const cases: [code: string, shown: string][] = [
      ["np.ma.array(['a', 2, None, [3]], mask=[0, 1, 0, 0], dtype=object)", "[a,null,null,[3]]"],
      [
        "np.ma.array([['a', 2], [{}, np.float64(1)]], mask=[[0, 1], [1, 0]], dtype=object)",
        "[[a,null],[null,1]]",
      ],
      [
        "np.ma.array(np.array(['2026-03-04', '2026-03-05'], 'M8[D]'), mask=[1, 0])",
        "[null,2026-03-05]",
      ],
      [
        "np.ma.array(np.array([['2026-03-04T05:06:07', 'NaT']], 'M8[s]'), mask=[[0, 1]])",
        "[[2026-03-04T05:06:07,null]]",
      ],
      [
        "np.ma.array(np.array(['2026-01-01T00:00:00.000001', '2026-01-02'], 'M8[ns]'), mask=[0, 1])",
        "[2026-01-01T00:00:00.000001,null]",
      ],
      // What is no whole microsecond is opaque, as it is alone.
      [
        "np.ma.array(np.array([1000, 1, 2], 'M8[ns]'), mask=[0, 0, 1])",
        "[1970-01-01T00:00:00.000001,np.datetime64('1970-01-01T00:00:00.000000001'),null]",
      ],
      [
        "np.ma.array(np.arange(8).astype('m8[m]').reshape(2, 2, 2), mask=[[[1, 0], [1, 0]], [[0, 1], [0, 1]]])",
        "[[[null,PT1M],[null,PT3M]],[[PT4M,null],[PT6M,null]]]",
      ],
      ["np.ma.array(np.array([90, 5], 'm8[m]'), mask=[0, 1])", "[PT1H30M,null]"],
      ["np.ma.array(np.array([90, 5], 'm8[m]'))", "[PT1H30M,PT5M]"],
      ["np.ma.array(np.zeros((2, 0), 'M8[s]'))", "[[],[]]"],
      ["np.ma.array(np.datetime64('2026-01-01'), mask=True)", "null"],
      ["np.ma.array([1, 2], mask=[0, 1])", "[1,null]"],
      ["np.ma.array(['a', 'b'], mask=[0, 1])", "[a,null]"],
      ["np.ma.masked", "null"],
    ];
    for (const [code, expected] of cases) {
      const { bytes } = await client.eval(`import numpy as np\n${code}`);
      // numpy 1 and 2 show scalars in two ways.
      assertEquals(shown(decode(bytes)).replace("numpy.", "np."), expected, code);
    }
  });

  withPandas(
    "in columns of datetimes come in the unit that the dtype names, as the README says",
    async () => {
      await using client = await LinkClient.start(python);
      const perSecond: Record<string, bigint> = {
        s: 1n,
        ms: 1_000n,
        us: 1_000_000n,
        ns: 1_000_000_000n,
      };
      // pandas 1 makes nanoseconds of all of them.
      for (const unit of Object.keys(perSecond)) {
        for (const zone of ["", ".dt.tz_localize('UTC')"]) {
          const code = "import numpy as np, pandas as pd\n" +
            `pd.Series(np.array(['2026-03-04T05:06:07'], 'M8[${unit}]'))${zone}`;
          const series = decode((await client.eval(code)).bytes) as Series<BigInt64Array>;
          const named = /^datetime64\[(\w+)/.exec(series.dtype!)![1]!;
          assertEquals(series.values[0], 1_772_600_767n * perSecond[named]!, series.dtype!);
        }
      }
      const text = readme.replaceAll(/\s+/g, " ");
      assertStringIncludes(
        text,
        "datetimes in a BigInt64Array in UTC, whatever their zone, in the unit",
      );
    },
  );

  withNumpy(
    "that have no bytes of their own are opaque, and refused where strict is set",
    async () => {
      await using client = await LinkClient.start(python);
      for (
        const [code, type] of [
          ["np.zeros(1, 'i4,f8')", "numpy.ndarray"],
          ["np.zeros(1, 'i4,f8')[0]", "numpy.void"],
          ["np.zeros(1, np.longdouble)", "numpy.ndarray"],
          ["np.longdouble(1)", "numpy.longdouble"],
          ["np.datetime64('2026-01-01T00:00:00.000000001')", "numpy.datetime64"],
          ["np.datetime64(10**9, 'Y')", "numpy.datetime64"],
          ["np.timedelta64(1, 'M')", "numpy.timedelta64"],
          ["np.ma.array([(1, 2)], dtype='i4,i4')", "MaskedArray"],
        ] as const
      ) {
        const answer = await client.eval(`import numpy as np; ${code}`);
        assertEquals(answer.value.code, 5, code);
        const name = answer.value.data.type;
        assert(name.endsWith(type) || name === "numpy.float128", `${code} is ${name}`);
        const strict = await client.eval(`import numpy as np; [1, ${code}]`, { strict: true });
        assertEquals([strict.status, strict.control.path], [Status.UNSENDABLE, "result[1]"], code);
      }
      const itself = await client.eval(
        "import numpy as np; a = np.empty(1, object); a[0] = a; [a]",
      );
      assertEquals([itself.status, itself.control.path], [Status.UNSENDABLE, "result[0][0]"]);
      const dense = await client.eval(
        "import numpy as np; np.array([0, 'x', [object()]], object)",
        {
          strict: true,
        },
      );
      assertEquals([dense.status, dense.control.path], [Status.UNSENDABLE, "result[2][0]"]);
    },
  );

  withPandas("of pandas come back as pandas", async () => {
    await using client = await LinkClient.start(python);
    const answer = await client.eval(`
import numpy as np, pandas as pd
from pyproxy_worker.codec import codec
zone = "Europe/Berlin"
frames = [
    pd.DataFrame(), pd.DataFrame(index=range(3)), pd.DataFrame(columns=["a", "b"]),
    pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan], "c": [True, False]}),
    pd.DataFrame([[1, 2, 3]], columns=["a", "a", 3]),
    pd.DataFrame({"x": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["l", None])),
    pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
    pd.DataFrame({
        "t": pd.date_range("2026-03-28", periods=3, tz=zone), "u": pd.date_range("2026", periods=3),
        "d": pd.to_timedelta([1, 2, None], "s"), "utc": pd.date_range("2026", periods=3, tz="UTC"),
        "fixed": pd.date_range("2026", periods=3, tz="+02:00"),
        "nat": pd.Series([pd.NaT] * 3, dtype="datetime64[ns]"),
    }),
    pd.DataFrame({
        "i": pd.array([1, None, 2**62], "Int64"), "f": pd.array([1.0, None, 2], "Float64"),
        "b": pd.array([True, None, False], "boolean"), "s": pd.array(["a", None, "c"], "string"),
    }),
    pd.DataFrame({"c": pd.Categorical(["a", "b", None])}),
    pd.DataFrame({"o": [1, "x", None], "p": [[1], {"a": 2}, 1.5], "s": ["a", "b", "c"], "n": [1, np.nan, "a"]}),
    pd.DataFrame({"x": [1.0, 2]}, index=pd.date_range("2026", periods=2, name="when")),
    pd.DataFrame({"x": [1.0, 2, 3, 4]})[1:3], pd.DataFrame(np.arange(6.0).reshape(2, 3)),
    pd.DataFrame({"a": np.zeros(2, "f2"), "c": np.zeros(2, "c16"), "u": np.zeros(2, "u1"), "m": np.zeros(2, "m8[s]")}),
    pd.DataFrame({"big": np.arange(50_000.0), "half": np.arange(100_000)[::2]}),
    pd.DataFrame({"a": [1, 1, 2], "b": [1.0, 2, 3]}).groupby("a").agg(["mean", "max"]),
    pd.DataFrame({"a": [1.0, 2]}).describe(),
]
series = [
    pd.Series([1, 2], name="a"), pd.Series([1.5], index=["k"], name=("a", 1)), pd.Series([], dtype=float),
    pd.Series(["a"]), pd.Series([1.5, None], name=7), pd.Series([None, 1], dtype=object),
]
wrong = []
for value in frames + series:
    for read in (codec.decode, codec.read_pure):
        back = read(codec.encode(value))
        try:
            same = pd.testing.assert_frame_equal if type(value) is pd.DataFrame else pd.testing.assert_series_equal
            same(value, back, check_freq=False)
        except AssertionError as error:
            wrong.append("%r: %s" % (value, error))
wrong`);
    assertEquals(answer.value, []);
  });

  withPandas("of pandas that pandas refuses fail their eval with the way to them", async () => {
    await using client = await LinkClient.start(python);
    // Maps by a second writer: {values: ["x"], dtype: TEXT} and so on.
    const map = (fields: Record<string, unknown>) => encode(fields).toHex();
    for (
      const [fields, text] of [
        [{ values: ["x"], dtype: "Int64" }, "pandas refuses it"],
        [{ values: ["x"], dtype: "no such dtype" }, "pandas refuses it"],
        [{ values: [1], dtype: "datetime64[ns, Nowhere/AtAll]" }, "pandas refuses it"],
        [
          { values: new BigInt64Array(1), dtype: "datetime64[ns, Nowhere/AtAll]" },
          "pandas refuses it",
        ],
        [{ values: new Float32Array(1), dtype: "complex128" }, "pandas refuses it"],
        [{ values: [1], name: [{}] }, "must be hashable"],
      ] as const
    ) {
      const answer = await client.eval("x", { values: locsOf(extension(13, map(fields))) });
      assertEquals([answer.status, answer.control.path], [Status.UNSENDABLE, "locs.x"], text);
      assertStringIncludes(answer.control.message, text);
    }
    for (
      const fields of [
        {},
        { values: 1 },
        { values: [], dtype: 1 },
        { values: [], index: [] },
        { values: [], index: [1] },
      ]
    ) {
      const answer = await client.eval("x", { values: locsOf(extension(13, map(fields))) });
      assertEquals(answer.status, "BROKEN", JSON.stringify(fields));
    }
    for (const fields of [{}, { columns: 1 }, { columns: [1] }, { columns: [{ values: 1 }] }]) {
      const answer = await client.eval("x", { values: locsOf(extension(14, map(fields))) });
      assertEquals(answer.status, "BROKEN", JSON.stringify(fields));
    }
    // A value that Python cannot make is told as where it is, in a table as well.
    const zone = Temporal.ZonedDateTime.from("2026-01-01T00:00[Europe/Berlin]");
    const column = encode({ columns: [{ values: [1] }, { values: [0, { at: zone }] }] }).toHex();
    const [known, unknown] = ["Europe/Berlin", "Nowhere/AtAll"].map((key) =>
      new TextEncoder().encode(key).toHex()
    );
    const lost = extension(14, column.replace(known!, unknown!));
    const nowhere = await client.eval("x", { values: locsOf(Uint8Array.from([0x91, ...lost])) });
    assertEquals([nowhere.status, nowhere.control.path], [
      Status.UNSENDABLE,
      "locs.x[0].columns[1].values[1].at",
    ]);
    const uneven = map({ columns: [{ values: [1] }, { values: [] }] });
    const answer = await client.eval("x", { values: locsOf(extension(14, uneven)) });
    assertEquals(answer.status, Status.UNSENDABLE);
    const opaque = await client.eval(
      "import pandas as pd; pd.DataFrame({'a': [1], 'b': [object()]})",
      { strict: true },
    );
    assertEquals([opaque.status, opaque.control.path], [
      Status.UNSENDABLE,
      "result.columns[1].values[0]",
    ]);
    assertEquals((await client.eval("1 + 1")).value, 2);
  });
}
