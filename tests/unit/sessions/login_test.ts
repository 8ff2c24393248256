// The login, byte by byte: client core against server core, and both against another HMAC.
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ServerLogin, StreamTokens } from "../../../fake_server/clients/credentials/auth.ts";
import { Connection } from "../../../src/protocol/connection.ts";
import { proofsOf } from "../../../src/protocol/proofs.ts";
import { type Frame, frameBytes } from "../../../src/wire/frame.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { MAX_HELLO_BODY_BYTES } from "../../../src/wire/limits.ts";
import { isSameSecret, newNonce, tokenFlaw } from "../../../src/wire/login.ts";
import { MessageType } from "../../../src/wire/messages.ts";
import { controlFrame, rawNonce, rawProof, readControl } from "../../raw_client.ts";

const TOKEN = "0123456789abcdefghijkl";

function frameOf(bytes: Uint8Array): Frame {
  const reader = new FrameReader(MAX_HELLO_BODY_BYTES);
  reader.space().set(bytes);
  const [frame] = reader.filled(bytes.length);
  return { ...frame!, body: frame!.body.slice() };
}

function feed(connection: Connection, bytes: Uint8Array): void {
  connection.space("main").set(bytes);
  connection.received("main", bytes.length, 0);
}

/** A client with a token (or none) whose hello has been sent, and that hello. */
function dialled(nonce: string | undefined): { client: Connection; hello: Uint8Array } {
  const client = new Connection("host:1", { client: "test/1", name: "nightly", nonce });
  client.dialled("main", 0);
  const [event] = client.takeEvents();
  assert(event?.kind === "send");
  return { client, hello: event.bytes };
}

/** Answers what the client was asked for. */
async function prove(client: Connection, token: string): Promise<Uint8Array> {
  const [event] = client.takeEvents();
  assert(event?.kind === "challenged", JSON.stringify(event));
  client.proofs(await proofsOf(token, event.transcript));
  const [sent] = client.takeEvents();
  assert(sent?.kind === "send");
  return sent.bytes;
}

/** The client's proof out of its PROOF frame. */
function proofIn(bytes: Uint8Array): string {
  const { type, body } = frameOf(bytes);
  assertEquals(type, MessageType.PROOF);
  return readControl(body).proof as string;
}

function serverHello(proof?: string): Uint8Array {
  return controlFrame(MessageType.SERVER_HELLO, {
    session_id: "0".repeat(32),
    stream_token: "1".repeat(32),
    output_addr: ":1",
    limits: { frame_bytes: 1_000, evals_in_flight: 1 },
    server: "x",
    python: { version: "3", implementation: "x", msgpack: "c" },
    ...(proof === undefined ? {} : { proof }),
  });
}

/** How the connection ended, if it has. */
function ended(client: Connection): [reason: string, error: string, told: string] | undefined {
  const events = client.takeEvents();
  const last = events.at(-1);
  if (last?.kind !== "closed") return undefined;
  const send = events.find((event) => event.kind === "send");
  const told = send === undefined ? "" : readControl(frameOf(send.bytes).body).code as string;
  return [last.reason, last.error!.class, told];
}

const REFUSED: [string, string, string] = [
  "AUTHENTICATION",
  "AuthenticationError",
  "AUTHENTICATION",
];

Deno.test("a login proves both ends, and its outputstream", async () => {
  const { client, hello } = dialled(newNonce());
  const server = new ServerLogin(TOKEN, frameOf(hello));
  feed(client, server.challenge);
  const proof = proofIn(await prove(client, TOKEN));
  const proofs = server.accept(proof);
  assertEquals(proof, rawProof(TOKEN, "client", hello, server.challenge));
  assertEquals(proofs, {
    server: rawProof(TOKEN, "server", hello, server.challenge),
    output: rawProof(TOKEN, "output", hello, server.challenge),
  });
  feed(client, serverHello(proofs!.server));
  const [opened] = client.takeEvents();
  assertEquals(opened?.kind, "opened");
  client.dialled("output", 0);
  const [sent] = client.takeEvents();
  assert(sent?.kind === "send");
  assertEquals(readControl(frameOf(sent.bytes).body).proof, proofs!.output);
});

