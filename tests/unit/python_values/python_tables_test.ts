/** Tables of many rows, which the python process packs a column at a time, on both codecs. */
import { assertEquals } from "@std/assert";
import { interpreters } from "../../python.ts";
import { LinkClient } from "../link/link_client.ts";

/** A second writer, a value at a time. */
const REFERENCE = `
import datetime, random, struct
from pyproxy_worker.codec import codec, msgpack_pure as pure

def head(count, small, *codes):
    if count < small[1]: return bytes((small[0] | count,))
    for code, limit, form in zip(codes, (0x100, 0x10000, 1 << 32), "BHI"):
        if code and count < limit: return struct.pack(">B" + form, code, count)

def packed(value):
    kind = type(value)
    if value is None: return b"\\xc0"
    if kind is bool: return b"\\xc3" if value else b"\\xc2"
    if kind is float: return struct.pack(">Bd", 0xcb, value)
    if kind is int:
        if 0 <= value < 128 or -32 <= value < 0: return bytes((value & 0xff,))
        for code, form in enumerate("BHIQ" if value > 0 else "bhiq"):
            try: return struct.pack(">B" + form, (0xcc if value > 0 else 0xd0) + code, value)
            except struct.error: pass
        size = (8 + (value if value >= 0 else ~value).bit_length()) // 8
        return bytes((0xc7, size, 1)) + value.to_bytes(size, "big", signed=True)
    if kind is str:
        data = value.encode()
        return head(len(data), (0xa0, 32), 0xd9, 0xda, 0xdb) + data
    if kind is bytes: return head(len(value), (0, 0), 0xc4, 0xc5, 0xc6) + value
    if kind is datetime.date:
        data = packed([value.year, value.month, value.day])
        return bytes((0xc7, len(data), 8)) + data
    if kind is dict:
        if all(type(key) is str and key != "__proto__" for key in value):
            parts = [packed(key) + packed(item) for key, item in value.items()]
            return head(len(value), (0x80, 16), None, 0xde, 0xdf) + b"".join(parts)
        data = packed([part for pair in value.items() for part in pair])
        return head(len(data), (0, 0), 0xc7, 0xc8, 0xc9) + b"\\2" + data
    return head(len(value), (0x90, 16), None, 0xdc, 0xdd) + b"".join(map(packed, value))
`;

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python tables ${what} (${name})`, run);

  test("are the bytes that their values are one by one, and come back", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`${REFERENCE}
seed = random.randrange(1 << 30)
r = random.Random(seed)
kinds = (
    lambda: None, lambda: r.random() < 0.5, lambda: r.random() - 0.5, lambda: r.randrange(128),
    lambda: r.randrange(1 << 16), lambda: r.randrange(300), lambda: r.randrange(1 << 32, 1 << 64),
    lambda: r.choice((-1, 1)) * r.getrandbits(r.choice((5, 8, 16, 32, 60))),
    lambda: "x" * r.randrange(40), lambda: r.choice("aé𝄞") * r.randrange(20),
    lambda: "y" * r.choice((0, 31, 32, 255, 256, 70_000 if r.random() < 0.01 else 1)),
    lambda: [r.randrange(300) for _ in range(r.choice((0, 2, 20)))],
    lambda: {"x": r.random(), "y": "z"}, lambda: {"deep": [{"x": [r.randrange(9)]}]},
    lambda: bytes(r.randrange(40)), lambda: datetime.date(2026, 1, r.randrange(1, 29)),
)
rare = (lambda: 1 << 70, lambda: bytes(70_000), lambda: {1: 2, "a": None}, lambda: {"__proto__": 1})
def cell(kind):
    roll = r.random()
    return kind() if roll < 0.99 else r.choice(kinds)() if roll < 0.9995 else r.choice(rare)()
def make():
    width = r.choice((0, 1, 2, 3, 5, 20, 40) if r.random() < 0.3 else (3, 5))
    columns = [("é%d" if r.random() < 0.1 else "key %d") % i for i in range(width)]
    column_kinds = [r.choice(kinds) for _ in columns]
    count = r.choice((1, 11, 12, 13, 100, 1023, 1024, 1025) if r.random() < 0.2 else (30, 40))
    is_list = r.random() < 0.3
    way = r.choice(("same", "same", "optional", "shuffled", "one"))
    rows = []
    for i in range(count):
        row = {key: cell(kind) for key, kind in zip(columns, column_kinds)}
        if way == "optional": row = {key: row[key] for key in row if r.random() < 0.8}
        if way == "shuffled": row = {key: row[key] for key in r.sample(list(row), len(row))}
        if way == "one" and i == count // 2: row["one"] = row.pop("key 0", 1)
        rows.append(list(row.values()) if is_list else row)
    return rows
for n in range(150):
    table = make()
    data = packed(table)
    for write in (codec.encode, lambda value: pure.pack(value, codec.LOWER_STEPS[True])):
        assert write(table) == data, (seed, n)
    for read in (codec.read, codec.read_pure):
        assert repr(read(data)) == repr(table), (seed, n)
n + 1`);
    assertEquals(value, 150, JSON.stringify(value));
  });

  test("that nest take no more time at each level", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`${REFERENCE}
table = [bytes(70_000)]
for _ in range(40):
    table = [{"rows": [], "more": 1} for _ in range(12)] + [{"rows": table, "more": bytes(70_000)}]
data = packed(table)
[codec.encode(table) == data, pure.pack(table, None) == data]`);
    assertEquals(value, [true, true]);
  });

  test("keep few of the keys that never come again", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`
from pyproxy_worker.codec import codec, msgpack_parts, msgpack_pure as pure, msgpack_read
for i in range(100):
    table = [{"key %d %d %d" % (i, j, k): k for k in range(3)} for j in range(100)]
    assert codec.read_pure(pure.pack(table, None)) == table
kept = msgpack_parts.kept_keys, msgpack_read.kept_keys, msgpack_read.kept_shapes
[0 < len(each) <= 4096 for each in kept]`);
    assertEquals(value, [true, true, true]);
  });
}
