// Results that are no values: the documented error, and only that session ends.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { encode } from "@std/msgpack";
import { createServer, type Server, type Socket } from "node:net";
import { connect, ProtocolError, SessionClosedError } from "../../../mod.ts";
import { frameBytes } from "../../../src/wire/frame.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { MessageType, ResultStatus } from "../../../src/wire/messages.ts";
import { test } from "../../harness.ts";

/** A server that answers every EVAL with this RESULT. */
async function answering(status: number, values: string): Promise<
  AsyncDisposable & { addr: string }
> {
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    const reader = new FrameReader(1 << 16);
    socket.on("data", (data: Uint8Array) => {
      reader.space().set(data);
      for (const { type, id } of reader.filled(data.length)) {
        const send = (type: number, flags: number, id: number, body: Uint8Array) =>
          void socket.write(frameBytes(type, flags, id, body));
        if (type === MessageType.CLIENT_HELLO) send(MessageType.SERVER_HELLO, 0, 0, hello());
        if (type === MessageType.OUTPUT_HELLO) send(MessageType.OUTPUT_READY, 0, 0, encode({}));
        if (type === MessageType.EVAL) {
          const bytes = Uint8Array.fromHex("0000000180" + values.replaceAll(" ", ""));
          send(MessageType.RESULT, status, id, bytes);
        }
      }
    });
  };
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => sockets.delete(socket)); // the client may cut it: that is the test
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const hello = () =>
    encode({
      session_id: "0123456789abcdef0123456789abcdef",
      stream_token: "0123456789abcdef0123456789abcdef",
      output_addr: `:${port}`,
      limits: { frame_bytes: 1 << 16, evals_in_flight: 10 },
      server: "test",
      python: { version: "3", implementation: "test", msgpack: "test" },
    });
  return {
    addr: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const HOSTILE: [status: number, values: string, why: RegExp][] = [
  [ResultStatus.VALUE, "", /cut short/],
  [ResultStatus.VALUE, "c1", /0xc1/],
  [ResultStatus.VALUE, "c0 c0", /left after it/],
  [ResultStatus.VALUE, "dd ffffffff", /cut short/],
  [ResultStatus.VALUE, "81 01 02", /no string/],
  [ResultStatus.VALUE, "81 a9 5f5f70726f746f5f5f 80", /__proto__/],
  [ResultStatus.VALUE, "a1 ff", /UTF-8/],
  [ResultStatus.VALUE, "91".repeat(513) + "c0", /512 levels/],
  [ResultStatus.VALUE, "d6 ff 00000000", /no extension -1/],
  [ResultStatus.PYTHON_ERROR, "c0", /exception record must be a dict/],
  [ResultStatus.PYTHON_ERROR, "81 a5 6361757365 01", /exception record must be a dict/],
  [ResultStatus.PYTHON_ERROR, "81 a6 6672616d6573 91 01", /frame must be a dict/],
  [ResultStatus.PYTHON_ERROR, "81 a6 73796e746178 01", /position of a SyntaxError must be a dict/],
  [ResultStatus.CANCELLED, "", /cancelled/],
];

test("a result that is no value is a ProtocolError and ends its session with that reason", async () => {
  await using good = await answering(ResultStatus.VALUE, "07");
  await using canary = await connect(good.addr);
  for (const [status, values, why] of HOSTILE) {
    await using server = await answering(status, values);
    await using remote = await connect(server.addr);
    const first = remote.eval("1");
    const second = remote.eval("2");
    const error = await assertRejects(() => first.wait(), ProtocolError, undefined, values);
    assert(why.test(error.message), error.message);
    assert(error.message.includes("the result of eval 1 cannot be read"), error.message);
    await assertRejects(() => second.wait(), ProtocolError);
    const end = await remote.closed;
    assertEquals(end.reason, "PROTOCOL");
    assertInstanceOf(end.error, ProtocolError);
    await assertRejects(async () => await remote.eval("3"), SessionClosedError, "cannot be read");
    assertEquals(await canary.eval("7"), 7);
  }
});

test("an exception record with nothing in it is a PythonError, and the session goes on", async () => {
  await using server = await answering(ResultStatus.PYTHON_ERROR, "80");
  await using remote = await connect(server.addr);
  for (let turn = 0; turn < 2; turn++) {
    const { ok } = await remote.eval("1").waitNoExcept();
    assertEquals(ok, false);
  }
});
