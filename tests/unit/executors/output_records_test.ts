import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type OutputEvent,
  OutputRecords,
} from "../../../fake_server/executors/local/output/output_records.ts";

const NONCE = Uint8Array.from({ length: 16 }, (_, i) => i === 0 ? 0xff : i);

/** A record as the python process writes it. */
function record(kind: number, fd: number, job: number, payload = ""): Uint8Array {
  const text = new TextEncoder().encode(payload);
  const bytes = new Uint8Array(24 + text.length);
  bytes.set(NONCE);
  const view = new DataView(bytes.buffer);
  view.setUint8(16, kind);
  view.setUint8(17, fd);
  view.setUint16(18, text.length);
  view.setUint32(20, job);
  bytes.set(text, 24);
  return bytes;
}

function concat(...parts: (Uint8Array | string)[]): Uint8Array {
  const bytes = parts.map((part) =>
    typeof part === "string" ? new TextEncoder().encode(part) : part
  );
  const whole = new Uint8Array(bytes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of bytes) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What came out, as text; neighbouring raw pieces are one, wherever the input was cut. */
function read(chunks: Uint8Array[], end = true): string[] {
  const records = new OutputRecords(NONCE);
  const lines: { key: string; bytes: Uint8Array }[] = [];
  const add = (events: OutputEvent[]): void => {
    for (const event of events) {
      const key = event.kind === "raw"
        ? "raw"
        : event.kind === "end"
        ? `end ${event.job}`
        : `data ${event.fd} ${event.job}`;
      const bytes = event.kind === "end" ? new Uint8Array(0) : event.bytes.slice();
      const last = lines.at(-1);
      if (key === "raw" && last?.key === "raw") last.bytes = concat(last.bytes, bytes);
      else lines.push({ key, bytes });
    }
  };
  for (const chunk of chunks) add(records.push(chunk));
  if (end) add(records.end());
  // Latin-1 keeps every byte apart.
  return lines.map(({ key, bytes }) => `${key}: ${String.fromCharCode(...bytes)}`);
}

const STREAM: Uint8Array = concat(
  "before",
  record(1, 1, 1, "hello\n"),
  record(1, 2, 1, "oh\n"),
  "raw \xff bytes",
  NONCE.subarray(0, 9),
  record(2, 0, 1),
  record(1, 1, 2, ""),
  record(1, 1, 2, "x".repeat(300)),
  record(2, 0, 2),
  "after",
  NONCE.subarray(0, 4),
);

const EXPECTED: string[] = [
  "raw: before",
  "data 1 1: hello\n",
  "data 2 1: oh\n",
  `raw: raw Ã¿ bytes${String.fromCharCode(...NONCE.subarray(0, 9))}`,
  "end 1: ",
  "data 1 2: ",
  `data 1 2: ${"x".repeat(300)}`,
  "end 2: ",
  `raw: after${String.fromCharCode(...NONCE.subarray(0, 4))}`,
];

Deno.test("OutputRecords takes records and raw bytes apart in order", () => {
  assertEquals(read([STREAM]), EXPECTED);
});

Deno.test("OutputRecords gives the same for every place in which the bytes are cut", () => {
  for (let i = 0; i <= STREAM.length; i++) {
    assertEquals(read([STREAM.subarray(0, i), STREAM.subarray(i)]), EXPECTED);
  }
  assertEquals(read(Array.from(STREAM, (byte) => Uint8Array.of(byte))), EXPECTED);
});

Deno.test("OutputRecords holds back only what may be the start of a record", () => {
  const records = new OutputRecords(NONCE);
  assertEquals(records.push(concat("text", Uint8Array.of(0xff, 7))).length, 1);
  assertEquals(read([concat("text", Uint8Array.of(0xff, 7))], false), ["raw: text\xff\x07"]);
  assertEquals(read([concat("text", Uint8Array.of(0xff, 1))], false), ["raw: text"]);
});

Deno.test("OutputRecords passes on as raw what has the nonce and is no record", () => {
  for (const bad of [record(3, 1, 1), record(1, 3, 1), record(2, 1, 1), record(2, 0, 1, "x")]) {
    const good = record(2, 0, 9);
    assertEquals(read([concat(bad, good)]), [`raw: ${String.fromCharCode(...bad)}`, "end 9: "]);
    for (let i = 0; i < bad.length; i++) {
      assertEquals(read([bad.subarray(0, i), concat(bad.subarray(i), good)]).at(-1), "end 9: ");
    }
  }
  const long = record(1, 1, 1);
  new DataView(long.buffer).setUint16(18, 4_073);
  assertEquals(read([long]), [`raw: ${String.fromCharCode(...long)}`]);
});

Deno.test("OutputRecords takes the longest record", () => {
  const payload = "y".repeat(4_072);
  assertEquals(read([record(1, 1, 5, payload)]), [`data 1 5: ${payload}`]);
});

Deno.test("OutputRecords gives back bytes that look like the beginning of records all along", async () => {
  const records = new OutputRecords(NONCE);
  const hostile = new Uint8Array(1024 * 1024);
  for (let at = 0; at + 15 <= hostile.length; at += 15) hostile.set(NONCE.subarray(0, 15), at);
  const pieces: Uint8Array[] = [];
  const take = (events: OutputEvent[]): void => {
    for (const event of events) if (event.kind === "raw") pieces.push(event.bytes.slice());
  };
  for (let at = 0; at < hostile.length; at += 65_521) {
    take(records.push(hostile.subarray(at, at + 65_521)));
  }
  take(records.end());
  const back = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
  assertEquals(back.length, hostile.length);
  assert(back.every((byte, i) => byte === hostile[i]));
});

Deno.test("OutputRecords refuses a nonce of another length", () => {
  assertThrows(() => new OutputRecords(NONCE.subarray(1)), RangeError, "15 bytes");
});
