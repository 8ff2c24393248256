import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  DataFrame,
  EncodeError,
  type Item,
  NDArray,
  Series,
  type TypedArray,
} from "../../../mod.ts";
import { decode, DecodeError } from "../../../src/values/decode.ts";
import { Encoder } from "../../../src/values/encode.ts";
import { dtypeOf } from "../../../src/values/tables/dtype.ts";
import { DTYPES, RandomArrays } from "./arrays_random.ts";
import { show } from "./values_random.ts";

const SEED = 20260103;
const encoder = new Encoder();

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  encoder.reset();
  encoder.value(value, "locs");
  return encoder.take();
}

/** An extension with a payload of pieces: texts, and bytes as numbers. */
function extension(code: number, ...pieces: (string | number | number[])[]): Uint8Array {
  const payload = pieces.flatMap((piece) =>
    typeof piece === "string" ? [...new TextEncoder().encode(piece)] : piece
  );
  return Uint8Array.from([0xc8, payload.length >> 8, payload.length & 255, code, ...payload]);
}

/** Lengths of dimensions as they are on the wire. */
function lengths(...shape: bigint[]): number[] {
  const bytes = new Uint8Array(8 * shape.length);
  shape.forEach((length, i) => new DataView(bytes.buffer).setBigUint64(8 * i, length));
  return [...bytes];
}

Deno.test(`NDArrays of every dtype, shape and order come back as they are (seed ${SEED})`, () => {
  const random = new RandomArrays(SEED);
  for (const dtype of DTYPES) {
    for (let i = 0; i < 40; i++) {
      const array = random.array(dtype);
      const back = decode(encode([1, { a: array }])) as [number, { a: NDArray }];
      assertInstanceOf(back[1].a, NDArray);
      assertEquals(show(back[1].a), show(array));
    }
  }
});

Deno.test("NDArray.at() and toArray() find each item, in C and in Fortran order", () => {
  const data = Int16Array.from({ length: 24 }, (_, i) => i);
  const c = new NDArray(data, { shape: [2, 3, 4] });
  const f = new NDArray(data, { shape: [2, 3, 4], order: "F" });
  for (
    const [array, expected] of [
      [c, (i: number, j: number, k: number) => 12 * i + 4 * j + k],
      [f, (i: number, j: number, k: number) => i + 2 * j + 6 * k],
    ] as const
  ) {
    const nested = array.toArray() as Item[][][];
    for (let i = 0; i < 2; i++) {
      for (let j = 0; j < 3; j++) {
        for (let k = 0; k < 4; k++) {
          assertEquals(array.at(i, j, k), expected(i, j, k));
          assertEquals(array.at(i - 2, j - 3, k - 4), expected(i, j, k));
          assertEquals(nested[i]![j]![k], expected(i, j, k));
        }
      }
    }
    for (const wrong of [[], [0, 0], [0, 0, 0, 0], [2, 0, 0], [0, -4, 0], [0, 0, 0.5]]) {
      assertThrows(() => array.at(...wrong), RangeError, "is not in the shape [2,3,4]");
    }
  }
  assertEquals(new NDArray(new Float64Array([7]), { shape: [] }).at(), 7);
  assertEquals(new NDArray(new Float64Array([7]), { shape: [] }).toArray(), 7);
  assertEquals(new NDArray(new Float64Array(0), { shape: [2, 0] }).toArray(), [[], []]);
});

