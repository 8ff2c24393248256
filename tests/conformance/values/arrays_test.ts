// Arrays and tables there and back: SPEC 2.7. A server may have numpy and pandas, or neither: what
// the tests expect is what it then has to do.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { DataFrame, EncodeError, NDArray, type RemoteProcess, Series } from "../../../mod.ts";
import { shareServer, test, testRemote } from "../../harness.ts";

shareServer();

async function has(remote: RemoteProcess, module: string): Promise<boolean> {
  return await remote.eval<boolean>(
    `import importlib.util; importlib.util.find_spec("${module}") is not None`,
  );
}

test("a typed array becomes an ndarray in Python, or an array.array without numpy", async () => {
  await using own = await testRemote();
  const numpy = await has(own.remote, "numpy");
  const arrays = [
    new Int8Array([-1, 2]),
    new Int16Array([-1, 2]),
    new Int32Array([-1, 2]),
    new BigInt64Array([-1n, 2n]),
    new Uint16Array([1, 65535]),
    new Uint32Array([1, 2 ** 32 - 1]),
    new BigUint64Array([1n, 2n ** 64n - 1n]),
    new Float32Array([0.5, NaN]),
    new Float64Array([0.1, -0]),
  ];
  for (const x of arrays) {
    const code = "(x, type(x).__name__, x.tolist(), x.itemsize)";
    const [back, type, list, size] = await own.remote.eval<[unknown, string, unknown[], number]>(
      code,
      { locs: { x } },
    );
    assertEquals(type, numpy ? "ndarray" : "array");
    assertEquals(size, x.BYTES_PER_ELEMENT);
    assertEquals(list.map(Number), Array.from(x as Float64Array, Number));
    assertEquals(back instanceof NDArray ? back.data : back, x);
    assertEquals(back instanceof NDArray, numpy);
  }
  const changed = await own.remote.eval("x[1] = 7; x[1]", { locs: { x: arrays[2] } });
  assertEquals([changed, arrays[2]![1]], [7, 2]);
});

test("array.array comes as the typed array of its elements, as bytes, or as a string", async () => {
  await using own = await testRemote();
  assertEquals(
    await own.remote.eval(`
from array import array
[array("d", [0.1]), array("f", [0.5]), array("q", [-1]), array("h", [1]), array("B", [1, 2]), array("u", "hé"), array("i")]`),
    [
      new Float64Array([0.1]),
      new Float32Array([0.5]),
      new BigInt64Array([-1n]),
      new Int16Array([1]),
      new Uint8Array([1, 2]),
      "hé",
      new Int32Array(0),
    ],
  );
});

test("an NDArray keeps its shape and its order; without numpy it is an EncodeError", async () => {
  await using own = await testRemote();
  const data = new Float64Array([1, 2, 3, 4, 5, 6]);
  const x = new NDArray(data, { shape: [2, 3], order: "F" });
  if (!await has(own.remote, "numpy")) {
    const error = await assertRejects(() => own.remote.eval("x", { locs: { x: [x] } }).wait());
    assertInstanceOf(error, EncodeError);
    assertEquals(error.path, "locs.x[0]");
    assert(error.message.includes("needs numpy in Python"), error.message);
    assertEquals(await own.remote.eval("1 + 1"), 2);
    return;
  }
  const [back, list, turned] = await own.remote.eval<[NDArray, number[][], NDArray]>(
    "(x, x.tolist(), x.T)",
    { locs: { x } },
  );
  assertEquals(list, [[1, 3, 5], [2, 4, 6]]);
  assertInstanceOf(back, NDArray);
  assertEquals([back.dtype, back.shape, back.order, back.data], ["float64", [2, 3], "F", data]);
  assertEquals([turned.shape, turned.order, turned.data], [[3, 2], "C", data]);
  assertEquals(back.toArray(), list);
  assertEquals(
    await own.remote.eval(`
import numpy as np
[np.float64(1.5), np.int64(3), np.bool_(True), np.float64("nan") is None, np.arange(3).sum()]`),
    [1.5, 3, true, false, 3],
  );
});

test("8 MB of float64 come back the same to the last bit", async () => {
  await using own = await testRemote();
  const x = Float64Array.from({ length: 1_000_000 }, (_, i) => Math.sqrt(i));
  const back = await own.remote.eval<NDArray | Float64Array>("x", { locs: { x } });
  const data = back instanceof NDArray ? back.data as Float64Array : back;
  assertEquals(data.length, x.length);
  assert(x.every((value, i) => data[i] === value));
  assertEquals(await own.remote.eval("[x, 1][1]", { locs: { x: [x, { y: x }] } }), 1);
});

test("a DataFrame becomes one in Python and comes back the same, or needs pandas", async () => {
  await using own = await testRemote();
  const frame = new DataFrame({
    fruit: ["pear", "fig", null],
    price: new Float64Array([1.5, 2, NaN]),
    count: new BigInt64Array([3n, 0n, 2n]),
    fresh: new Series(new Uint8Array([1, 0, 1]), { dtype: "bool" }),
  }, { index: [new Series(["a", "b", "c"], { name: "key" })] });
  if (!await has(own.remote, "pandas")) {
    const error = await assertRejects(() => own.remote.eval("x", { locs: { x: frame } }).wait());
    assertInstanceOf(error, EncodeError);
    assert(error.message.includes("needs pandas in Python"), error.message);
    return;
  }
  const [back, price, mean] = await own.remote.eval<[DataFrame, Series, number]>(
    "(x, x.loc['b':, 'price'], float(x.price.mean()))",
    { locs: { x: frame } },
  );
  assertInstanceOf(back, DataFrame);
  assertEquals(back.names, ["fruit", "price", "count", "fresh"]);
  assertEquals(back.length, 3);
  assertEquals(back.get("price")?.values, new Float64Array([1.5, 2, NaN]));
  assertEquals(back.get("fresh")?.toArray(), [true, false, true]);
  assertEquals(back.get("count")?.toArray(), [3, 0, 2]);
  assertEquals(back.get("fruit")?.toArray().slice(0, 2), ["pear", "fig"]);
  assertEquals(back.index?.map(({ name, values }) => [name, values]), [["key", ["a", "b", "c"]]]);
  assertInstanceOf(price, Series);
  assertEquals([price.name, price.values], ["price", new Float64Array([2, NaN])]);
  assertEquals(price.index?.[0]?.values, ["b", "c"]);
  assertEquals(mean, 1.75);
  assertEquals(
    await own.remote.eval("(x.equals(y), list(x.index), x.index.name)", {
      locs: { x: frame, y: back },
    }),
    [true, ["a", "b", "c"], "key"],
  );
});
