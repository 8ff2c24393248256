// Promises 4 and 6 without a network, in the client: mutated and made frames in four ways of coming
// in pieces, into the frame reader, the core and the decoder of values. Each says one of the
// documented errors, the same for every cut, and works as ever afterwards.
import { assertEquals } from "@std/assert";
import { Decoder } from "../../src/values/codec/decoder.ts";
import { DecodeError } from "../../src/values/decode_error.ts";
import { READERS } from "../../src/values/table.ts";
import { HEADER_BYTES } from "../../src/wire/limits.ts";
import { MessageType } from "../../src/wire/messages.ts";
import { Random } from "../faults/simulator/random.ts";
import { type Exchange, readExchanges } from "./corpus.ts";
import { CUTS, pieces } from "./cut.ts";
import { heldBytes, mib, Peak } from "./memory.ts";
import { Scripts } from "./mutate.ts";
import { found, growthSince, Outcomes, sameForAllCuts } from "./outcomes.ts";
import { again, count, report, seed } from "./scale.ts";
import { ClientPart, ClientRun } from "./targets/client_target.ts";
import { readFrames } from "./targets/reader_target.ts";
import { HostileValues } from "./values.ts";

const exchanges = await readExchanges();

Deno.test("fuzz: the frame reader and the client's core know what to say to any server's bytes", async () => {
  const random = new Random(seed);
  const scripts = new Scripts(random, exchanges, await HostileValues.read(random));
  const parts = new Map(exchanges.map((exchange) => [exchange, new ClientPart(exchange)]));
  const peak = new Peak();
  const [reader, client] = [new Outcomes(), new Outcomes()];
  const before = heldBytes();
  let frames = 0;
  for (let i = 0; frames < count("frames") / 2; i++) {
    const script = scripts.script("server");
    frames += script.frames;
    try {
      const whole = script.segments.map(({ bytes }, at) => ({
        bytes,
        borders: script.borders[at]!,
      }));
      const read = CUTS.map((cut) =>
        whole.flatMap(({ bytes, borders }) => readFrames(pieces(bytes, cut, borders, random)))
      );
      sameForAllCuts(read);
      reader.add(read[0]!);
      const part = parts.get(script.exchange)!;
      const told = CUTS.map((cut) => {
        const run = new ClientRun(part);
        for (const [at, { stream, bytes }] of script.segments.entries()) {
          run.feed(stream, pieces(bytes, cut, script.borders[at]!, random));
        }
        run.end();
        return run.told;
      });
      sameForAllCuts(told);
      client.add(told[0]!);
      canaryOfReader(script.exchange);
      canaryOfClient(script.exchange, part);
    } catch (error) {
      throw found(import.meta.url, "the client's side", script, error);
    }
    if (i % 256 === 0) peak.look();
  }
  report(import.meta.url, {
    "frames to the client": frames,
    reader: `[${reader}]`,
    client: `[${client}]`,
    "held more": growthSince(before),
    "most memory": mib(peak.bytes),
  });
});

/** A hello is still read. */
function canaryOfReader(exchange: Exchange): void {
  const { bytes } = exchange.frames[0]!;
  const [first, rest] = readFrames([bytes]);
  assertEquals(first?.endsWith(bytes.subarray(HEADER_BYTES).toHex()), true);
  assertEquals(rest, "0 bytes are left");
}

/** A whole exchange still goes through. */
function canaryOfClient(exchange: Exchange, part: ClientPart): void {
  const run = new ClientRun(part);
  for (const { from, stream, bytes } of exchange.frames) {
    if (from === "server") run.feed(stream, [bytes]);
  }
  const results = run.told.filter((line) => line.startsWith("result")).length;
  const wanted = exchange.frames.filter(({ bytes }) => bytes[2] === MessageType.RESULT).length;
  assertEquals([results, run.told.some((line) => line.includes("unreadable"))], [wanted, false]);
  run.end();
}

Deno.test("fuzz: a decoder throws DecodeError for what is no value, and reads the next one", async () => {
  const random = new Random(seed);
  const values = await HostileValues.read(random);
  const decoder = new Decoder(READERS);
  const peak = new Peak();
  const before = heldBytes();
  const wanted = count("values");
  let refused = 0;
  for (let i = 0; i < wanted; i++) {
    const bytes = values.bytes();
    const hex = bytes.toHex();
    try {
      try {
        decoder.decode(bytes);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        refused++;
      }
      assertEquals(decoder.decode(Uint8Array.of(0x92, 0x81, 0xa1, 0x61, 0x07, 0xc0)), [
        { a: 7 },
        null,
      ]);
    } catch (error) {
      throw new Error(`${error}\n  after ${hex}\n  again: ${again(import.meta.url)}`, {
        cause: error,
      });
    }
    if (i % 1024 === 0) peak.look();
  }
  report(import.meta.url, {
    values: wanted,
    refused,
    "held more": growthSince(before),
    "most memory": mib(peak.bytes),
  });
});
