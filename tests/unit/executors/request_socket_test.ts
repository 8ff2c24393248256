// The server's end of the socket for requests: ends on either side, and a process that reads nothing.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { KeptBuffers } from "../../../fake_server/common/kept_buffers.ts";
import { REPLY_HIGH_WATER_BYTES } from "../../../fake_server/common/limits.ts";
import { RequestSocket } from "../../../fake_server/executors/local/link/request_socket.ts";
import {
  type Answer,
  RequestKind,
  RequestType,
} from "../../../fake_server/executors/local/link/requests.ts";
import { frameBytes } from "../../../src/wire/frame.ts";
import { until } from "../../raw_server.ts";
import { LinkRequests } from "../link/link_requests.ts";

const ASKED = 9;

/** Both ends of a socket: the server's, and a python process's. */
async function pair(
  stack: AsyncDisposableStack,
): Promise<{ socket: RequestSocket; peer: LinkRequests }> {
  const path = await Deno.makeTempDir({ prefix: "pyproxy-requests-" });
  stack.defer(() => Deno.remove(path, { recursive: true }));
  const address = { transport: "unix", path: `${path}/socket` } as const;
  using listener = Deno.listen(address);
  const [peer, connection] = await Promise.all([Deno.connect(address), listener.accept()]);
  const socket = new RequestSocket(connection, new KeptBuffers(() => 0));
  stack.defer(() => socket.close());
  return { socket, peer: stack.use(new LinkRequests(peer)) };
}

/** A REQUEST of job 0. */
function request(id: number, kind: number, size: number): Uint8Array {
  return frameBytes(RequestType.REQUEST, kind, id, new Uint8Array(4 + size));
}

Deno.test("RequestSocket answers what came before it listened", async () => {
  await using stack = new AsyncDisposableStack();
  const { socket, peer } = await pair(stack);
  await peer.write(request(1, RequestKind.PING, 70_000));
  const listening = socket.listen();
  const { id, body } = await peer.next(RequestType.REPLY);
  assertEquals([id, body.length], [1, 70_000]);
  socket.close();
  await listening;
  await peer.ended;
});

Deno.test("RequestSocket aborts what it has not answered at the end of the process", async () => {
  await using stack = new AsyncDisposableStack();
  const { socket, peer } = await pair(stack);
  const signals: AbortSignal[] = [];
  const answer: Answer = ({ signal }) => {
    signals.push(signal);
    return new Promise(() => {});
  };
  const listening = socket.listen(answer);
  for (const id of [1, 2]) await peer.write(request(id, ASKED, 10));
  await until(() => signals.length === 2);
  assert(signals.every((signal) => !signal.aborted));
  await peer.close();
  await listening;
  assert(signals.every((signal) => signal.aborted));
});

Deno.test("RequestSocket rejects what breaks the rules, and closes", async () => {
  await using stack = new AsyncDisposableStack();
  const { socket, peer } = await pair(stack);
  const listening = assertRejects(() => socket.listen(), Error, "must start with byte 0");
  await peer.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  await listening;
  await peer.ended;
});

Deno.test("RequestSocket reads no more while replies are not read, and loses none", async () => {
  await using stack = new AsyncDisposableStack();
  const { socket, peer } = await pair(stack);
  const { promise: paused, resolve } = Promise.withResolvers<void>();
  peer.paused = paused;
  let asked = 0;
  const reply = new Uint8Array(1_000_000);
  const listening = socket.listen(() => {
    asked++;
    return Promise.resolve(reply);
  });
  const count = 400;
  // More than the kernel keeps of what is not read.
  for (let id = 1; id <= count; id++) peer.write(request(id, ASKED, 30_000));
  await until(() => asked * reply.length > REPLY_HIGH_WATER_BYTES);
  const before = asked;
  await new Promise((done) => setTimeout(done, 100));
  assert(asked < before + 10 && asked < count / 4, `${before} and then ${asked} were asked`);
  resolve();
  for (let id = 1; id <= count; id++) {
    const { id: came, body } = await peer.next(RequestType.REPLY);
    assertEquals([came, body.length], [id, reply.length]);
  }
  socket.close();
  await listening;
});
