import { assertEquals, assertThrows } from "@std/assert";
import { decode as judge } from "@std/msgpack";
import { EncodeError } from "../../../mod.ts";
import { decodeControl, encodeControl } from "../../../src/protocol/control.ts";
import { DecodeError } from "../../../src/values/decode_error.ts";
import { Encoder } from "../../../src/values/encode.ts";

Deno.test("encodeControl() writes a map of strings, numbers and booleans", () => {
  const body = { protocol: 2, client: "é", ms: 70_000, drain: true, empty: "", no: false };
  assertEquals(judge(encodeControl(body)), body);
  assertEquals(decodeControl(encodeControl(body)), body);
  assertEquals(encodeControl({}), Uint8Array.of(0x80));
});

Deno.test("encodeControl() names the field that cannot be sent", () => {
  assertThrows(() => encodeControl({ name: "\ud800" }), EncodeError, "Cannot send name: a string");
  assertThrows(() => encodeControl({ x: undefined }), EncodeError, "Cannot send x: control bodies");
});

Deno.test("decodeControl() refuses extensions: a control body has plain values", () => {
  const encoder = new Encoder();
  encoder.value({ python: [null, 1.5, { deep: 2n ** 60n }] }, "");
  assertEquals(decodeControl(encoder.take()), { python: [null, 1.5, { deep: 2n ** 60n }] });
  encoder.value({ when: new Set([1]) }, "");
  assertThrows(() => decodeControl(encoder.take()), DecodeError, "there is no extension");
});
