// Promises 4 and 6 without a network, in the server: mutated and made frames in four ways of coming
// in pieces. Each connection ends with one of the documented errors, the same for every cut, leaves
// nothing, and the session beside it goes on.
import { assertEquals } from "@std/assert";
import { HEADER_BYTES } from "../../src/wire/limits.ts";
import { MessageType } from "../../src/wire/messages.ts";
import { Random } from "../faults/simulator/random.ts";
import { readControl } from "../raw_client.ts";
import { type Exchange, readExchanges } from "./corpus.ts";
import { CUTS, pieces } from "./cut.ts";
import { heldBytes, mib, Peak } from "./memory.ts";
import { Scripts } from "./mutate.ts";
import { found, growthSince, Outcomes, sameForAllCuts } from "./outcomes.ts";
import { count, report, seed } from "./scale.ts";
import { ServerUnderTest } from "./targets/server_target.ts";
import { HostileValues } from "./values.ts";

const exchanges = await readExchanges();

for (const login of [false, true]) {
  const kind = login ? "server with a token" : "server";
  Deno.test(`fuzz: a ${kind} knows what to say to any client's bytes`, async () => {
    const random = new Random(seed + (login ? 1 : 0));
    const scripts = new Scripts(random, exchanges, await HostileValues.read(random));
    const token = exchanges.find((one) => one.token !== undefined)!.token;
    await using server = await ServerUnderTest.start(login ? token : undefined);
    const peak = new Peak();
    const outcomes = new Outcomes();
    const before = heldBytes();
    let frames = 0;
    for (let i = 0; frames < count("frames") / 4; i++) {
      const script = scripts.script("client", login ? random.chance(0.8) : undefined);
      frames += script.frames;
      try {
        const recorded = recordedSecrets(script.exchange);
        const patience = random.chance(0.1) ? "stays" : "closes";
        const told: string[][] = [];
        for (const cut of CUTS) {
          const segments = script.segments.map(({ stream, bytes }, at) => ({
            stream,
            pieces: (fresh: (bytes: Uint8Array) => Uint8Array) =>
              pieces(fresh(bytes), cut, script.borders[at]!, random),
          }));
          told.push(await server.visit(segments, recorded, patience));
        }
        sameBeforeTheEnd(withoutRaces(told.map((lines) => lines.map(withoutSecret))));
        outcomes.add(told[0]!);
        await server.check();
      } catch (error) {
        throw found(import.meta.url, kind, script, error);
      }
      if (i % 256 === 0) peak.look();
    }
    report(import.meta.url, {
      [`frames to the ${kind}`]: frames,
      outcomes: `[${outcomes}]`,
      "held more": growthSince(before),
      "most memory": mib(peak.bytes),
    });
  });
}

/**
 * A damaged header may end in what is another token or proof on each connection: then the length that
 * it claims is made of hexadecimal digits, as text.
 */
function withoutSecret(line: string): string {
  return line.replace(
    /(?<=claims a body of )\d+/,
    (length) => /^(3[0-9]|6[1-6])+$/.test(Number(length).toString(16)) ? "a secret's" : length,
  );
}

/**
 * Whether an eval or its cancel comes first is a race that each cut may decide in its own way: with a
 * cancel that was in time in any of them, what evals said and gave is left out of all. And so is
 * which of two faults ends a session, if one is an eval's: python finds that, when more has come.
 */
function withoutRaces(all: string[][]): string[][] {
  const isPythons = (line: string): boolean => /^main 3 0 0 PROTOCOL: EVAL \d+: /.test(line);
  const told = all.some((lines) => lines.some(isPythons))
    ? all.map((lines) => lines.filter((line) => !/^\w+ 3 /.test(line)))
    : all;
  // With SILENT, since it has written nothing, or without.
  const isCancelled = (line: string): boolean => /^main 17 (2|130) /.test(line);
  if (!told.some((lines) => lines.some(isCancelled))) return told;
  return told.map((lines) => lines.filter((line) => !/^(main 17|output 3[45]) /.test(line)));
}

/**
 * A client that says GOODBYE or ERROR and goes on talks to one who may be gone: then the server's
 * last words depend on which came first. What it has said before is the same for every cut.
 */
function sameBeforeTheEnd(told: string[][]): void {
  const isLast = (line: string): boolean => /^\w+ ([346]|20) /.test(line);
  const farewell = told.some((lines) => !lines.some((line) => line.startsWith("main 3 ")));
  if (!farewell) return sameForAllCuts(told);
  const shortest = told.map((lines) => lines.filter((line) => !isLast(line)))
    .sort((a, b) => a.length - b.length);
  for (const lines of shortest) assertEquals(lines.slice(0, shortest[0]!.length), shortest[0]);
}

/** What was good for one connection alone, to be put in anew. */
function recordedSecrets({ frames }: Exchange) {
  const bodyOf = (type: number) => {
    const frame = frames.find(({ bytes }) => bytes[2] === type);
    return frame === undefined ? {} : readControl(frame.bytes.subarray(HEADER_BYTES));
  };
  const hello = bodyOf(MessageType.OUTPUT_HELLO);
  return {
    streamToken: String(hello.stream_token),
    proofs: {
      client: bodyOf(MessageType.PROOF).proof as string | undefined,
      output: hello.proof as string | undefined,
    },
  };
}