Deno.test("NDArray gives the items of each dtype as JavaScript's values", () => {
  const items = (data: TypedArray, dtype?: string) => {
    const layout = dtype === undefined ? {} : { dtype };
    return new NDArray(data, layout).toArray();
  };
  assertEquals(items(new Float16Array([0.5, -0])), [0.5, -0]);
  assertEquals(items(new BigInt64Array([1n, -(2n ** 53n)])), [1, -(2n ** 53n)]);
  assertEquals(items(new BigUint64Array([2n ** 64n - 1n])), [2n ** 64n - 1n]);
  assertEquals(items(new Uint8Array([0, 1]), "bool"), [false, true]);
  assertEquals(items(new Float32Array([1, -2, 3, 4]), "complex64"), [[1, -2], [3, 4]]);
  assertEquals(items(new BigInt64Array([5n]), "datetime64[ns]"), [5n]);
  assertEquals(items(new Uint32Array([0x1f600, 0, 0, 97]), "U2"), ["😀", "\0a"]);
  assertEquals(items(new Uint8Array([97, 0]), "S2"), [new Uint8Array([97])]);
});

Deno.test("NDArray refuses what does not fit, and says what it got", () => {
  const refused = (make: () => unknown, message: string) =>
    assertThrows(make, TypeError, `Cannot make an NDArray: ${message}`);
  const data = new Float64Array(6);
  refused(
    () => new NDArray(data, { shape: [2, 2] }),
    "data of dtype float64 and shape [2,2] must have 4 elements, got 6",
  );
  refused(() => new NDArray(data, { shape: [-2, -3] }), "its shape must be integers from 0");
  refused(() => new NDArray(data, { shape: [1.5, 4] }), "its shape must be integers from 0");
  refused(
    () => new NDArray(data, { shape: Array(65).fill(1) }),
    "it may have 64 dimensions, got 65",
  );
  refused(
    () => new NDArray(data, { dtype: "int32" }),
    "data of dtype int32 must be a Int32Array, got Float64Array",
  );
  refused(() => new NDArray(data, { dtype: "object" }), '"object" is no dtype');
  refused(() => new NDArray(data, { dtype: "constructor" }), '"constructor" is no dtype');
  refused(
    () => new NDArray([1] as unknown as TypedArray),
    "its data must be a typed array, got an Array",
  );
  refused(
    () => new NDArray(null as unknown as TypedArray, { dtype: "float64" }),
    "its data must be a typed array, got null",
  );
  refused(
    () => new NDArray(new Float64Array(3), { dtype: "complex128" }),
    "its shape must be integers from 0, got [1.5]",
  );
  refused(
    () => new NDArray(new Uint32Array([0x110000]), { dtype: "U1" }),
    "1114112 is no code point",
  );
  refused(() => new NDArray(data, { order: "A" as "C" }), 'its order must be "C" or "F", got "A"');
});

Deno.test("typed arrays of every kind go with their own part of their buffer", () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
  for (const name of DTYPES.slice(1, 12)) {
    if (name === "uint8") continue;
    const { array } = dtypeOf(name)!;
    for (const buffer of [bytes.buffer, new SharedArrayBuffer(64)]) {
      if (buffer !== bytes.buffer) new Uint8Array(buffer).set(bytes);
      const view = new array(buffer, 16, 3);
      const back = decode(encode({ view })) as { view: TypedArray };
      assertEquals(Object.getPrototypeOf(back.view), array.prototype);
      assertEquals(show(back.view), show(view));
    }
  }
});

Deno.test("a view whose buffer was taken away or made smaller is an EncodeError", () => {
  const refused = (value: unknown, path: string, message: string) => {
    const error = assertThrows(() => encode(value), EncodeError);
    assertEquals(error.path, path);
    assert(error.message.includes(message), error.message);
  };
  type View = new (buffer: ArrayBuffer, at?: number, length?: number) => ArrayBufferView;
  const views: View[] = [Float64Array, Uint8Array, Uint8ClampedArray, DataView];
  for (const make of views) {
    const buffer = new ArrayBuffer(16, { maxByteLength: 32 });
    const outside = new make(buffer, 8, 1);
    buffer.resize(4);
    refused({ a: [outside] }, "locs.a[0]", "made smaller");
    const gone = new make(new ArrayBuffer(8));
    structuredClone(gone.buffer, { transfer: [gone.buffer as ArrayBuffer] });
    refused({ a: [gone] }, "locs.a[0]", "transferred away");
  }
  const array = new NDArray(new Float64Array(2));
  structuredClone(array.data.buffer, { transfer: [array.data.buffer as ArrayBuffer] });
  refused({ array }, "locs.array", "transferred away");
  const growing = new ArrayBuffer(16, { maxByteLength: 32 });
  const tracking = new NDArray(new Float64Array(growing));
  growing.resize(24);
  refused([tracking], "locs[0]", "must have 2 elements, got 3");
  assertEquals(decode(encode(new Float64Array(0))), new Float64Array(0));
});

