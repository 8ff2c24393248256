import { assert, assertEquals } from "@std/assert";
import { decode, encode } from "@std/msgpack";
import { Connection } from "../../../src/protocol/connection.ts";
import type { ConnectionEvent } from "../../../src/protocol/connection_event.ts";
import type { StreamName } from "../../../src/protocol/rules.ts";
import { frameBytes, readU32 } from "../../../src/wire/frame.ts";
import { HEADER_BYTES } from "../../../src/wire/limits.ts";
import { MessageType } from "../../../src/wire/messages.ts";

type Body = Parameters<typeof encode>[0];

const HELLO = {
  session_id: "0123456789abcdef0123456789abcdef",
  stream_token: "fedcba9876543210fedcba9876543210",
  output_addr: ":9001",
  limits: { frame_bytes: 1 << 20, evals_in_flight: 3 },
  server: "test",
  python: { version: "3.11.7", implementation: "CPython", msgpack: "python" },
};

/** A control message as the server would send it. */
function control(type: number, body: Body, id = 0): Uint8Array {
  return frameBytes(type, 0, id, encode(body));
}

/** An EVAL as the main thread would hand it over. */
function evalFrame(id: number): Uint8Array {
  const map = encode({ code: "1" });
  const body = new Uint8Array(4 + map.length);
  new DataView(body.buffer).setUint32(0, map.length);
  body.set(map, 4);
  return frameBytes(MessageType.EVAL, 0, id, body);
}

function result(id: number, status = 0): Uint8Array {
  return frameBytes(MessageType.RESULT, status, id, new Uint8Array([0, 0, 0, 1, 0x80, 4]));
}

function outputEnd(id: number): Uint8Array {
  return frameBytes(MessageType.OUTPUT_END, 0, id, new Uint8Array(0));
}

