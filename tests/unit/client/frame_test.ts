import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { FIRST_BUFFER_BYTES, GROWTH_FACTOR } from "../../../src/wire/buffers.ts";
import {
  type Frame,
  frameBytes,
  FrameError,
  readU32,
  writeHeader,
  writeU32,
} from "../../../src/wire/frame.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { MAX_FRAME_BODY_BYTES } from "../../../src/wire/limits.ts";

interface Taken {
  type: number;
  flags: number;
  id: number;
  body: Uint8Array;
}

/** Puts bytes into a reader as far as there is space, and copies out what comes. */
function feed(reader: FrameReader, bytes: Uint8Array): Taken[] {
  const taken: Taken[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = reader.space();
    assert(space.length > 0, "space() is empty");
    const part = bytes.subarray(at, at + space.length);
    space.set(part);
    at += part.length;
    for (const frame of reader.filled(part.length)) taken.push(copy(frame));
  }
  return taken;
}

function copy({ type, flags, length, id, body }: Frame): Taken {
  assertEquals(body.length, length);
  return { type, flags, id, body: body.slice() };
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A body of a given length in which every byte tells where it is. */
function body(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + (i >> 8));
}

const header = (type: number, flags: number, length: number, id: number) => {
  const bytes = new Uint8Array(12);
  writeHeader(bytes, 0, type, flags, length, id);
  return bytes;
};

Deno.test("writeHeader() writes every field in network order", () => {
  assertEquals(header(0x10, 1, 0x01020304, 0xfffefdfc).toHex(), "000210010102030" + "4fffefdfc");
  assertEquals(frameBytes(5, 0, 7, new Uint8Array([9])).toHex(), "000205000000000100000007" + "09");
});

Deno.test("writeU32() and readU32() keep every bit", () => {
  const bytes = new Uint8Array(6);
  for (const value of [0, 1, 0x80, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0102_0304]) {
    writeU32(bytes, 1, value);
    assertStrictEquals(readU32(bytes, 1), value);
  }
  assertEquals(bytes.toHex(), "000102030400");
});

Deno.test("FrameReader gives the same frames at every split of the input, and byte by byte", () => {
  const sent: Taken[] = [
    { type: 0x05, flags: 0, id: 7, body: body(0) },
    { type: 0x22, flags: 2, id: 0xffff_ffff, body: body(1) },
    { type: 0x11, flags: 5, id: 3, body: body(40) },
    { type: 0x23, flags: 0, id: 3, body: body(0) },
  ];
  const bytes = join(...sent.map((one) => frameBytes(one.type, one.flags, one.id, one.body)));
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const reader = new FrameReader(1000);
      const taken = [
        ...feed(reader, bytes.subarray(0, first)),
        ...feed(reader, bytes.subarray(first, second)),
        ...feed(reader, bytes.subarray(second)),
      ];
      assertEquals(taken, sent);
      assertEquals([reader.midFrame, reader.pending], [false, 0]);
    }
  }
  const reader = new FrameReader(1000);
  assertEquals(Array.from(bytes, (byte) => feed(reader, new Uint8Array([byte]))).flat(), sent);
});