Deno.test("the token is in nothing that is sent", async () => {
  const { client, hello } = dialled(newNonce());
  const server = new ServerLogin(TOKEN, frameOf(hello));
  feed(client, server.challenge);
  const all = [hello, server.challenge, await prove(client, TOKEN)];
  const text = all.map((bytes) => new TextDecoder("latin1").decode(bytes)).join("");
  assert(!text.includes(TOKEN) && !text.includes(new TextEncoder().encode(TOKEN).toHex()));
});

Deno.test("ServerLogin accepts no proof but its own client's", async () => {
  const { client, hello } = dialled(newNonce());
  const server = new ServerLogin(TOKEN, frameOf(hello));
  feed(client, server.challenge);
  const right = proofIn(await prove(client, TOKEN));
  const again = new ServerLogin(TOKEN, frameOf(hello));
  assertEquals(again.accept(right), undefined, "a captured login");
  const wrong = [
    "",
    right.slice(1),
    right + "0",
    right.toUpperCase(),
    ...Array.from(
      right,
      (digit, i) => right.slice(0, i) + (digit === "0" ? "1" : "0") + right.slice(i + 1),
    ),
    rawProof(TOKEN, "server", hello, server.challenge),
    rawProof(TOKEN, "output", hello, server.challenge),
    rawProof(TOKEN + "x", "client", hello, server.challenge),
    rawProof("", "client", hello, server.challenge),
  ];
  for (const proof of wrong) {
    if (proof !== right) assertEquals(server.accept(proof), undefined, proof);
  }
  assert(server.accept(right) !== undefined);
});

Deno.test("a hello or a challenge changed on its way makes the login fail", async () => {
  const { client, hello } = dialled(newNonce());
  const changed = hello.slice();
  changed[changed.indexOf("t".charCodeAt(0), 12)]! ^= 1;
  const server = new ServerLogin(TOKEN, frameOf(changed));
  feed(client, server.challenge);
  assertEquals(server.accept(proofIn(await prove(client, TOKEN))), undefined);

  const other = dialled(newNonce());
  const second = new ServerLogin(TOKEN, frameOf(other.hello));
  feed(other.client, controlFrame(MessageType.CHALLENGE, { nonce: rawNonce() }));
  assertEquals(second.accept(proofIn(await prove(other.client, TOKEN))), undefined);
});

Deno.test("a server's challenge sent back to it, or to another of its clients, is worth nothing", async () => {
  // Whoever lacks the token opens a connection and has its challenge answered by an honest client
  // that dials him: what that client signs is about its own hello.
  const honest = dialled(newNonce());
  const { hello } = dialled(newNonce());
  const server = new ServerLogin(TOKEN, frameOf(hello));
  feed(honest.client, server.challenge);
  assertEquals(server.accept(proofIn(await prove(honest.client, TOKEN))), undefined);
  // Nor does the server's own proof on a connection help on the same one.
  const { client } = honest;
  feed(client, serverHello(rawProof(TOKEN, "client", honest.hello, server.challenge)));
  assertEquals(ended(client), REFUSED);
});

Deno.test("Connection with a token refuses every server that has not proven that it knows it", async () => {
  const silent = dialled(newNonce());
  feed(silent.client, serverHello());
  assertEquals(ended(silent.client), REFUSED, "a server without a token");

  const claiming = dialled(newNonce());
  feed(claiming.client, serverHello("0".repeat(64)));
  assertEquals(ended(claiming.client), REFUSED, "a proof without a challenge");

  const hasty = dialled(newNonce());
  feed(hasty.client, controlFrame(MessageType.CHALLENGE, { nonce: rawNonce() }));
  hasty.client.takeEvents();
  feed(hasty.client, serverHello("0".repeat(64)));
  assertEquals(ended(hasty.client), REFUSED, "a proof before ours");

  for (const wrong of [undefined, "", "0".repeat(64), "echo"]) {
    const { client, hello } = dialled(newNonce());
    const challenge = controlFrame(MessageType.CHALLENGE, { nonce: rawNonce() });
    feed(client, challenge);
    const own = proofIn(await prove(client, TOKEN));
    feed(client, serverHello(wrong === "echo" ? own : wrong));
    assertEquals(ended(client), REFUSED, `${wrong}`);
    assert(rawProof(TOKEN, "client", hello, challenge) === own);
  }
});

Deno.test("Connection without a token ends at a challenge, and says why", () => {
  const { client } = dialled(undefined);
  feed(client, controlFrame(MessageType.CHALLENGE, { nonce: rawNonce() }));
  assertEquals(ended(client), REFUSED);
});

