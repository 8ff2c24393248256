// The login on a live server: what was seen on the wire is worth nothing, and nobody is hurt by tries.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { REFUSAL_DELAY_MS } from "../../../fake_server/common/limits.ts";
import type { PyProxyServer } from "../../../fake_server/mod.ts";
import { AuthenticationError, connect } from "../../../mod.ts";
import { frameBytes } from "../../../src/wire/frame.ts";
import { MessageType } from "../../../src/wire/messages.ts";
import {
  controlFrame,
  rawNonce,
  rawProof,
  RawSession,
  RawStream,
  readControl,
} from "../../raw_client.ts";
import { start, until } from "../../raw_server.ts";

const TOKEN = "0123456789abcdefghijkl";

function helloFrame(nonce?: string): Uint8Array {
  return controlFrame(MessageType.CLIENT_HELLO, {
    protocol: 2,
    client: "raw",
    ...(nonce === undefined ? {} : { nonce }),
  });
}

/** Says hello and reads the CHALLENGE. */
async function challenged(stream: RawStream, hello: Uint8Array): Promise<Uint8Array> {
  await stream.send(hello);
  const frame = (await stream.next())!;
  assertEquals(frame.type, MessageType.CHALLENGE);
  return frameBytes(frame.type, frame.flags, frame.id, frame.body);
}

/** The server's last word on a stream. */
async function refusal(stream: RawStream): Promise<Record<string, unknown>> {
  const frame = (await stream.next())!;
  assertEquals(frame.type, MessageType.ERROR);
  assertEquals(await stream.next(), null);
  return readControl(frame.body);
}

/** Tries to be the outputstream of a session. */
async function claim(server: PyProxyServer, hello: object): Promise<Record<string, unknown>> {
  using stream = await RawStream.dial(server.outputAddr);
  await stream.control(MessageType.OUTPUT_HELLO, hello);
  return await refusal(stream);
}

Deno.test("server with a token serves a client that knows it, and no other, with one text", async () => {
  const log: Record<string, unknown>[] = [];
  await using server = await start({ token: TOKEN, log: (record) => log.push(record) });
  await using session = await RawSession.connect(server.addr, { token: TOKEN });
  assertEquals(await session.value("1"), 1);
  const texts = new Set<string>();
  for (const token of [undefined, TOKEN + "x", TOKEN.toUpperCase(), "x"]) {
    const error = await assertRejects(() => connect(server.addr, { token }), AuthenticationError);
    texts.add(error.message.replace(" (none was given)", ""));
  }
  assertEquals(texts.size, 1);
  await using remote = await connect(server.addr, { token: TOKEN });
  assertEquals(await remote.eval("2"), 2);
  assert(!JSON.stringify(log).includes(TOKEN));
});

Deno.test("server refuses a captured login, whole or in parts, on the same terms as any other", async () => {
  await using server = await start({ token: TOKEN });
  const hello = helloFrame(rawNonce());
  using first = await RawStream.dial(server.addr);
  const challenge = await challenged(first, hello);
  const proof = { proof: rawProof(TOKEN, "client", hello, challenge) };
  await first.control(MessageType.PROOF, proof);
  assertEquals((await first.next())!.type, MessageType.SERVER_HELLO);

  using replay = await RawStream.dial(server.addr);
  assert((await challenged(replay, hello)).toHex() !== challenge.toHex());
  await replay.control(MessageType.PROOF, proof);
  const refused = await refusal(replay);
  assertEquals(refused.code, "AUTHENTICATION");

  using blind = await RawStream.dial(server.addr);
  await challenged(blind, helloFrame(rawNonce()));
  await blind.control(MessageType.PROOF, { proof: "0".repeat(64) });
  assertEquals(await refusal(blind), refused);

  using nameless = await RawStream.dial(server.addr);
  await nameless.send(helloFrame());
  assertEquals(await refusal(nameless), refused);

  using skipping = await RawStream.dial(server.addr);
  await skipping.control(MessageType.PROOF, proof);
  assertEquals((await refusal(skipping)).code, "PROTOCOL");
});