Deno.test("FrameReader reads bodies of every size around its buffer's, in chunks of every size", () => {
  const half = FIRST_BUFFER_BYTES / 2;
  const sizes = [
    half - 13,
    half - 12,
    half - 11,
    half,
    FIRST_BUFFER_BYTES - 12,
    FIRST_BUFFER_BYTES - 11,
  ]
    .concat([FIRST_BUFFER_BYTES, FIRST_BUFFER_BYTES + 1, 2 * FIRST_BUFFER_BYTES + 1, 500_000]);
  const sent = sizes.map((size, i) => ({ type: 0x11, flags: 0, id: i + 1, body: body(size) }));
  const small = { type: 0x05, flags: 0, id: 9, body: body(3) };
  const all = sent.flatMap((one) => [one, small]);
  const bytes = join(...all.map((one) => frameBytes(one.type, one.flags, one.id, one.body)));
  for (const chunk of [bytes.length, 65_536, 65_535, 4096, 1000, 13]) {
    const reader = new FrameReader(MAX_FRAME_BODY_BYTES);
    const taken: Taken[] = [];
    for (let at = 0; at < bytes.length; at += chunk) {
      taken.push(...feed(reader, bytes.subarray(at, at + chunk)));
    }
    assertEquals(taken.length, all.length);
    for (const [i, one] of taken.entries()) {
      assertEquals([one.id, one.body.length], [all[i]!.id, all[i]!.body.length]);
      // assertEquals would compare half a million elements one by one.
      assertStrictEquals(one.body.toBase64(), all[i]!.body.toBase64());
    }
  }
});

Deno.test("FrameReader gives a large body in a buffer of its own", () => {
  const reader = new FrameReader(MAX_FRAME_BODY_BYTES);
  const bytes = frameBytes(0x11, 0, 1, body(100_000));
  const owned: Uint8Array[] = [];
  const take = (part: Uint8Array) => {
    for (let at = 0; at < part.length;) {
      const space = reader.space();
      const some = part.subarray(at, at + space.length);
      space.set(some);
      at += some.length;
      for (const frame of reader.filled(some.length)) if (frame.owned) owned.push(frame.body);
    }
  };
  take(bytes);
  take(bytes);
  take(frameBytes(0x11, 0, 2, body(10)));
  assertEquals(owned.map((one) => one.buffer.byteLength), [100_000, 100_000]);
  for (const one of owned) assertStrictEquals(one.toBase64(), body(100_000).toBase64());
});

Deno.test("FrameReader tells how much of an unfinished frame it holds", () => {
  const reader = new FrameReader(MAX_FRAME_BODY_BYTES);
  const large = frameBytes(0x11, 0, 1, body(100_000));
  assertEquals([reader.midFrame, reader.pending], [false, 0]);
  feed(reader, large.subarray(0, 1));
  assertEquals([reader.midFrame, reader.pending], [true, 1]);
  feed(reader, large.subarray(1, 12));
  assertEquals([reader.midFrame, reader.pending], [true, 12]);
  feed(reader, large.subarray(12, 50_000));
  assertEquals([reader.midFrame, reader.pending], [true, 50_000]);
  feed(reader, large.subarray(50_000, 99_999));
  assertEquals([reader.midFrame, reader.pending], [true, 99_999]);
  // Once all of it has come it counts no more, even before it is taken.
  reader.space().set(large.subarray(99_999));
  const whole = reader.filled(large.length - 99_999);
  assertEquals([reader.midFrame, reader.pending], [false, 0]);
  assertEquals(Array.from(whole, copy).length, 1);
  // Whole small frames count as little, the part of one behind them does.
  const small = join(frameBytes(5, 0, 1, body(3)), frameBytes(5, 0, 2, body(3)).subarray(0, 13));
  reader.space().set(small);
  const frames = reader.filled(small.length);
  assertEquals(reader.pending, 13);
  assertEquals(Array.from(frames, copy).length, 1);
  assertEquals([reader.midFrame, reader.pending], [true, 13]);
});