function join(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Feeds bytes in pieces of `step`; gives the events with copies of the bytes they point to. */
function feed(
  connection: Connection,
  stream: StreamName,
  bytes: Uint8Array,
  step = bytes.length,
  now = 0,
): ConnectionEvent[] {
  const events: ConnectionEvent[] = [];
  for (let at = 0; at < bytes.length && !connection.ended;) {
    const space = connection.space(stream);
    const part = bytes.subarray(at, at + Math.min(step, space.length));
    space.set(part);
    at += part.length;
    connection.received(stream, part.length, now);
    for (const event of connection.takeEvents()) {
      if (event.kind === "result") event.body = event.body.slice();
      if (event.kind === "output") event.bytes = event.bytes.slice();
      events.push(event);
    }
  }
  return events;
}

/** The frames that events send, as [stream, type, id]. */
function sent(events: ConnectionEvent[]): [StreamName, number, number][] {
  const frames: [StreamName, number, number][] = [];
  for (const event of events) {
    if (event.kind !== "send") continue;
    for (let at = 0; at < event.bytes.length;) {
      frames.push([event.stream, event.bytes[at + 2]!, readU32(event.bytes, at + 8)]);
      at += HEADER_BYTES + readU32(event.bytes, at + 4);
    }
  }
  return frames;
}

/** A connection with both streams open. */
function opened(): Connection {
  const connection = new Connection("host:1", {
    client: "test/1",
    name: undefined,
    nonce: undefined,
  });
  connection.dialled("main", 0);
  feed(connection, "main", control(MessageType.SERVER_HELLO, HELLO));
  connection.dialled("output", 0);
  feed(connection, "output", control(MessageType.OUTPUT_READY, {}));
  connection.takeEvents();
  return connection;
}

Deno.test("Connection says hello first, with the name where there is one", () => {
  for (const name of [undefined, "nightly"]) {
    const connection = new Connection("host:1", { client: "test/1", name, nonce: undefined });
    connection.dialled("main", 0);
    const [event] = connection.takeEvents();
    assert(event?.kind === "send");
    assertEquals(
      decode(event.bytes.subarray(HEADER_BYTES)),
      name === undefined
        ? { protocol: 2, client: "test/1" }
        : { protocol: 2, client: "test/1", name },
    );
  }
});

Deno.test("Connection gives the same events at every split of the input", () => {
  const mainBytes = join(
    control(MessageType.SERVER_HELLO, HELLO),
    frameBytes(MessageType.PING, 0, 9, new Uint8Array(0)),
    result(1),
    result(2, 2),
  );
  const outputBytes = join(
    control(MessageType.OUTPUT_READY, {}),
    frameBytes(MessageType.OUTPUT, 1, 1, new TextEncoder().encode("hello\n")),
    frameBytes(MessageType.OUTPUT, 2, 1, new Uint8Array(100_000).fill(7)),
    control(MessageType.LOG, { level: "info", ts: "t", msg: "m", session_id: "s" }),
    frameBytes(MessageType.OUTPUT_END, 0, 2, new Uint8Array(0)),
  );
  /** Runs the exchange in pieces; output chunks of a large frame come whole. */
  const run = (step: number) => {
    const connection = new Connection("host:1", {
      client: "test/1",
      name: undefined,
      nonce: undefined,
    });
    const hello = control(MessageType.SERVER_HELLO, HELLO).length;
    connection.dialled("main", 0);
    const events = connection.takeEvents();
    events.push(...feed(connection, "main", mainBytes.subarray(0, hello), step));
    connection.dialled("output", 0);
    connection.evals(join(evalFrame(1), evalFrame(2)));
    events.push(...connection.takeEvents());
    events.push(...feed(connection, "main", mainBytes.subarray(hello), step));
    events.push(...feed(connection, "output", outputBytes, step));
    return events.map((event) => "owned" in event ? { ...event, owned: false } : event);
  };
  const whole = run(1 << 20);
  assertEquals(whole.map(({ kind }) => kind), [
    "send",
    "opened",
    "send",
    "send",
    "sent",
    "send",
    "result",
    "result",
    "connected",
    "output",
    "output",
    "log",
    "output_end",
  ]);
  for (const step of [1, 2, 3, 5, 11, 12, 13, 64, 4096, 65_536]) assertEquals(run(step), whole);
});

Deno.test("Connection holds evals back past what the server takes, and sends them as room comes", () => {
  const connection = opened();
  connection.evals(join(...[1, 2, 3, 4, 5].map(evalFrame)));
  assertEquals(sent(connection.takeEvents()).map(([, , id]) => id), [1, 2, 3]);
  const events = feed(connection, "main", result(2));
  assertEquals(sent(events).map(([, , id]) => id), [4]);
  connection.evals(evalFrame(6));
  assertEquals(sent(connection.takeEvents()), []);
  assertEquals(sent(feed(connection, "main", join(result(1), result(3)))).map(([, , id]) => id), [
    5,
    6,
  ]);
});

Deno.test("Connection settles a cancelled eval that waits itself, and asks the server for others", () => {
  const connection = opened();
  connection.evals(join(...[1, 2, 3, 4, 5].map(evalFrame)));
  connection.takeEvents();
  connection.cancel(5, "cancel");
  const [settled, never] = connection.takeEvents();
  assertEquals(never, { kind: "never_sent", id: 5 });
  assert(settled?.kind === "result");
  assertEquals([settled.id, settled.status], [5, 2]);
  assertEquals(decode(settled.body.subarray(4)), { how: "queued" });
  connection.cancel(2, "timeout");
  const [cancel] = connection.takeEvents();
  assert(cancel?.kind === "send");
  assertEquals(sent([cancel]), [["main", MessageType.CANCEL, 2]]);
  assertEquals(decode(cancel.bytes.subarray(HEADER_BYTES)), { reason: "timeout" });
  connection.cancel(99, "cancel");
  assertEquals(connection.takeEvents(), []);
});

Deno.test("Connection asks for an interrupt, and gives the answer with the eval's id or without", () => {
  const connection = opened();
  for (const body of [{ id: 7 }, {}] as Record<string, number>[]) {
    connection.interrupt();
    assertEquals(sent(connection.takeEvents()), [["main", MessageType.INTERRUPT, 0]]);
    const answer = control(MessageType.INTERRUPTED, body);
    assertEquals(feed(connection, "main", answer), [{ kind: "interrupted", ...body }]);
  }
  connection.close(false);
  connection.takeEvents();
  connection.interrupt();
  assertEquals(connection.takeEvents(), []);
});

Deno.test("Connection ends with ProtocolError when the server breaks a rule, and tells it once", () => {
  const zero = new Uint8Array(0);
  const broken: [StreamName, Uint8Array, string][] = [
    ["main", new TextEncoder().encode("HTTP/1.1"), "must start with byte 0"],
    ["main", frameBytes(0x7f, 0, 0, zero), "type 0x7f"],
    ["main", result(5), "request 5, which is not in flight"],
    ["main", frameBytes(MessageType.OUTPUT, 1, 1, zero), "OUTPUT on the mainstream"],
    ["main", control(MessageType.SERVER_HELLO, HELLO), "SERVER_HELLO on the mainstream"],
    ["main", control(MessageType.INTERRUPTED, { id: 1 }), "not asked for"],
    ["main", control(MessageType.GOODBYE, [1]), "no map"],
    ["main", control(MessageType.ERROR, { code: 5, message: "x" }), "no string 'code'"],
    ["output", result(1), "RESULT on the outputstream"],
    ["output", frameBytes(MessageType.OUTPUT, 3, 1, zero), "descriptor 3"],
    ["output", control(MessageType.LOG, { level: "loud" }), "LOG has the level"],
    ["output", frameBytes(MessageType.LOG, 0, 0, new Uint8Array(70_000)), "70000 bytes"],
    ["output", frameBytes(MessageType.LOG, 0, 0, new Uint8Array([0xc1])), "0xc1"],
  ];
  for (const [stream, bytes, why] of broken) {
    const connection = opened();
    const events = feed(connection, stream, bytes);
    const end = events.at(-1)!;
    assert(end.kind === "closed", why);
    assertEquals([end.reason, end.error?.class], ["PROTOCOL", "ProtocolError"]);
    assert(end.error!.message.includes(why), `${end.error!.message} lacks ${why}`);
    assertEquals(sent(events), [[stream, MessageType.ERROR, 0]]);
    assert(connection.ended);
    // Whatever is done with it now changes nothing.
    connection.evals(evalFrame(9));
    connection.cancel(9, "cancel");
    connection.close(false);
    connection.lost("main");
    connection.tick(1e9);
    assertEquals(connection.takeEvents(), []);
  }
});

Deno.test("Connection says what a cut of either stream has cut, after any byte", () => {
  const bytes = join(result(1), result(2));
  for (let k = 0; k <= bytes.length; k++) {
    const connection = opened();
    connection.evals(join(evalFrame(1), evalFrame(2)));
    connection.takeEvents();
    const events = feed(connection, "main", bytes.subarray(0, k), 1);
    connection.lost("main");
    const [end] = connection.takeEvents();
    assert(end?.kind === "closed");
    const midway = k % (bytes.length / 2) !== 0;
    assertEquals(end.reason, "CONNECTION_LOST");
    assertEquals(end.error?.message.includes("in the middle of a message"), midway);
    assertEquals(
      events.filter(({ kind }) => kind === "result").length,
      Math.floor(k / (bytes.length / 2)),
    );
  }
});

Deno.test("Connection maps the server's ERROR and GOODBYE to an error with their reason", () => {
  for (
    const [code, errorClass] of [
      ["LIMIT", "ConnectionError"],
      ["STREAM_TOKEN", "ProtocolError"],
      ["SLOW_READER", "SessionClosedError"],
      ["SOMETHING_NEW", "ConnectionError"],
    ] as const
  ) {
    const connection = opened();
    const events = feed(connection, "main", control(MessageType.ERROR, { code, message: "why" }));
    const end = events.at(-1);
    assert(end?.kind === "closed");
    assertEquals([end.reason, end.error?.class], [code, errorClass]);
    assert(end.error!.message.endsWith("the server said: why"));
  }
  const events = feed(opened(), "main", control(MessageType.GOODBYE, { reason: "SHUTDOWN" }));
  const end = events.at(-1);
  assert(end?.kind === "closed");
  assertEquals([end.reason, end.error?.class], ["SHUTDOWN", "ConnectionError"]);
});

Deno.test("Connection takes the output that is under way when the server says goodbye", () => {
  const goodbye = control(MessageType.GOODBYE, { reason: "SHUTDOWN" });
  const output = frameBytes(MessageType.OUTPUT, 1, 1, new TextEncoder().encode("last words"));
  const started = () => {
    const connection = opened();
    connection.evals(evalFrame(1));
    connection.takeEvents();
    const events = feed(connection, "main", join(result(1), goodbye), undefined, 5_000);
    assertEquals(events.map(({ kind }) => kind), ["result"]);
    connection.lost("main");
    assertEquals(feed(connection, "output", output).map(({ kind }) => kind), ["output"]);
    return connection;
  };
  const reasons = (events: ConnectionEvent[]) =>
    events.flatMap((event) => event.kind === "closed" ? [event.reason] : []);
  assertEquals(reasons(feed(started(), "output", outputEnd(1))), ["SHUTDOWN"]);
  const cut = started();
  cut.lost("output");
  assertEquals(reasons(cut.takeEvents()), ["SHUTDOWN"]);
  const late = started();
  late.tick(6_999);
  assertEquals(late.takeEvents(), []);
  late.tick(7_000);
  assertEquals(reasons(late.takeEvents()), ["SHUTDOWN"]);
});

Deno.test("Connection takes SILENT for the end of an eval's output, and of no other's", () => {
  const connection = opened();
  connection.evals(join(...[1, 2, 3].map(evalFrame)));
  connection.takeEvents();
  assert(!connection.hasEnded(2));
  const [event] = feed(connection, "main", result(2, 0x80));
  assert(event?.kind === "result" && event.isSilent && event.status === 0);
  assertEquals([1, 2, 3, 4].map((id) => connection.hasEnded(id)), [false, true, false, false]);
  connection.close(true);
  assertEquals(sent(feed(connection, "main", join(result(1), result(3, 0x81)))), []);
  // All results are there, and the output of 1 is not.
  assertEquals(sent(feed(connection, "output", outputEnd(1))), [["main", MessageType.GOODBYE, 0]]);
  const text = frameBytes(MessageType.OUTPUT, 1, 2, new Uint8Array([65]));
  const [, closed] = feed(connection, "output", text);
  assert(
    closed?.kind === "closed" && closed.error?.message.includes("after the end of its output"),
  );
});

Deno.test("Connection says goodbye at once, or after what is in flight when it drains", () => {
  for (const drain of [false, true]) {
    const connection = opened();
    connection.evals(join(...[1, 2, 3, 4].map(evalFrame)));
    connection.takeEvents();
    connection.close(drain);
    connection.evals(evalFrame(5));
    const now = sent(connection.takeEvents());
    assertEquals(now, drain ? [] : [["main", MessageType.GOODBYE, 0]]);
    const later = sent(feed(connection, "main", join(...[1, 2, 3].map((id) => result(id)))));
    assertEquals(later, drain ? [["main", MessageType.EVAL, 4]] : []);
    if (drain) {
      // The results are there, but not all output: it would be lost with the stream.
      feed(connection, "output", outputEnd(3));
      assertEquals(sent(feed(connection, "main", result(4))), []);
      assertEquals(sent(feed(connection, "output", outputEnd(4))), [[
        "main",
        MessageType.GOODBYE,
        0,
      ]]);
    }
    const events = feed(
      connection,
      "main",
      control(MessageType.GOODBYE, { reason: "CLIENT_CLOSED" }),
    );
    assertEquals(events, [{ kind: "closed", reason: "CLIENT_CLOSED", error: undefined }]);
  }
});

Deno.test("Connection pings each stream every 10 s, and gives up a peer silent for 30 s", () => {
  const connection = opened();
  const pong = frameBytes(MessageType.PONG, 0, 0, new Uint8Array(0));
  const pinged = (now: number) => {
    connection.tick(now);
    return sent(connection.takeEvents()).map(([stream, type]) => {
      assertEquals(type, MessageType.PING);
      return stream;
    });
  };
  assertEquals(pinged(9_999), []);
  assertEquals(pinged(10_000), ["main", "output"]);
  feed(connection, "main", pong, pong.length, 15_000);
  feed(connection, "output", pong, pong.length, 15_000);
  assertEquals(pinged(19_999), []);
  // Whatever has come: who sends much hears nothing of us otherwise.
  assertEquals(pinged(20_000), ["main", "output"]);
  feed(connection, "main", pong, pong.length, 40_000);
  assertEquals(pinged(44_999), ["main", "output"]);
  connection.tick(45_000);
  const end = connection.takeEvents().at(-1);
  assert(end?.kind === "closed");
  assertEquals(end.reason, "PEER_LOST");
  assert(end.error!.message.includes("nothing came on the outputstream for 30 s"));
});

Deno.test("Connection does not hold the silence of a stream against the server that it does not read", () => {
  const connection = opened();
  const pong = frameBytes(MessageType.PONG, 0, 0, new Uint8Array(0));
  connection.paused("output");
  const streams: string[] = [];
  for (let now = 5_000; now <= 100_000; now += 5_000) {
    feed(connection, "main", pong, pong.length, now);
    connection.tick(now);
    streams.push(...sent(connection.takeEvents()).map(([stream]) => stream));
  }
  // It says that it is there all the same.
  assertEquals(streams.filter((stream) => stream === "output").length, 10);
  connection.resumed("output", 100_000);
  feed(connection, "main", pong, pong.length, 129_999);
  connection.tick(129_999);
  assert(!connection.ended);
  connection.tick(130_000);
  assert(connection.ended);
});
