/** Arguments that are no values: they end the session that sent them, and nothing else. */
import { assertEquals, assertMatch } from "@std/assert";
import { encode } from "@std/msgpack";
import { MessageType } from "../../../src/wire/messages.ts";
import { rawEvalBody } from "../../eval_body.ts";
import { RawSession } from "../../raw_client.ts";
import { start } from "../../raw_server.ts";
import { hostileValues } from "../python_values/hostile_values.ts";

/** An EVAL with these bytes for the value of `x`. */
function body(bytes: Uint8Array): Uint8Array {
  // [{"x": ...}, nil]
  const values = Uint8Array.from([0x92, 0x81, 0xa1, 0x78, ...bytes, 0xc0]);
  return rawEvalBody(encode({}), encode("x"), values);
}

/** Some that are refused for different reasons, cut or whole. */
function hostile(): Uint8Array[] {
  const bad = hostileValues().filter(({ isValue, bytes }) => !isValue && bytes.length < 30_000);
  return bad.filter((_, i) => i % 20 === 0).map(({ bytes }) => bytes);
}

Deno.test("server closes a session whose arguments are no values, and only that", async () => {
  await using server = await start();
  await using canary = await RawSession.connect(server.addr);
  const pid = await canary.value("import os; os.getpid()");
  const seen = new Set<string>();
  for (const bytes of hostile()) {
    await using session = await RawSession.connect(server.addr);
    await session.main.frame(MessageType.EVAL, 0, 1, body(bytes));
    assertEquals(await session.closed(), "PROTOCOL", bytes.toHex().slice(0, 100));
    assertMatch(session.closeMessage ?? "", /\w+ \w+/);
    seen.add(session.closeMessage!);
  }
  // The sentence tells one fault from another.
  assertEquals(seen.size > 5, true, [...seen].join("\n"));
  assertEquals(await canary.value("import os; os.getpid()"), pid);
});