Deno.test("FrameReader refuses a lying length at the header, and takes no memory for it", () => {
  const reader = new FrameReader(4096);
  const error = assertThrows(() => feed(reader, header(0x01, 0, 0xffff_ffff, 0)), FrameError);
  assertEquals(error.code, "PROTOCOL");
  assertEquals(
    error.message,
    "a frame of type 0x01 claims a body of 4294967295 bytes, more than the 4096 allowed here",
  );
  assertThrows(() => feed(new FrameReader(4096), header(1, 0, 4097, 0)), FrameError);
  assertEquals(feed(new FrameReader(4096), frameBytes(1, 0, 0, body(4096))).length, 1);

  // One that is allowed costs a first buffer until its bytes come.
  const patient = new FrameReader(MAX_FRAME_BODY_BYTES);
  feed(patient, header(0x11, 0, MAX_FRAME_BODY_BYTES, 1));
  assertEquals(patient.space().buffer.byteLength, FIRST_BUFFER_BYTES);
  feed(patient, body(FIRST_BUFFER_BYTES));
  assertEquals(patient.space().buffer.byteLength, GROWTH_FACTOR * FIRST_BUFFER_BYTES);
  feed(patient, body((GROWTH_FACTOR - 1) * FIRST_BUFFER_BYTES));
  assertEquals(patient.space().buffer.byteLength, GROWTH_FACTOR ** 2 * FIRST_BUFFER_BYTES);
});

Deno.test("FrameReader takes a used buffer for a large body where there is one, and at once", () => {
  const used = [new ArrayBuffer(200_000)];
  const asked: number[] = [];
  const buffers = {
    take(size: number): ArrayBuffer | undefined {
      asked.push(size);
      return used.pop();
    },
  };
  const reader = new FrameReader(MAX_FRAME_BODY_BYTES, { buffers });
  const bytes = frameBytes(0x11, 0, 1, body(150_000));
  feed(reader, bytes.subarray(0, 100));
  assertEquals(reader.space().buffer.byteLength, 200_000);
  const [first] = feed(reader, bytes.subarray(100));
  assertStrictEquals(first!.body.toBase64(), body(150_000).toBase64());
  // With none left it grows as without, to what a body that is a little longer fits in as well.
  feed(reader, bytes.subarray(0, 12 + FIRST_BUFFER_BYTES));
  assertEquals(reader.space().buffer.byteLength, 3 * FIRST_BUFFER_BYTES);
  const [second] = feed(reader, bytes.subarray(12 + FIRST_BUFFER_BYTES));
  assertStrictEquals(second!.body.toBase64(), body(150_000).toBase64());
  // Small bodies need none.
  assertEquals(feed(reader, frameBytes(0x11, 0, 1, body(150))).length, 1);
  assertEquals(asked, [150_000, 150_000]);
});

Deno.test("FrameReader gives a large body its whole buffer at once where it believes the header", () => {
  const reader = new FrameReader(MAX_FRAME_BODY_BYTES, { believes: true });
  feed(reader, header(0x11, 0, 10_000_000, 1));
  assertEquals(reader.space().buffer.byteLength, 10_000_000);
  assertThrows(() => feed(new FrameReader(99, { believes: true }), header(0x11, 0, 100, 1)));
});

Deno.test("FrameReader asks for no more than 256 KiB of a large body at a time", () => {
  const reader = new FrameReader(MAX_FRAME_BODY_BYTES, { believes: true });
  const frame = frameBytes(0x11, 0, 1, new Uint8Array(1_000_000).fill(5));
  const asked: number[] = [];
  let whole: Taken | undefined;
  for (let at = 0; whole === undefined;) {
    const space = reader.space();
    asked.push(space.length);
    const part = frame.subarray(at, at + space.length);
    space.set(part);
    at += part.length;
    for (const frame of reader.filled(part.length)) whole = copy(frame);
  }
  assertEquals(Math.max(...asked), 262_144);
  assertEquals(whole.body, new Uint8Array(1_000_000).fill(5));
});

Deno.test("FrameReader refuses another version as VERSION, as soon as its byte is there", () => {
  for (const [version, side] of [[0, "the peer"], [1, "the peer"], [3, "this side"]] as const) {
    const reader = new FrameReader(4096);
    feed(reader, new Uint8Array([0]));
    const error = assertThrows(() => feed(reader, new Uint8Array([version])), FrameError);
    assertEquals(error.code, "VERSION");
    assertEquals(
      error.message,
      `the peer speaks version ${version} of the protocol, this side version 2; update ${side}`,
    );
  }
});

