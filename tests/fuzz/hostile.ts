/**
 * Clients of a live server that mean it no good.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import type { StreamName } from "../../src/protocol/rules.ts";
import { writeHeader } from "../../src/wire/frame.ts";
import { HEADER_BYTES } from "../../src/wire/limits.ts";
import { MessageType } from "../../src/wire/messages.ts";
import type { Random } from "../faults/simulator/random.ts";
import { RawSession, RawStream, readControl } from "../raw_client.ts";
import { concat } from "./bytes.ts";
import { CUTS, pieces } from "./cut.ts";
import type { Scripts } from "./mutate.ts";
import type { ServerProgram } from "./targets/server_program.ts";

/** How far they behave before they do not. */
const MANNERS = ["not at all", "login", "both streams", "both streams, then output"] as const;

/** Why the server may end a connection, or a session that says goodbye. */
const CODES = [
  "PROTOCOL",
  "VERSION",
  "AUTHENTICATION",
  "STREAM_TOKEN",
  "TIMEOUT",
  "LIMIT",
  "STREAM_LOST",
  "CLIENT_CLOSED",
];

/** The end of a connection comes soon after the end of what is sent on it: no eval takes longer. */
const PATIENCE_MS = 30_000;

/** Byte by byte takes a write each: only so many. */
const MOST_SINGLE_BYTES = 200;

/** What was sent, for the report of a failure, and what came of it. */
export interface Attack {
  manners: string;
  bytes: Uint8Array;
  outcome: string;
}

/** One connection, or session, to its end. */
export async function attack(
  server: ServerProgram,
  outputAddr: string,
  random: Random,
  scripts: Scripts,
): Promise<Attack> {
  const manners = random.pick(MANNERS);
  const stream: StreamName = manners === "both streams, then output" ? "output" : "main";
  const frames = random.chance(0.1) ? [lie(random)] : scripts.tail("client", stream);
  const bytes = concat(frames);
  let at = 0;
  const borders = frames.map(({ length }) => at += length);
  const cut = random.pick(CUTS);
  const list = cut === "byte by byte"
    ? [
      ...pieces(bytes.subarray(0, MOST_SINGLE_BYTES), cut, [], random),
      bytes.subarray(MOST_SINGLE_BYTES),
    ]
    : pieces(bytes, cut, borders, random);
  const isCut = random.chance(0.3);
  const told = { manners, bytes };
  if (manners === "not at all") {
    using connection = await RawStream.dial(random.chance(0.5) ? server.addr : outputAddr);
    await sendAll(connection, list);
    const outcome = isCut ? "cut" : await deadline(lastWords(connection), PATIENCE_MS);
    return { ...told, outcome };
  }
  await using session = await RawSession.open(server.addr, undefined, server.token);
  if (manners !== "login") await session.connect();
  await sendAll(stream === "main" ? session.main : session.output!, list);
  if (isCut) return { ...told, outcome: "cut" };
  await halfClose(stream === "main" ? session.main : session.output!);
  const code = await deadline(session.closed(), PATIENCE_MS);
  return { ...told, outcome: checked(code, session.closeMessage) };
}

/** A header that claims much more than ever comes. */
function lie(random: Random): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + random.below(100));
  const claims = [4_096, 65_536, 1 << 28, (1 << 28) + 1, 0xffffffff];
  writeHeader(bytes, 0, MessageType.EVAL, 0, random.pick(claims), 1);
  return bytes;
}

async function sendAll(connection: RawStream, list: Uint8Array[]): Promise<void> {
  try {
    for (const piece of list) await connection.send(piece);
  } catch (error) {
    if (!isGone(error)) throw error; // the server has closed it: as it should
  }
}

async function halfClose(connection: RawStream): Promise<void> {
  try {
    await connection.closeWrite();
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** What is said on a connection that is no session's yet. */
async function lastWords(connection: RawStream): Promise<string> {
  await halfClose(connection);
  for (let last = "nothing";;) {
    const frame = await connection.next();
    if (frame === null) return last;
    if (frame.type !== MessageType.ERROR) continue;
    const { code, message } = readControl(frame.body);
    last = checked(code, message);
  }
}

function checked(code: unknown, message: unknown): string {
  if (code === undefined) return "nothing";
  if (!CODES.includes(String(code))) throw new Error(`the server said ${code}: ${message}`);
  return String(code);
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.NotConnected;
}
