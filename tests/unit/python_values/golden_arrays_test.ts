/**
 * tests/golden/arrays.json against every codec that there is, as golden_values_test.ts does it: in
 * JavaScript always, in each interpreter as far as it has numpy and pandas.
 */
import { assert, assertEquals } from "@std/assert";
import { DataFrame, NDArray, PythonScalar, Series } from "../../../mod.ts";
import { decode } from "../../../src/values/decode.ts";
import { Encoder } from "../../../src/values/encode.ts";
import { bytesOf, readVectors, valueIn, type Vector } from "../../golden/vectors.ts";
import { interpreters } from "../../python.ts";
import { LinkClient } from "../link/link_client.ts";
import { show } from "../values/values_random.ts";

const vectors = await readVectors("arrays.json");
const SCOPE: Record<string, unknown> = { DataFrame, NDArray, PythonScalar, Series };

const valueOf = (vector: Vector): unknown => valueIn(SCOPE, vector);

Deno.test("our codec writes and reads every golden vector of arrays and tables", () => {
  const encoder = new Encoder();
  for (const vector of vectors) {
    const value = valueOf(vector);
    const bytes = bytesOf(vector);
    if (vector.only !== "to python") assertEquals(show(decode(bytes)), show(value), vector.js);
    if (vector.only !== "from python") {
      encoder.reset();
      encoder.value(value, "value");
      assertEquals(encoder.bytes().toHex(), bytes.toHex(), vector.js);
    }
  }
});

const PYTHON = `
from array import array
from importlib.util import find_spec
from pyproxy_worker.codec import codec, msgpack_pure as pure
if find_spec("numpy"): import numpy as np
if find_spec("pandas"): import pandas as pd

def layout(value):
    return value.flags.f_contiguous and not value.flags.c_contiguous if "np" in globals() and isinstance(value, np.ndarray) else None

def check(expression, data, only):
    value = eval(expression)
    if only != "to python":
        for write in (
            codec.encode,
            lambda value: b"".join(codec.encode_stepwise(value, False)),
            lambda value: pure.pack(value, codec.LOWER_STEPS[False]),
        ):
            if write(value) != data:
                yield "%s is written as %s" % (expression, write(value).hex(" "))
    if only != "from python":
        for read in (codec.decode, codec.read_pure):
            back = read(data)
            same = type(back) is type(value) and repr(back) == repr(value)
            if not same or layout(back) != layout(value):
                yield "%s is read as %r" % (expression, back)

def is_possible(expression):
    return ("np." not in expression or "np" in globals()) and ("pd." not in expression or "pd" in globals())

possible = [vector for vector in vectors if is_possible(vector[0])]
(len(possible), [wrong for vector in possible for wrong in check(*vector)])`;

for (const { name, path } of interpreters()) {
  Deno.test(`the python side writes and reads every golden vector that it can have (${name})`, async () => {
    await using client = await LinkClient.start(path);
    const list = vectors.map((vector) => [vector.python, bytesOf(vector), vector.only ?? null]);
    const [count, wrong] = (await client.eval(PYTHON, { locs: { vectors: list } })).value;
    assertEquals(wrong, []);
    assert(count >= 6, `${count} vectors were possible`);
  });
}
