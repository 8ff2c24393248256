/**
 * tests/golden/values.json against every codec that there is: ours, and in each interpreter the one
 * that it uses and the pure reader and writer. The bytes there are put together by PROTOCOL.md's
 * section 4, and not by any of them.
 */
import { assert, assertEquals } from "@std/assert";
import { decode } from "../../../src/values/decode.ts";
import { Encoder } from "../../../src/values/encode.ts";
import { Opaque, PythonScalar } from "../../../src/values/types.ts";
import { float } from "../../../src/values/types/float.ts";
import { tuple } from "../../../src/values/types/tuple.ts";
import { bytesOf, readVectors, valueIn, type Vector } from "../../golden/vectors.ts";
import { interpreters } from "../../python.ts";
import { LinkClient } from "../link/link_client.ts";
import { show } from "../values/values_random.ts";

const vectors = await readVectors("values.json");

/** What is in scope of a vector's JavaScript. */
const SCOPE: Record<string, unknown> = { Opaque, PythonScalar, float, tuple };

const valueOf = (vector: Vector): unknown => valueIn(SCOPE, vector);

Deno.test("the golden vectors have every extension in them, both ways where it goes both", () => {
  const codes = (way: string) =>
    new Set(
      vectors.filter(({ only }) => only === undefined || only === way).map(bytesOf)
        .filter(([head]) => head === 0xc7 || (head! >= 0xd4 && head! <= 0xd8))
        .map(([head, second, third]) => head === 0xc7 ? third! : second!),
    );
  for (const code of [1, 2, 3, 4, 7, 8, 9, 10, 11]) {
    assert(codes("to python").has(code) && codes("from python").has(code), `${code}`);
  }
  assert(codes("from python").has(5) && codes("to python").has(6));
});

Deno.test("our codec writes and reads every golden vector", () => {
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
import re
from collections import namedtuple
from dataclasses import make_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath
from uuid import UUID
from zoneinfo import ZoneInfo
from pyproxy_worker.codec import codec, msgpack_pure as pure

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
            if type(back) is not type(value) or repr(back) != repr(value):
                yield "%s is read as %r" % (expression, back)

[wrong for vector in vectors for wrong in check(*vector)]`;

for (const { name, path } of interpreters()) {
  Deno.test(`the python side writes and reads every golden vector (${name})`, async () => {
    await using client = await LinkClient.start(path);
    const list = vectors.map((vector) => [vector.python, bytesOf(vector), vector.only ?? null]);
    const answer = await client.eval(PYTHON, { locs: { vectors: list } });
    assertEquals(answer.value, []);
  });
}