Deno.test("Connection refuses a challenge that is none, and a second one", async () => {
  for (const body of [{}, { nonce: 1 }, { nonce: "" }, { nonce: "z".repeat(64) }]) {
    const { client } = dialled(newNonce());
    feed(client, controlFrame(MessageType.CHALLENGE, body));
    assertEquals(ended(client), ["PROTOCOL", "ProtocolError", "PROTOCOL"], JSON.stringify(body));
  }
  const { client } = dialled(newNonce());
  const challenge = controlFrame(MessageType.CHALLENGE, { nonce: rawNonce() });
  feed(client, challenge);
  await prove(client, TOKEN);
  feed(client, challenge);
  assertEquals(ended(client), ["PROTOCOL", "ProtocolError", "PROTOCOL"]);
});

Deno.test("Connection that was closed meanwhile sends no proof", async () => {
  const { client } = dialled(newNonce());
  feed(client, controlFrame(MessageType.CHALLENGE, { nonce: rawNonce() }));
  const [event] = client.takeEvents();
  assert(event?.kind === "challenged");
  client.close(false);
  client.takeEvents();
  client.proofs(await proofsOf(TOKEN, event.transcript));
  assertEquals(client.takeEvents(), []);
});

Deno.test("StreamTokens takes a token once, with its proof, and a wrong try does not use it up", () => {
  const tokens = new StreamTokens<string>();
  const first = tokens.issue("first", "a".repeat(64));
  const second = tokens.issue("second", "b".repeat(64));
  const plain = tokens.issue("plain", undefined);
  assertEquals(tokens.claim(first, undefined), undefined);
  assertEquals(tokens.claim(first, "b".repeat(64)), undefined, "the other session's proof");
  assertEquals(tokens.claim(second, "a".repeat(64)), undefined);
  for (const part of ["", first.slice(1), first.slice(0, -1), first + "0", first.toUpperCase()]) {
    assertEquals(tokens.claim(part, "a".repeat(64)), undefined, part);
  }
  assertEquals(tokens.claim(first, "a".repeat(64)), "first");
  assertEquals(tokens.claim(first, "a".repeat(64)), undefined, "used");
  assertEquals(tokens.claim(plain, undefined), "plain");
  tokens.revoke(second);
  assertEquals(tokens.claim(second, "b".repeat(64)), undefined, "revoked");
});

Deno.test("isSameSecret() is true of the same text alone", () => {
  assert(isSameSecret("", "") && isSameSecret("abc", "abc"));
  for (const other of ["", "ab", "abcd", "Abc", "abd", "xbc"]) assert(!isSameSecret(other, "abc"));
});

Deno.test("tokenFlaw() names what a token must not have, and shows nothing of it", () => {
  assertEquals(tokenFlaw("!~azAZ09+/=-_"), undefined);
  for (const token of ["", "a b", "a\n", "\ta", "ä", "\u{1F600}", 7, null, ["a"]]) {
    const flaw = tokenFlaw(token);
    assertStringIncludes(flaw!, "the token ");
  }
});

Deno.test("PROTOCOL.md's proofs are what another HMAC makes of its frames", async () => {
  const text = await Deno.readTextFile(new URL("../../../src/wire/PROTOCOL.md", import.meta.url));
  const examples = text.slice(text.indexOf("A login with the token"));
  const token = /`([^`]+)`/.exec(examples)![1]!;
  const [hello, challenge, proof] = Array.from(
    examples.matchAll(/^```frame\n([^`]*)```$/gm),
    ([, hex]) => Uint8Array.fromHex(hex!.replace(/\s/g, "")),
  ) as [Uint8Array, Uint8Array, Uint8Array];
  const proofs = await proofsOf(token, { hello, challenge });
  for (const role of ["client", "server", "output"] as const) {
    const written = new RegExp(`^\\| \`${role}\` *\\| \`([0-9a-f]{64})\``, "m").exec(examples);
    assertEquals(written?.[1], rawProof(token, role, hello, challenge));
    assertEquals(proofs[role], written?.[1]);
  }
  assertEquals(proofIn(proof), proofs.client);
  assertThrows(() => proofIn(frameBytes(MessageType.PING, 0, 0, new Uint8Array(0))));
});
