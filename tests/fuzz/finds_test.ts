// What fuzzing has found, each by its name. They fail without what mended them.
import { assert, assertEquals } from "@std/assert";
import { OUTPUT_HIGH_WATER_BYTES } from "../../fake_server/common/limits.ts";
import type { StreamName } from "../../src/protocol/rules.ts";
import { frameBytes } from "../../src/wire/frame.ts";
import { MessageType } from "../../src/wire/messages.ts";
import { UNREAD_LOG_BYTES } from "../../src/worker/output_limits.ts";
import { UnreadOutput } from "../../src/worker/unread_output.ts";
import { rawEvalBody } from "../eval_body.ts";
import { controlFrame } from "../raw_client.ts";
import { concat } from "./bytes.ts";
import { readExchanges } from "./corpus.ts";
import { ClientPart, ClientRun } from "./targets/client_target.ts";
import { ServerUnderTest } from "./targets/server_target.ts";

const [exchange] = await readExchanges();
const NOTHING = new Uint8Array(0);

/** What a client whose streams are open, and which has sent evals 1 to 4, says to more. */
function clientTold(stream: StreamName, ...frames: Uint8Array[]): string {
  const run = new ClientRun(new ClientPart(exchange!));
  for (const { from, stream, bytes } of exchange!.frames.slice(0, 4)) {
    if (from === "server") run.feed(stream, [bytes]);
  }
  run.feed(stream, [concat(frames)]);
  const last = run.told.at(-1)!;
  run.end();
  return last;
}

Deno.test("find: a client refuses output of evals that were not sent or have ended, which it would keep for good", () => {
  const output = (id: number) => frameBytes(MessageType.OUTPUT, 1, id, Uint8Array.of(1));
  const end = (id: number) => frameBytes(MessageType.OUTPUT_END, 0, id, NOTHING);
  assertEquals(clientTold("output", output(1), end(2), output(3)), "output 3 1 01");
  for (
    const [frames, why] of [
      [[output(5)], "eval 5, which was not sent"],
      [[end(0xffff_ffff)], "eval 4294967295, which was not sent"],
      [[output(0)], "eval 0, after the end of its output"],
      [[end(2), output(2)], "eval 2, after the end of its output"],
      [[end(2), end(1)], "eval 1, after the end of its output"],
    ] as const
  ) {
    const told = clientTold("output", ...frames);
    assert(told.startsWith("closed PROTOCOL ProtocolError") && told.includes(why), told);
  }
});

Deno.test("find: a client refuses flags, ids and bodies where they mean nothing", () => {
  const body = Uint8Array.of(0x80);
  for (
    const [stream, frame, why] of [
      ["main", frameBytes(MessageType.PING, 1, 0, NOTHING), "PING with flags 1"],
      ["main", frameBytes(MessageType.PONG, 0, 7, body), "PONG with a body of 1 bytes"],
      ["main", frameBytes(MessageType.GOODBYE, 0, 7, body), "GOODBYE with id 7"],
      ["main", frameBytes(MessageType.INTERRUPTED, 2, 0, body), "INTERRUPTED with flags 2"],
      ["output", frameBytes(MessageType.OUTPUT_END, 0, 1, body), "OUTPUT_END with a body"],
      ["output", frameBytes(MessageType.OUTPUT_END, 1, 1, NOTHING), "OUTPUT_END with flags 1"],
      ["output", frameBytes(MessageType.LOG, 0, 1, body), "LOG with id 1"],
    ] as const
  ) {
    const told = clientTold(stream, frame);
    assert(told.startsWith("closed PROTOCOL ProtocolError") && told.includes(why), told);
  }
});

Deno.test("find: a client keeps no more of the log than it says, however long the records are", () => {
  const output = new UnreadOutput({ perEval: 1, perSession: 1 }, () => false);
  const record = { level: "info", ts: "t", msg: "m", session_id: "s" } as const;
  for (let i = 0; i < 100; i++) output.log(record, 64 * 1024);
  output.watch("logs", true);
  const kept = UNREAD_LOG_BYTES / (64 * 1024);
  assertEquals(output.take(true).length, kept + 1);
});

Deno.test("find: the server makes no values of a large control map", async () => {
  // 32 MiB of nils: made into values, they held the server up for seconds and took 900 MB.
  const nils = new Uint8Array(32 * 1024 * 1024).fill(0xc0);
  nils.set([0x81, 0xa1, 0x61, 0xdd, 2, 0, 0, 0]);
  await using server = await ServerUnderTest.start();
  const client = await server.login();
  const frame = frameBytes(MessageType.EVAL, 0, 1, rawEvalBody(nils, Uint8Array.of(0xa0)));
  await client.send("main", [frame]);
  assert(
    client.told.at(-1)?.includes("the control map of EVAL has 33554432 bytes"),
    client.told.join(),
  );
  await server.bye(client);
  await server.check();
});

for (const stream of ["main", "output"] as const) {
  Deno.test(`find: the server reads no more PINGs on a ${stream}stream whose PONGs are not taken`, async () => {
    await using server = await ServerUnderTest.start();
    const client = await server.login();
    const socket = client.sockets[stream]!;
    socket.isStalled = true;
    const pings = concat(
      Array.from({ length: 1_000 }, (_, id) => frameBytes(MessageType.PING, 0, id, NOTHING)),
    );
    const flood = Array.from({ length: 2_000 }, () => pings);
    await client.send(stream, flood);
    const read = flood.length * pings.length - socket.unread;
    // As much as it keeps of results, and a read or two.
    assert(read < 10 * 1024 * 1024, `it has read ${read} bytes`);
    assert(read > OUTPUT_HIGH_WATER_BYTES);
    socket.close();
    await server.bye(client);
    await server.check();
  });
}

Deno.test("find: the server refuses flags, ids and bodies where they mean nothing", async () => {
  await using server = await ServerUnderTest.start();
  for (
    const [stream, frame, why] of [
      ["main", frameBytes(MessageType.INTERRUPT, 0, 0, Uint8Array.of(0xc1)), "no MessagePack"],
      ["main", frameBytes(MessageType.INTERRUPT, 0, 0, new Uint8Array(70_000)), "70000 bytes"],
      ["output", errorFrame(1, 0), "has the flags 1"],
      ["output", errorFrame(0, 1), "has the id 1"],
    ] as const
  ) {
    const client = await server.login();
    await client.send(stream, [frame]);
    assert(client.told.at(-1)?.includes(`PROTOCOL: `), client.told.join());
    assert(client.told.at(-1)?.includes(why), client.told.join());
    await server.bye(client);
    await server.check();
  }
});

function errorFrame(flags: number, id: number): Uint8Array {
  const bytes = controlFrame(MessageType.ERROR, { code: "PROTOCOL", message: "m" });
  bytes[3] = flags;
  bytes[11] = id;
  return bytes;
}
