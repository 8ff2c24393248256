// Promises 4 and 6 on a live server: hostile connections beside a session that must not notice them.
import { assert, assertEquals } from "@std/assert";
import { writeHeader } from "../../src/wire/frame.ts";
import { HEADER_BYTES, MAX_FRAME_BODY_BYTES } from "../../src/wire/limits.ts";
import { MessageType } from "../../src/wire/messages.ts";
import { Random } from "../faults/simulator/random.ts";
import { RawSession, RawStream } from "../raw_client.ts";
import { until } from "../raw_server.ts";
import { readExchanges } from "./corpus.ts";
import { attack } from "./hostile.ts";
import { mib } from "./memory.ts";
import { Scripts } from "./mutate.ts";
import { again, count, report, seed } from "./scale.ts";
import { ServerProgram } from "./targets/server_program.ts";
import { HostileValues } from "./values.ts";

const TOKEN = "0123456789abcdefghijklmnop";

/** Attacks at a time. */
const AT_ONCE = 8;

/** What a server may have grown by for a lane of attacks; what is in use is seen in no other way. */
const MOST_GROWTH_BYTES = 64 * 1024 * 1024;

/** What lies may cost a server, however many and however large. */
const MOST_BELIEVED_BYTES = 16 * 1024 * 1024;
const LIARS = 40;

const exchanges = await readExchanges();

/** Evaluates and prints until it is told to stop; gives how often it did. */
async function sing(canary: RawSession, isOver: () => boolean): Promise<number> {
  for (let n = 1;; n++) {
    const id = await canary.send(`print(n)\nn * 2`, { locs: { n } });
    const { status, values } = await canary.result(id);
    assertEquals([status, await canary.text(id)], [0, `${n}\n`]);
    assert(values.length > 0);
    if (isOver()) return n;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

for (const token of [undefined, TOKEN]) {
  const kind = token === undefined ? "server" : "server with a token";
  Deno.test(`fuzz: a live ${kind} ends hostile connections with a reason, and a session beside them goes on`, async () => {
    const random = new Random(seed);
    const scripts = new Scripts(random, exchanges, await HostileValues.read(random));
    await using server = await ServerProgram.start(token);
    await using canary = await RawSession.connect(server.addr, { token });
    assertEquals(await canary.value("1"), 1);
    const before = server.resident;
    const wanted = count("hostile") / 2;
    const outcomes = new Map<string, number>();
    let [begun, over, most] = [0, false, 0];
    const singing = sing(canary, () => over);
    const attacks = async (): Promise<void> => {
      while (begun++ < wanted) {
        const { manners, outcome } = await attack(server, canary.outputAddr, random, scripts);
        const what = `${manners}: ${outcome}`;
        outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
        most = Math.max(most, server.resident);
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, attacks));
    } catch (error) {
      throw new Error(`${error}\n  again: ${again(import.meta.url)}`, { cause: error });
    } finally {
      over = true;
    }
    const songs = await singing;
    await until(() => server.connections === 2);
    const growth = server.resident - before;
    report(import.meta.url, {
      [`connections to the ${kind}`]: wanted,
      outcomes: `[${[...outcomes].map(([what, times]) => `${what} ${times}`).sort().join("; ")}]`,
      "canary evals": songs,
      "grown by": mib(growth),
      "most memory": mib(most),
    });
    assertEquals(server.errors, []);
    assert(growth < MOST_GROWTH_BYTES, `the server has grown by ${mib(growth)}`);
  });
}

Deno.test("fuzz: a live server believes no length before the bytes have come", async () => {
  await using server = await ServerProgram.start(undefined);
  await using stack = new AsyncDisposableStack();
  await using canary = await RawSession.connect(server.addr);
  const sessions: RawSession[] = [];
  const strangers: RawStream[] = [];
  for (let i = 0; i < LIARS; i++) {
    sessions.push(stack.use(await RawSession.connect(server.addr)));
    strangers.push(stack.use(await RawStream.dial(server.addr)));
  }
  assertEquals(await canary.value("1"), 1);
  const before = server.resident;
  const claim = (type: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(HEADER_BYTES + 1);
    writeHeader(bytes, 0, type, 0, length, type === MessageType.EVAL ? 1 : 0);
    return bytes;
  };
  for (const { main } of sessions) await main.send(claim(MessageType.EVAL, MAX_FRAME_BODY_BYTES));
  for (const stranger of strangers) await stranger.send(claim(MessageType.CLIENT_HELLO, 4_096));
  // Control maps, code and values that claim more than there is.
  const lies = ["ddffffffff", "dfffffffff", "dbffffffff", "c6ffffffff"].flatMap((lie) => [
    `00000005${lie}`,
    `0000000180${lie}`,
    `0000000180a131${lie}`,
  ]);
  for (const lie of lies) {
    await using session = await RawSession.connect(server.addr);
    await session.main.frame(MessageType.EVAL, 0, 1, Uint8Array.fromHex(lie));
    assertEquals(await session.closed(), "PROTOCOL");
  }
  assertEquals(await canary.value("2"), 2);
  const growth = server.resident - before;
  report(import.meta.url, { lies: 2 * LIARS + lies.length, "grown by": mib(growth) });
  assert(growth < MOST_BELIEVED_BYTES, `the server has grown by ${mib(growth)}`);
});
