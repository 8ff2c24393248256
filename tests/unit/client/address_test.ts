import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { startServer } from "../../../fake_server/mod.ts";
import { connect } from "../../../mod.ts";
import { formatAddress, parseAddress } from "../../../src/common/address.ts";

Deno.test("parseAddress() takes host:port, [ipv6]:port, and a host alone with the port 9000", () => {
  assertEquals(parseAddress("localhost:9000"), { hostname: "localhost", port: 9000 });
  assertEquals(parseAddress("10.0.0.1:80"), { hostname: "10.0.0.1", port: 80 });
  assertEquals(parseAddress("[::1]:9000"), { hostname: "::1", port: 9000 });
  assertEquals(parseAddress("[fe80::1%eth0]"), { hostname: "fe80::1%eth0", port: 9000 });
  assertEquals(parseAddress("python.example"), { hostname: "python.example", port: 9000 });
});

Deno.test("formatAddress() gives what parseAddress() takes", () => {
  for (const address of ["localhost:9000", "[::1]:1", "10.0.0.1:65535"]) {
    assertEquals(formatAddress(parseAddress(address)), address);
  }
});

Deno.test("parseAddress() throws TypeError that shows the address and how to write one", () => {
  for (const address of ["", "a b:1", "::1", "::1:9000", "h:0", "h:65536", "h:1:2", "tcp://h:1"]) {
    assertThrows(() => parseAddress(address), TypeError, JSON.stringify(address));
  }
});

Deno.test("connect() reaches a server on an IPv6 address, whose outputstream has another port", async () => {
  await using server = await startServer({
    bindAddr: "[::1]:0",
    outputAddr: "[::1]:0",
    numWorkers: 1,
    log: () => {},
  });
  await using remote = await connect(server.addr);
  const future = remote.eval("print('over IPv6')");
  for await (const { line } of future.output()) assertEquals(line, "over IPv6");
  await future;
});

Deno.test("connect() reaches an outputstream that has a host of its own", async () => {
  await using server = await startServer({
    bindAddr: "127.0.0.1:0",
    outputAddr: "127.0.0.2:0",
    numWorkers: 1,
    log: () => {},
  });
  await using remote = await connect(server.addr);
  assertEquals(await remote.eval("1"), 1);
});

Deno.test("startServer() throws TypeError when the address is not of this machine alone", async () => {
  for (const address of ["0.0.0.0:0", "[::]:0", "192.0.2.1:9000"]) {
    await assertRejects(
      () => startServer({ bindAddr: address, outputAddr: "127.0.0.1:0" }),
      TypeError,
    );
    await assertRejects(
      () => startServer({ bindAddr: "127.0.0.1:0", outputAddr: address }),
      TypeError,
    );
  }
});