Deno.test("large elements are a view of the message, aligned, wherever they lie in it", () => {
  const data = Float64Array.from({ length: 20_000 }, (_, i) => i / 3);
  for (let shift = 0; shift < 9; shift++) {
    for (const value of [data, new NDArray(data, { shape: [2, 10_000], order: "F" })]) {
      const bytes = encode(["x".repeat(shift), value, "after"]);
      const message = bytes.slice();
      const [before, back, after] = decode(message) as [string, typeof value, string];
      assertEquals([before, after], ["x".repeat(shift), "after"]);
      const elements = back instanceof NDArray ? back.data : back;
      assert(elements.buffer === message.buffer);
      assertEquals(show(back), show(value));
    }
  }
});

Deno.test("arrays that are not what they say are DecodeErrors, and the next one is read", () => {
  const f8 = ["float64".length, "float64"] as const;
  const eight = Array(8).fill(0);
  const wrong: Record<string, Uint8Array> = {
    "no payload": extension(12),
    "a name cut short": extension(12, 200, "float64"),
    "no order": extension(12, ...f8),
    "no dimensions": extension(12, ...f8, "C"),
    "an order of its own": extension(12, ...f8, "A", 1, lengths(1n), eight),
    "lengths cut short": extension(12, ...f8, "C", 200, eight),
    "too many dimensions": extension(12, ...f8, "C", 65, lengths(...Array(65).fill(1n)), eight),
    "more items than bytes": extension(12, ...f8, "C", 1, lengths(2n), eight),
    "fewer items than bytes": extension(12, ...f8, "C", 1, lengths(0n), eight),
    "a byte too many": extension(12, ...f8, "C", 1, lengths(1n), eight, 0),
    "a huge length": extension(12, ...f8, "C", 1, lengths(2n ** 64n - 1n), eight),
    "a product that overflows": extension(12, ...f8, "C", 2, lengths(2n ** 32n, 2n ** 32n), eight),
    "a product that overflows to 1": extension(
      12,
      ...f8,
      "C",
      2,
      lengths(2n ** 63n, 2n ** 63n + 1n),
      eight,
    ),
    "an unknown dtype": extension(12, 7, "float80", "C", 1, lengths(1n), eight),
    "a dtype with a byte order": extension(12, 3, "<f8", "C", 1, lengths(1n), eight),
    "dtype object": extension(12, 6, "object", "C", 1, lengths(1n), eight),
    "strings of no length": extension(12, 2, "U0", "C", 1, lengths(2n ** 40n)),
    "strings of a huge length": extension(12, 12, "U99999999999", "C", 1, lengths(1n), eight),
    "half of a complex": extension(12, 10, "complex128", "C", 1, lengths(1n), eight),
    "no code point": extension(12, 2, "U1", "C", 1, lengths(1n), [0, 0, 0x11, 0]),
    "elements of no name": extension(15),
    "elements of an unknown name": extension(15, 4, "bool", 1),
    "elements that are bytes": extension(15, 5, "uint8", 1),
    "half an element": extension(15, ...f8, [1, 2, 3, 4]),
    "a Series that is no map": extension(13, [0x90]),
    "a Series without values": extension(13, [0x81, 0xa4], "name", [0xc0]),
    "a Series with a number as values": extension(13, [0x81, 0xa6], "values", [1]),
    "a Series with a number as dtype": extension(
      13,
      [0x82, 0xa6],
      "values",
      [0x90, 0xa5],
      "dtype",
      1,
    ),
    "a Series with other storage": extension(
      13,
      [0x82, 0xa6],
      "values",
      [0xc4, 1, 0, 0xa5],
      "dtype",
      [0xa5],
      "int64",
    ),
    "a Series with an index that is too long": extension(
      13,
      [0x82, 0xa6],
      "values",
      [0x90, 0xa5],
      "index",
      [0x91, 0x81, 0xa6],
      "values",
      [0x91, 1],
    ),
    "a Series with an index of no levels": extension(
      13,
      [0x82, 0xa6],
      "values",
      [0x90, 0xa5],
      "index",
      0x90,
    ),
    "a table that is nil": extension(14, 0xc0),
    "a table whose columns are a map": extension(14, [0x81, 0xa7], "columns", 0x80),
    "a table of columns that are numbers": extension(14, [0x81, 0xa7], "columns", [0x91, 1]),
    "a table of unequal columns": extension(
      14,
      [0x81, 0xa7],
      "columns",
      [0x92, 0x81, 0xa6],
      "values",
      [0x90, 0x81, 0xa6],
      "values",
      [0x91, 1],
    ),
  };
  for (const [what, bytes] of Object.entries(wrong)) {
    assertThrows(() => decode(bytes), DecodeError, undefined, what);
    assertEquals(decode(encode(new Int8Array([1]))), new Int8Array([1]));
  }
  const fits = extension(12, ...f8, "C", 1, lengths(1n), eight);
  assertEquals(show(decode(fits)), show(new NDArray(new Float64Array(1))));
});