Deno.test("server gives no proof for a challenge that was relayed to an honest client", async () => {
  // The one in the middle opens a connection of his own, and an honest client dials him: he hands
  // the server's challenge on, and gets a proof that is good for neither of the two.
  await using server = await start({ token: TOKEN });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const honest = connect(`127.0.0.1:${port}`, { token: TOKEN });
  using victim = RawStream.of(await listener.accept());
  const victimHello = (await victim.next())!;
  assertEquals(victimHello.type, MessageType.CLIENT_HELLO);
  using own = await RawStream.dial(server.addr);
  const challenge = await challenged(own, helloFrame(rawNonce()));
  await victim.send(challenge);
  const { body } = (await victim.next())!;
  await own.frame(MessageType.PROOF, 0, 0, body);
  const refused = await refusal(own);
  assertEquals(refused.code, "AUTHENTICATION");
  // And he cannot be the server for the client.
  await victim.control(MessageType.SERVER_HELLO, {
    session_id: "0".repeat(32),
    stream_token: "1".repeat(32),
    output_addr: ":1",
    limits: { frame_bytes: 1_000, evals_in_flight: 1 },
    server: "x",
    python: { version: "3", implementation: "x", msgpack: "c" },
    proof: readControl(body).proof,
  });
  await assertRejects(() => honest, AuthenticationError, "has not proven");
});

Deno.test("server delays failed logins, and nobody else, however many there are", async () => {
  await using server = await start({ token: TOKEN, limits: { handshakes: 2 } });
  const start1 = performance.now();
  const failed = Array.from({ length: 70 }, async () => {
    using stream = await RawStream.dial(server.addr);
    await stream.send(helloFrame());
    return (await refusal(stream)).code;
  });
  const session = RawSession.connect(server.addr, { token: TOKEN });
  assertEquals(await Promise.all(failed), Array(70).fill("AUTHENTICATION"));
  assert(performance.now() - start1 >= REFUSAL_DELAY_MS);
  await using _session = await session;
  await until(() => server.stats().connections === 2);
});

Deno.test("server takes no outputstream but the session's own: wrong, reused, swapped, truncated", async () => {
  await using server = await start({ token: TOKEN });
  const open = async () => {
    const stream = await RawStream.dial(server.addr);
    const hello = helloFrame(rawNonce());
    const challenge = await challenged(stream, hello);
    await stream.control(MessageType.PROOF, {
      proof: rawProof(TOKEN, "client", hello, challenge),
    });
    const { stream_token } = readControl((await stream.next())!.body) as { stream_token: string };
    return { stream, stream_token, proof: rawProof(TOKEN, "output", hello, challenge) };
  };
  const one = await open();
  const two = await open();
  using _one = one.stream;
  using _two = two.stream;
  const wrong = [
    { stream_token: one.stream_token },
    { stream_token: one.stream_token, proof: two.proof },
    { stream_token: two.stream_token, proof: one.proof },
    { stream_token: one.stream_token, proof: one.proof.slice(1) },
    { stream_token: one.stream_token.slice(1), proof: one.proof },
    { stream_token: one.stream_token.toUpperCase() + " ", proof: one.proof },
    { stream_token: "", proof: "" },
    { stream_token: "0".repeat(32), proof: one.proof },
  ];
  const refused = await Promise.all(wrong.map((hello) => claim(server, hello)));
  for (const each of refused) assertEquals(each, refused[0]);
  assertEquals(refused[0]!.code, "STREAM_TOKEN");
  for (const { stream_token, proof } of [one, two]) {
    using output = await RawStream.dial(server.outputAddr);
    await output.control(MessageType.OUTPUT_HELLO, { stream_token, proof });
    assertEquals((await output.next())!.type, MessageType.OUTPUT_READY);
    assertEquals(await claim(server, { stream_token, proof }), refused[0]!, "used");
  }
});

Deno.test("server takes no outputstream of a session that is over, and hurts none", async () => {
  await using server = await start({ limits: { connectAfterHelloMs: 100, tickMs: 20 } });
  await using late = await RawSession.open(server.addr);
  await using other = await RawSession.connect(server.addr);
  assertEquals(await late.closed(), "TIMEOUT");
  const { code } = await claim(server, { stream_token: late.hello.stream_token });
  assertEquals(code, "STREAM_TOKEN");
  assertEquals(await other.value("1"), 1);
});

Deno.test("connect() with a token refuses a server that has none, and the server drops the session", async () => {
  await using server = await start();
  const error = await assertRejects(
    () => connect(server.addr, { token: TOKEN }),
    AuthenticationError,
  );
  assertStringIncludes(error.message, `Cannot open a session at ${server.addr}: a token was given`);
  await until(() => server.stats().connections === 0 && server.stats().sessions === 0);
});

Deno.test("connect() throws TypeError for a token that cannot be one, and does not show it", async () => {
  for (const token of ["", "geheim \n", 7 as unknown as string]) {
    const error = await assertRejects(() => connect("127.0.0.1:1", { token }), TypeError);
    assertStringIncludes(error.message, "Cannot open a session: the token ");
    assert(!error.message.includes("geheim"));
  }
});
