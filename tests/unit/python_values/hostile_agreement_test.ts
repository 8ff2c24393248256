/** Hostile bytes: the reader in TypeScript and both in Python come to the same verdict. */
import { assert, assertEquals } from "@std/assert";
import { decode, DecodeError } from "../../../src/values/decode.ts";
import { Encoder } from "../../../src/values/encode.ts";
import { interpreters } from "../../python.ts";
import { LinkClient } from "../link/link_client.ts";
import { RandomValues, seeded } from "../values/values_random.ts";
import { damaged, hostileValues, nestedClaims } from "./hostile_values.ts";

const SEED = 20260119;
const DAMAGED = 20_000;
/** Bytes of one batch that goes to Python. */
const BATCH_BYTES = 1 << 20;

/**
 * For each of `items`: ".", a value; "x", refused; "u", a value that only JavaScript can hold. Two
 * letters where the reader that is used and the one in Python alone do not agree.
 */
const JUDGE = `
from pyproxy_worker.codec import codec
def verdict(read, data):
    try:
        return ".", repr(read(data))
    except ValueError as error:
        by_nature = "in Python" in str(error) or "opaque value" in str(error)
        return "u" if by_nature else "x", None
    except codec.EncodeError:
        return "u", None
    except RecursionError:
        return codec.with_deep_stack(verdict, read, data)
def is_same(one, other):
    # A set with a nan in it has another order each time.
    return one == other or one[0] == other[0] and sorted(one[1]) == sorted(other[1])
verdicts = []
for data in items:
    chosen = verdict(codec.read, data)
    # Without C msgpack there is one.
    pure = chosen if codec.read is codec.read_pure else verdict(codec.read_pure, data)
    verdicts.append(chosen[0] if is_same(chosen, pure) else chosen[0] + pure[0])
verdicts`;

/** What Python says of each. */
async function judge(client: LinkClient, all: Uint8Array[]): Promise<string[]> {
  const verdicts: string[] = [];
  for (let from = 0; from < all.length;) {
    const batch: Uint8Array[] = [];
    for (let size = 0; from < all.length && size < BATCH_BYTES; from++) {
      batch.push(all[from]!);
      size += all[from]!.length;
    }
    const encoder = new Encoder();
    encoder.value([{ items: batch }, null], "values");
    const { value } = await client.eval(JUDGE, { values: encoder.take() });
    assertEquals(value.length, batch.length, value.traceback);
    verdicts.push(...value);
  }
  return verdicts;
}

/** Whether the reader here takes them; what it throws is the documented error. */
function isValue(bytes: Uint8Array): boolean {
  try {
    decode(bytes);
    return true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

/** Extensions that are not for both directions, and so not read by both sides. */
function hasOneWayExtension(bytes: Uint8Array): boolean {
  return /d[4-8]0[56]|c[789](..){1,4}0[56]/.test(bytes.toHex());
}

/** Rows with the same keys, and now and then one with others. */
function table(below: (limit: number) => number): unknown[] {
  return Array.from({ length: 2 + below(20) }, (_, i) => {
    const row = { id: i * 40, name: "x".repeat(below(40)), score: i / 7, team: null };
    if (below(10) > 0) return row;
    return below(2) === 0 ? { id: i, score: 1, name: "y" } : { ...row, more: [row], id: true };
  });
}

/** Damaged messages of random values and of tables. */
function mutations(): Uint8Array[] {
  const random = new RandomValues(SEED, true);
  const roll = seeded(SEED + 1);
  const below = (limit: number) => Math.floor(roll() * limit);
  return Array.from({ length: DAMAGED }, (_, i) => {
    const encoder = new Encoder();
    encoder.value(i % 4 === 0 ? table(below) : random.value(), "value");
    return damaged(encoder.take(), below);
  });
}

/** What is made once, for all interpreters. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}

/** The hostile values, of which the reader here has come to its verdicts. */
const judgedHere = once(() => {
  const all = hostileValues();
  for (const { name, bytes, isValue: expected } of all) {
    assertEquals(isValue(bytes), expected, name);
  }
  return all;
});

/** Damaged messages, and what the reader here says of each. */
const judgedMutations = once(() => {
  const all = mutations();
  return { all, here: all.map(isValue) };
});

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`hostile bytes ${what} (${name})`, run);

  test("get the same verdict from each reader", async () => {
    await using client = await LinkClient.start(python);
    const all = judgedHere();
    const verdicts = await judge(client, all.map(({ bytes }) => bytes));
    for (const [i, { name, bytes, isValue }] of all.entries()) {
      const shown = `${name}: ${bytes.subarray(0, 150).toHex()}`;
      assertEquals(verdicts[i]!.slice(0, 2000), isValue ? "." : "x", shown);
    }
  });

  test(`of a rich value, cut at each byte, are refused`, async () => {
    await using client = await LinkClient.start(python);
    const encoder = new Encoder();
    encoder.value({
      list: [1, 300, 70000, 2 ** 40, -1, -200, -40000, -(2 ** 40), 0.5, 2n ** 70n, null, true],
      text: ["a", "ä".repeat(20), "x".repeat(300), new Uint8Array(3), new Uint8Array(300)],
      more: [new Set([1]), new Map([[1, new Date()]])],
      rows: [{ a: 1, b: "x", c: 0.5 }, { a: 300, b: "y", c: null }, { a: 1, c: 2, b: 3 }, { a: 1 }],
    }, "value");
    const bytes = encoder.take();
    const cuts = Array.from(bytes, (_, length) => bytes.slice(0, length));
    assertEquals(cuts.findIndex(isValue), -1);
    assertEquals(await judge(client, [...cuts, bytes]), [...cuts.map(() => "x"), "."]);
  });

  test(`that were messages get the same verdict: ${DAMAGED} of them (seed ${SEED})`, async () => {
    await using client = await LinkClient.start(python);
    const { all, here } = judgedMutations();
    const verdicts = await judge(client, all);
    for (const [i, bytes] of all.entries()) {
      const verdict = verdicts[i]!;
      const agrees = verdict === (here[i] ? "." : "x") || verdict === "u" ||
        verdict.length === 1 && hasOneWayExtension(bytes);
      assert(agrees, `${bytes.toHex()}: ${verdict} in Python, and here ${here[i]}`);
    }
    const values = here.filter(Boolean).length;
    // Both happen often, or the test tests nothing.
    assert(values > DAMAGED / 10 && values < DAMAGED * 9 / 10, `${values} were values`);
  });

  test("that claim more than there is cost no more memory than what is there", async () => {
    await using client = await LinkClient.start(python);
    const encoder = new Encoder();
    const items = [
      nestedClaims(100_000, 20_000),
      nestedClaims(100_000, 400),
      nestedClaims(1_000_000, 1_000),
      nestedClaims(1_000_000, 14),
    ];
    encoder.value([{ items }, null], "values");
    const { value } = await client.eval(
      `import resource
from pyproxy_worker.codec import codec
codec.decode(b"\\xdd" + len(items[-1]).to_bytes(4, "big") + b"\\xc0" * len(items[-1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
def refused(data):
    try: codec.decode(data)
    except ValueError: return True
[all(list(map(refused, items))), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before]`,
      { values: encoder.take() },
    );
    assertEquals(value[0], true, value.traceback);
    assert(value[1] <= 16 * 1024, `${value[1]} KiB more`);
  });
}