Deno.test(`10,000 damaged arrays and tables are values or DecodeErrors (seed ${SEED})`, () => {
  const random = new RandomArrays(SEED + 1);
  let values = 0;
  for (let i = 0; i < 10_000; i++) {
    const array = random.array(DTYPES[i % DTYPES.length]!);
    const series = new Series(array.data, { name: "x" });
    const value = [array, array.data, series, new DataFrame([series])][random.below(4)];
    let bytes = encode(value);
    const at = random.below(bytes.length);
    if (random.below(3) === 0) bytes = bytes.slice(0, at);
    else bytes[random.below(2) === 0 ? at : Math.min(at, 40) % bytes.length] = random.below(256);
    try {
      const read = decode(bytes);
      values++;
      assertEquals(show(decode(encode(read))), show(read));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
  assert(values > 1_000 && values < 9_000, `${values} were values`);
});

Deno.test("Series and DataFrame say what does not fit", () => {
  const refused = (make: () => unknown, message: string) => assertThrows(make, TypeError, message);
  refused(
    () => new Series(new Float64Array(1), { dtype: "int64" }),
    "Cannot make a Series: values of dtype int64 must be in a BigInt64Array, got Float64Array",
  );
  refused(() => new Series(null as unknown as []), "must be a typed array or an Array, got null");
  refused(
    () => new Series([1, 2], { index: [new Series(["a"])] }),
    "Cannot make a Series: its index has 1 values, it has 2",
  );
  refused(() => new Series([1], { index: [] }), "its index must be an Array of Series");
  refused(
    () => new DataFrame({ a: [1], b: [1, 2] }),
    "Cannot make a DataFrame: its column b has 2 rows, others have 1",
  );
  refused(
    () => new DataFrame([[1]] as unknown as Series[]),
    "its columns must be Series, got an Array as number 0",
  );
  refused(
    () => new DataFrame({ a: [1] }, { index: [new Series([1, 2])] }),
    "Cannot make a DataFrame: its column a has 1 rows, others have 2",
  );
});

Deno.test("DataFrame has the columns of a Map, in its order, and refuses what has none", () => {
  const columns = new Map<unknown, number[]>([["total", [3]], ["2026", [2]], [2024, [1]]]);
  const frame = new DataFrame(columns);
  assertEquals(frame.names, ["total", "2026", 2024]);
  assertEquals(frame.get(2024)?.values, [1]);
  for (
    const [wrong, got] of [
      [new Set(["price"]), "an instance of Set"],
      [new Date(0), "an instance of Date"],
      [new Series([1]), "an instance of Series"],
      [null, "null"],
      [undefined, "undefined"],
      ["price", '"price"'],
    ] as const
  ) {
    assertThrows(
      () => new DataFrame(wrong as unknown as Series[]),
      TypeError,
      `its columns must be an object, a Map, or an Array of Series, got ${got}`,
    );
  }
});

Deno.test("NDArray, Series and DataFrame refuse options that there are not, by name", () => {
  const options = (value: unknown) => value as undefined;
  const makers = {
    "make an NDArray": (given: unknown) => new NDArray(new Float64Array(4), options(given)),
    "make a Series": (given: unknown) => new Series([1], options(given)),
    "make a DataFrame": (given: unknown) => new DataFrame({ a: [1] }, options(given)),
  };
  for (const [doing, make] of Object.entries(makers)) {
    for (const name of ["indx", "nmae", "shpae", "oder"]) {
      const message = `Cannot ${doing}: there is no option '${name}'; there are `;
      assertThrows(() => make({ [name]: undefined }), TypeError, message);
    }
    const message = `Cannot ${doing}: the options must be an object, got null`;
    assertThrows(() => make(null), TypeError, message);
  }
});

Deno.test("Series and DataFrame give their values by name and as JavaScript's own", () => {
  const frame = new DataFrame({
    a: new Series(new Uint8Array([1, 0]), { dtype: "bool" }),
    b: new BigInt64Array([1n, 2n]),
    c: ["x", null],
  });
  assertEquals(frame.names, ["a", "b", "c"]);
  assertEquals(frame.length, 2);
  assertEquals(frame.columns.map((column) => column.toArray()), [[true, false], [1, 2], [
    "x",
    null,
  ]]);
  assertEquals(frame.get("c")?.values, ["x", null]);
  assertEquals(frame.get("d"), undefined);
  const complex = new Series(new Float64Array([1, 2, 3, 4]), { dtype: "complex128" });
  assertEquals([complex.length, complex.toArray()], [2, [[1, 2], [3, 4]]]);
  const zoned = new Series(new BigInt64Array([5n]), { dtype: "datetime64[ns, Europe/Berlin]" });
  assertEquals(zoned.toArray(), [5n]);
});

Deno.test("Encoder names what cannot be sent in a column, and in an index", () => {
  const path = (value: unknown) => assertThrows(() => encode(value), EncodeError).path;
  const bad = new Series(["x", () => 1], { name: "n" });
  assertEquals(path({ s: bad }), "locs.s.values[1]");
  assertEquals(path(new DataFrame([new Series([1, 2]), bad])), "locs.columns[1].values[1]");
  assertEquals(path(new Series([1, 2], { index: [bad] })), "locs.index[0].values[1]");
  assertEquals(path(new Series([1], { name: Symbol() })), "locs.name");
  const array = new Float32Array(1);
  assertEquals(path({ set: new Set([1, array]) }), "locs.set.values()[1]");
  assertEquals(path(new Map<unknown, number>([[[new NDArray(array)], 1]])), "locs.keys()[0][0]");
  assertEquals(path(new Set([new DataFrame({})])), "locs.values()[0]");
  assertEquals(decode(encode(new Set([new Uint8Array([1])]))), new Set([new Uint8Array([1])]));
  const cycle: unknown[] = [];
  cycle.push(new Series(cycle));
  assert(assertThrows(() => encode(cycle), EncodeError).message.includes("it is a cycle"));
  assertEquals(decode(encode([1])), [1]);
});