Deno.test("FrameReader refuses a first byte that is not zero, and shows what came", () => {
  const answer = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n" + "x".repeat(100));
  const error = assertThrows(() => feed(new FrameReader(4096), answer), FrameError);
  assertEquals([error.code, error.name], ["PROTOCOL", "FrameError"]);
  assertEquals(
    error.message,
    `a frame must start with byte 0, got "HTTP/1.1 400 Bad Request\\x0d\\x0a\\x0d\\x0axxxxxxxxxxxx"`,
  );
  assertThrows(() => feed(new FrameReader(4096), new Uint8Array([1])), FrameError, 'got "\\x01"');
});

Deno.test("FrameReader stays broken after a fault", () => {
  const reader = new FrameReader(4096);
  assertThrows(() => feed(reader, new Uint8Array([1])), FrameError);
  assertThrows(() => feed(reader, frameBytes(5, 0, 1, body(0))), FrameError);
});

Deno.test("FrameReader gives the frames in front of a fault before it throws it", () => {
  const reader = new FrameReader(4096);
  const bytes = join(frameBytes(5, 0, 1, body(0)), frameBytes(5, 0, 2, body(2)), body(30).fill(9));
  reader.space().set(bytes);
  const ids: number[] = [];
  assertThrows(() => {
    for (const { id } of reader.filled(bytes.length)) ids.push(id);
  }, FrameError);
  assertEquals(ids, [1, 2]);
});

Deno.test("FrameReader holds to a limit that is raised for one frame with the next, in one chunk too", () => {
  const reader = new FrameReader(10);
  const bytes = join(frameBytes(2, 0, 0, body(10)), frameBytes(0x22, 1, 1, body(4000)));
  reader.space().set(bytes);
  const lengths: number[] = [];
  for (const { length } of reader.filled(bytes.length)) {
    lengths.push(length);
    reader.maxBody = 4000;
  }
  assertEquals(lengths, [10, 4000]);
});

Deno.test("FrameReader of an idle stream holds little, that of a busy one more", () => {
  const reader = new FrameReader(1 << 20);
  const small = frameBytes(5, 0, 1, body(20));
  for (let i = 0; i < 100; i++) {
    reader.space().set(small);
    assertEquals([...reader.filled(small.length)].length, 1);
  }
  assertEquals(reader.space().buffer.byteLength, 4096);
  const large = frameBytes(5, 0, 2, body(20_000));
  let at = 0;
  let got: Uint8Array | undefined;
  while (at < large.length) {
    const space = reader.space();
    const part = large.subarray(at, at + space.length);
    space.set(part);
    at += part.length;
    for (const frame of reader.filled(part.length)) got = frame.body.slice();
  }
  assertEquals(got, body(20_000));
  assertEquals(reader.space().buffer.byteLength, 65_536);
});

Deno.test("FrameReader uses a large body's buffer again once it is given back", () => {
  const reader = new FrameReader(MAX_FRAME_BODY_BYTES);
  const read = (body: Uint8Array): Frame => {
    const bytes = frameBytes(1, 0, 1, body);
    for (let at = 0;;) {
      const space = reader.space();
      const part = bytes.subarray(at, at + Math.min(space.length, 40_000));
      space.set(part);
      at += part.length;
      const [frame] = reader.filled(part.length);
      if (frame !== undefined) return frame;
    }
  };
  const first = read(new Uint8Array(60_000).fill(1));
  assertEquals(first.owned, true);
  reader.reuse(first.body);
  const second = read(new Uint8Array(50_000).fill(2));
  assertEquals(second.body, new Uint8Array(50_000).fill(2));
  assertEquals([second.owned, second.body.buffer === first.body.buffer], [false, true]);
  // Too small for this one, which is the caller's then.
  reader.reuse(second.body);
  const third = read(new Uint8Array(200_000).fill(3));
  assertEquals(third.body, new Uint8Array(200_000).fill(3));
  assertEquals([third.owned, third.body.buffer === first.body.buffer], [true, false]);
});
