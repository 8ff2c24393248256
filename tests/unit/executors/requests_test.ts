// The server's part of requests: what Python asks, byte by byte, and what goes back.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { decode } from "@std/msgpack";
import { MAX_UNANSWERED_REQUESTS } from "../../../fake_server/common/limits.ts";
import {
  type Answer,
  type PythonRequest,
  RequestKind,
  Requests,
  RequestType,
} from "../../../fake_server/executors/local/link/requests.ts";
import { frameBytes } from "../../../src/wire/frame.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { MAX_FRAME_BODY_BYTES } from "../../../src/wire/limits.ts";

/** A kind that the tests answer. */
const ASKED = 9;

/** A frame that may have to wait for room. */
const NEXT = {
  type: RequestType.REQUEST,
  flags: ASKED,
  id: 1,
  length: 4,
  body: new Uint8Array(4),
  owned: false,
};

interface Sent {
  type: number;
  id: number;
  text: string;
}

/** Requests fed as a socket would, and what they have sent. */
class Fed {
  readonly sent: Sent[] = [];
  readonly requests: Requests;
  readonly #reader = new FrameReader(MAX_FRAME_BODY_BYTES);

  constructor(answer?: Answer) {
    this.requests = new Requests((type, id, body) => {
      const text = type === RequestType.FAILED
        ? (decode(body) as { message: string }).message
        : new TextDecoder().decode(body);
      this.sent.push({ type, id, text });
    }, answer);
  }

  feed(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const space = this.#reader.space();
      const part = bytes.subarray(at, at + space.length);
      space.set(part);
      at += part.length;
      for (const frame of this.#reader.filled(part.length)) this.requests.take(frame);
    }
  }
}

/** A REQUEST. */
function request(id: number, kind: number, job: number, text: string): Uint8Array {
  const asked = new TextEncoder().encode(text);
  const body = new Uint8Array(4 + asked.length);
  new DataView(body.buffer).setUint32(0, job);
  body.set(asked, 4);
  return frameBytes(RequestType.REQUEST, kind, id, body);
}

function abandon(id: number): Uint8Array {
  return frameBytes(RequestType.ABANDON, 0, id, new Uint8Array());
}

/** Lets everything come that needs no more than microtasks. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** Answers when the test says so. */
function later(): { asked: PythonRequest[]; replies: ((text: string) => void)[]; answer: Answer } {
  const asked: PythonRequest[] = [];
  const replies: ((text: string) => void)[] = [];
  const answer: Answer = (request) => {
    asked.push(request);
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    replies.push((text) => resolve(new TextEncoder().encode(text)));
    return promise;
  };
  return { asked, replies, answer };
}

Deno.test("Requests answers pings by itself, however their bytes are cut", async () => {
  const stream = [1, 2, 3].map((id) => request(id, RequestKind.PING, 7, `ping ${id}`));
  const bytes = Uint8Array.from(stream.flatMap((frame) => [...frame]));
  for (let size = 1; size <= bytes.length; size++) {
    const fed = new Fed();
    for (let at = 0; at < bytes.length; at += size) fed.feed(bytes.subarray(at, at + size));
    await settled();
    const wanted = [1, 2, 3].map((id) => ({ type: RequestType.REPLY, id, text: `ping ${id}` }));
    assertEquals(fed.sent, wanted);
  }
});

Deno.test("Requests gives its owner the job, the kind and a body of its own", async () => {
  const { asked, replies, answer } = later();
  const fed = new Fed(answer);
  fed.feed(request(5, ASKED, 41, "first"));
  fed.feed(request(6, ASKED, 42, "other"));
  assertEquals(asked.map(({ job, kind }) => [job, kind]), [[41, ASKED], [42, ASKED]]);
  assertEquals(asked.map(({ body }) => new TextDecoder().decode(body)), ["first", "other"]);
  replies[1]!("to the other");
  await settled();
  replies[0]!("to the first");
  await settled();
  assertEquals(fed.sent, [
    { type: RequestType.REPLY, id: 6, text: "to the other" },
    { type: RequestType.REPLY, id: 5, text: "to the first" },
  ]);
  assertEquals(fed.requests.size, 0);
});

