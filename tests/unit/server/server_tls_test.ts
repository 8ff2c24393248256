// The server's TLS: what holds over plain TCP holds over it, and strangers are kept out as there.
import { assertEquals, assertRejects } from "@std/assert";
import { frameBytes } from "../../../src/wire/frame.ts";
import { MessageType } from "../../../src/wire/messages.ts";
import { makeAuthority } from "../../certificates.ts";
import { controlFrame, RawSession, RawStream, readControl } from "../../raw_client.ts";
import { start, until } from "../../raw_server.ts";

Deno.test("TLS server says goodbye, and what rule was broken, before it closes", async () => {
  const ca = await makeAuthority();
  const authority = ca.cert;
  await using server = await start({ tls: await ca.issue("127.0.0.1") });
  await using polite = await RawSession.connect(server.addr, { authority });
  assertEquals(await polite.value("1"), 1);
  await polite.goodbye();
  assertEquals(await polite.closed(), "CLIENT_CLOSED");
  await using rude = await RawSession.connect(server.addr, { authority });
  await rude.main.frame(MessageType.RESULT, 0, 1, new Uint8Array(0));
  assertEquals(await rude.closed(), "PROTOCOL");
  await until(() => server.stats().connections === 0);
});

Deno.test("TLS server closes strangers in time, and its sessions do not notice", async () => {
  const ca = await makeAuthority();
  const authority = ca.cert;
  await using server = await start({
    tls: await ca.issue("127.0.0.1"),
    limits: { handshakeMs: 300, tickMs: 20 },
  });
  await using canary = await RawSession.connect(server.addr, { authority });
  const hello = controlFrame(MessageType.CLIENT_HELLO, { protocol: 2, client: "x" });
  // The first bytes of a ClientHello, and a record that claims more than one may hold.
  const half = Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3);
  const large = Uint8Array.of(0x16, 3, 1, 0xff, 0xff, 1);
  const random = crypto.getRandomValues(new Uint8Array(5_000));
  const http = new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n");
  for (const addr of [server.addr, server.outputAddr]) {
    for (const bytes of [new Uint8Array(0), hello, half, large, random, http]) {
      using stranger = await RawStream.dial(addr);
      await stranger.send(bytes);
      // At most an alert comes, which is no frame.
      await stranger.next().catch(() => null);
    }
    // One with TLS that says nothing, and one that says nonsense.
    using silent = await RawStream.dial(addr, authority);
    assertEquals(readControl((await silent.next())!.body).code, "TIMEOUT");
    using rude = await RawStream.dial(addr, authority);
    await rude.send(frameBytes(MessageType.EVAL, 0, 1, new Uint8Array(0)));
    assertEquals(readControl((await rude.next())!.body).code, "PROTOCOL");
  }
  assertEquals(await canary.value("1"), 1);
  await until(() => server.stats().connections === 2);
});

Deno.test("TLS server makes a slow reader's code wait, and gives the reader up in the end", async () => {
  const ca = await makeAuthority();
  const authority = ca.cert;
  await using server = await start({
    tls: await ca.issue("127.0.0.1"),
    limits: { slowReaderMs: 300, tickMs: 20 },
  });
  await using slow = await RawSession.connect(server.addr, { read: false, authority });
  const id = await slow.send("for i in range(1000): print('x' * 65535)");
  await slow.until(() => slow.mainEnded || undefined, "the end");
  assertEquals([slow.closeReason, slow.results.has(id)], ["SLOW_READER", false]);
  slow.readOutput();
  await using next = await RawSession.connect(server.addr, { authority });
  assertEquals(await next.value("1"), 1);
});

Deno.test("startServer() refuses a certificate and key that cannot be used", async () => {
  const ca = await makeAuthority();
  const [one, other] = [await ca.issue("127.0.0.1"), await ca.issue("127.0.0.1")];
  const tries: [string, string, string][] = [
    [one.cert, other.key, "the key belongs to another"],
    ["no certificate", one.key, "one of them is no PEM"],
    [one.cert, "no key", "one of them is no PEM"],
    ["", "", "one of them is no PEM"],
  ];
  for (const [cert, key, why] of tries) {
    await assertRejects(() => start({ tls: { cert, key } }), TypeError, why);
  }
});
