import { assert, assertEquals } from "@std/assert";
import * as std from "@std/msgpack";
import { DataFrame, NDArray, Series } from "../../../mod.ts";
import { decode } from "../../../src/values/decode.ts";
import { Encoder } from "../../../src/values/encode.ts";
import { Opaque, PythonScalar } from "../../../src/values/types.ts";
import { float } from "../../../src/values/types/float.ts";
import { Tuple, tuple } from "../../../src/values/types/tuple.ts";
import { frameBytes } from "../../../src/wire/frame.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { MAX_FRAME_BODY_BYTES } from "../../../src/wire/limits.ts";
import { MessageType } from "../../../src/wire/messages.ts";
import { rawEvalBody } from "../../eval_body.ts";
import { show } from "../values/values_random.ts";

const text = await Deno.readTextFile(new URL("../../../src/wire/PROTOCOL.md", import.meta.url));
const examples = text.slice(text.indexOf("## 5. Examples"));

/** What the line before each example says of it, and the example's bytes. */
const FRAMES = Array.from(
  examples.matchAll(/^([A-Z_]+) id (\d+) flags (\d+)(.*(?:\n.+)*)\n\n```frame\n([^`]*)```$/gm),
  ([, name, id, flags, body, bytes]) => ({
    type: MessageType[name as keyof typeof MessageType],
    name: name!,
    id: Number(id),
    flags: Number(flags),
    body: bodyOf(name!, body!.trim().replaceAll("\n", " ")),
    bytes: Uint8Array.fromHex(bytes!.replace(/\s/g, "")),
  }),
);

/** Builds the body that the notation describes, with another MessagePack library than ours. */
function bodyOf(name: string, notation: string): Uint8Array {
  const parts = Array.from(notation.matchAll(/`([^`]*)`/g), ([, part]) => part!);
  const words = notation.replace(/`[^`]*`/g, "*");
  if (words === "") return new Uint8Array(0);
  if (words === "with the bytes of *") return new TextEncoder().encode(JSON.parse(`"${parts[0]}"`));
  const code = name === "EVAL" ? std.encode(parts.splice(1, 1)[0]!) : new Uint8Array(0);
  const [control, values] = parts.map((part) => std.encode(JSON.parse(part)));
  if (name !== "EVAL" && name !== "RESULT") {
    assertEquals(words, "*", `${name} has a body of control alone`);
    return control!;
  }
  const forms = name === "EVAL"
    ? ["* with code *", "* with code * and values *"]
    : ["*", "* with values *"];
  assert(forms.includes(words), `${name}: ${notation}`);
  return rawEvalBody(control!, code, values ?? new Uint8Array(0));
}

Deno.test("every example of PROTOCOL.md is read by these tests", () => {
  assertEquals(FRAMES.length, examples.match(/^```frame$/gm)?.length);
  assert(FRAMES.length >= 10);
});

for (const { name, type, id, flags, body, bytes } of FRAMES) {
  Deno.test(`PROTOCOL.md's frame ${name} ${id} is byte for byte what its text says`, () => {
    assertEquals(frameBytes(type, flags, id, body).toHex(), bytes.toHex());
    const reader = new FrameReader(MAX_FRAME_BODY_BYTES);
    reader.space().set(bytes);
    const frames = Array.from(reader.filled(bytes.length));
    assertEquals(frames.map((frame) => [frame.type, frame.flags, frame.id]), [[type, flags, id]]);
    assertEquals(frames[0]!.body.toHex(), body.toHex());
  });
}

/** What the Python expressions of the table of values are here. */
const VALUES: Record<string, unknown> = {
  "None": null,
  "[True, -1, 300]": [true, -1, 300],
  "1.0": float(1),
  "2**53": 2n ** 53n,
  "2**64": 2n ** 64n,
  "-2**63 - 1": -(2n ** 63n) - 1n,
  '"ä"': "ä",
  'b"\\x00\\xff"': new Uint8Array([0, 255]),
  "-0.0": -0,
  '{1: "a"}': new Map([[1, "a"]]),
  '{"__proto__": 1}': JSON.parse('{"__proto__": 1}'),
  "{7}": new Set([7]),
  "datetime(2026, 1, 2, 3, 4, 5, 6, timezone.utc)": Temporal.ZonedDateTime.from(
    "2026-01-02T03:04:05.000006+00:00[UTC]",
  ),
  'datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))': Temporal.ZonedDateTime
    .from("2026-10-25T02:30:00+01:00[Europe/Berlin]"),
  "datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-3)))": Temporal.ZonedDateTime
    .from("2026-01-02T03:04:05-03:00[-03:00]"),
  '(1, "a")': tuple(1, "a"),
  "datetime(2026, 1, 2, 3, 4, 5, 6)": Temporal.PlainDateTime.from("2026-01-02T03:04:05.000006"),
  "date(2026, 1, 2)": Temporal.PlainDate.from("2026-01-02"),
  "time(3, 4, 5, 6)": Temporal.PlainTime.from("03:04:05.000006"),
  "timedelta(microseconds=1)": Temporal.Duration.from({ microseconds: 1 }),
  "timedelta(days=-1)": Temporal.Duration.from({ days: -1 }),
  'Decimal("1.10")': new PythonScalar("Decimal", "1.10"),
  "Fraction(-2, 3)": new PythonScalar("Fraction", "-2/3"),
  'Path("/tmp")': new PythonScalar("Path", "/tmp"),
  "complex(1, -0.0)": new PythonScalar("complex", "1.0-0.0j"),
  'np.array([[1, 2], [3, 4]], "i2").T': new NDArray(new Int16Array([1, 2, 3, 4]), {
    shape: [2, 2],
    order: "F",
  }),
  'pd.Series([1.5], name="x")': new Series(new Float64Array([1.5]), { name: "x" }),
  'pd.DataFrame({"a": ["b"]}, dtype=object)': new DataFrame([
    new Series(["b"], { name: "a", dtype: "object" }),
  ]),
  'array("h", [1, -1])': new Int16Array([1, -1]),
  're.compile("x")': new Opaque("re.Pattern", "re.compile('x')"),
};

const ROWS = Array.from(
  examples.slice(examples.indexOf("### Values")).matchAll(/^\| `(.*?)` *\| `([0-9a-f ]+)` *\|$/gm),
  ([, python, bytes]) => [python!, bytes!.replaceAll(" ", "")] as const,
);

Deno.test("every value of PROTOCOL.md's table is checked by these tests, and no other", () => {
  assertEquals(ROWS.map(([python]) => python), Object.keys(VALUES));
});

for (const [python, bytes] of ROWS) {
  Deno.test(`PROTOCOL.md's value ${python} is what our codec reads and writes`, () => {
    const value = VALUES[python];
    // A float that is whole comes as a number like any other, a tuple never comes, and an opaque value
    // does not go back.
    if (!(value instanceof Tuple)) {
      const read = decode(Uint8Array.fromHex(bytes));
      assertEquals(show(read), python === "1.0" ? "int 1" : show(value));
    }
    if (value instanceof Opaque) return;
    const encoder = new Encoder();
    encoder.value(value, "value");
    assertEquals(encoder.bytes().toHex(), bytes);
  });
}