Deno.test("Requests sends why a request has failed, or is of no kind that is known", async () => {
  const fed = new Fed(({ body }) => {
    throw new Error(`no ${new TextDecoder().decode(body)}`);
  });
  fed.feed(request(1, ASKED, 0, "such thing"));
  await settled();
  const none = new Fed();
  none.feed(request(2, 200, 0, ""));
  await settled();
  assertEquals([...fed.sent, ...none.sent], [
    { type: RequestType.FAILED, id: 1, text: "no such thing" },
    { type: RequestType.FAILED, id: 2, text: "the server knows no request of kind 200" },
  ]);
});

Deno.test("Requests aborts what is abandoned, and sends no reply to it", async () => {
  const { asked, replies, answer } = later();
  const fed = new Fed(answer);
  fed.feed(request(1, ASKED, 0, ""));
  fed.feed(abandon(1));
  assert(asked[0]!.signal.aborted);
  // Its id may be in use again before its late answer comes.
  fed.feed(request(1, ASKED, 0, ""));
  replies[0]!("too late");
  await settled();
  assertEquals([fed.sent, fed.requests.size, asked[1]!.signal.aborted], [[], 1, false]);
  replies[1]!("in time");
  await settled();
  assertEquals(fed.sent, [{ type: RequestType.REPLY, id: 1, text: "in time" }]);
  // One that was answered when it was abandoned is nothing special.
  fed.feed(abandon(1));
});

Deno.test("Requests aborts all when the process is gone, and sends nothing more", async () => {
  const { asked, replies, answer } = later();
  const fed = new Fed(answer);
  for (const id of [1, 2, 3]) fed.feed(request(id, ASKED, 0, ""));
  fed.requests.close();
  for (const reply of replies) reply("too late");
  await settled();
  assert(asked.every(({ signal }) => signal.aborted));
  assertEquals([fed.sent, fed.requests.size], [[], 0]);
});

Deno.test("Requests has no room while too many are not answered, or too large ones", async () => {
  const { asked, replies, answer } = later();
  const fed = new Fed(answer);
  for (let id = 1; id <= MAX_UNANSWERED_REQUESTS; id++) {
    assertEquals(fed.requests.room(NEXT), undefined);
    fed.feed(request(id, ASKED, 0, ""));
  }
  let isThere = false;
  // What makes room is always taken.
  assertEquals(fed.requests.room({ ...NEXT, type: RequestType.ABANDON }), undefined);
  fed.requests.room(NEXT)!.then(() => isThere = true);
  await settled();
  assertEquals(isThere, false);
  replies[3]!("");
  await settled();
  assertEquals([isThere, fed.requests.room(NEXT)], [true, undefined]);

  const large = new Fed(answer);
  const body = new Uint8Array(MAX_FRAME_BODY_BYTES);
  large.feed(frameBytes(RequestType.REQUEST, ASKED, 1, body));
  assertEquals(large.requests.room(NEXT), undefined);
  large.feed(request(2, ASKED, 0, "more"));
  assertEquals(asked.at(-2)!.body.length, body.length - 4);
  const room = large.requests.room(NEXT)!;
  large.feed(abandon(1));
  await room;
});

Deno.test("Requests throws at what breaks the rules", () => {
  const bad: [Uint8Array, string][] = [
    [frameBytes(0x11, 0, 1, new Uint8Array(4)), "a frame of type 0x11 has no place"],
    [frameBytes(RequestType.REPLY, 0, 1, new Uint8Array(4)), "a frame of type 0x65 has no place"],
    [frameBytes(RequestType.REQUEST, ASKED, 1, new Uint8Array(3)), "a request has 3 bytes"],
  ];
  for (const [bytes, message] of bad) {
    assertThrows(() => new Fed().feed(bytes), TypeError, message);
  }
  const twice = new Fed(later().answer);
  twice.feed(request(1, ASKED, 0, ""));
  assertThrows(() => twice.feed(request(1, ASKED, 0, "")), TypeError, "request 1 is not answered");
});
