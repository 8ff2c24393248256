/** The control map of an EVAL, which the server reads, and what stands behind it, which it does not. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { encode } from "@std/msgpack";
import { MAX_CONTROL_BODY_BYTES } from "../../../src/wire/limits.ts";
import { MessageType } from "../../../src/wire/messages.ts";
import { evalBody, rawEvalBody } from "../../eval_body.ts";
import { RawSession } from "../../raw_client.ts";
import { start } from "../../raw_server.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.fromHex(hex.replaceAll(" ", ""));
const ONE = encode("1");

/** A control map of that size, with a field that nobody knows. */
function controlOf(size: number): Uint8Array {
  // Before the text there are 7 bytes: map, key, and the head of a string of 16 bits of length.
  return encode({ pad: "x".repeat(size - 8) });
}

Deno.test("server ends a session whose EVAL has a control map that breaks a rule, and says which", async () => {
  await using server = await start();
  await using canary = await RawSession.connect(server.addr);
  const broken: [what: string, body: Uint8Array, message: string][] = [
    ["no length", bytes("00 00 00"), "the body of EVAL must have a control map, got 3 bytes"],
    ["cut short", bytes("00 00 00 09 80 a1 31"), "has 7 bytes and claims a control map of 9"],
    ["no MessagePack", rawEvalBody(bytes("c1"), ONE), "the control map of EVAL is no MessagePack"],
    [
      "half a map",
      rawEvalBody(bytes("81 a1 78"), ONE),
      "the control map of EVAL is no MessagePack",
    ],
    ["bytes behind", rawEvalBody(bytes("80 80"), ONE), "the control map of EVAL is no MessagePack"],
    ["an array", rawEvalBody(bytes("90"), ONE), "the control of EVAL must be a map"],
    ["nil", rawEvalBody(bytes("c0"), ONE), "the control of EVAL must be a map"],
    [
      "a claim of 4 GiB",
      rawEvalBody(bytes("df ff ff ff ff"), ONE),
      "the control map of EVAL is no MessagePack",
    ],
    [
      "60,000 arrays in arrays",
      rawEvalBody(new Uint8Array(60_000).fill(0x91), ONE),
      "the control map of EVAL is no MessagePack",
    ],
    [
      "a number for a namespace",
      evalBody("1", undefined, { namespace: 7 }),
      "'namespace' of EVAL must be a string",
    ],
    [
      "nil for a namespace",
      evalBody("1", undefined, { namespace: null }),
      "'namespace' of EVAL must be a string",
    ],
    [
      "a string for strict",
      evalBody("1", undefined, { namespace: "n", strict: "yes" }),
      "'strict' of EVAL must be a boolean",
    ],
    [
      "too large",
      rawEvalBody(controlOf(MAX_CONTROL_BODY_BYTES + 1), ONE),
      "the control map of EVAL has 65537 bytes, more than the 65536 allowed",
    ],
    ["no code", rawEvalBody(encode({}), bytes("")), "EVAL 1: there is no whole code behind"],
    ["nil for code", rawEvalBody(encode({}), bytes("c0")), "EVAL 1: code must be a string"],
    ["code cut short", rawEvalBody(encode({}), bytes("a2 31")), "EVAL 1: code claims 2 bytes"],
    [
      "code that is no UTF-8",
      rawEvalBody(encode({}), bytes("a1 ff")),
      "EVAL 1: code must be UTF-8",
    ],
    ["values that are none", evalBody("1", [1, 2]), "EVAL 1: locs must be a dict or nil, got int"],
    [
      "bytes behind the values",
      rawEvalBody(encode({}), ONE, bytes("92 c0 c0 07")),
      "EVAL 1: 1 bytes follow the value",
    ],
  ];
  for (const [what, body, message] of broken) {
    await using session = await RawSession.connect(server.addr);
    await session.main.frame(MessageType.EVAL, 0, 1, body);
    assertEquals(await session.closed(), "PROTOCOL", what);
    assertStringIncludes(session.closeMessage!, message, what);
  }
  assertEquals(await canary.value("1"), 1);
});

Deno.test("server takes control in every form that is one, and ignores fields that it does not know", async () => {
  await using server = await start();
  await using session = await RawSession.connect(server.addr);
  let id = 0;
  const value = async (body: Uint8Array): Promise<string> => {
    await session.main.frame(MessageType.EVAL, 0, ++id, body);
    return (await session.result(id)).values.toHex();
  };
  for (const control of ["", "80", "de 00 00", "df 00 00 00 00", "81 a1 78 c0"]) {
    assertEquals(await value(rawEvalBody(bytes(control), ONE)), "01", control);
  }
  assertEquals(await value(rawEvalBody(controlOf(MAX_CONTROL_BODY_BYTES), ONE)), "01");
  const more = { trace: ["a", { b: 1.5 }], namespace: "n", strict: false };
  await value(evalBody("x = 7", undefined, more));
  assertEquals(await value(evalBody("x", undefined, { namespace: "n" })), "07");
});
