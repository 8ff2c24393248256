/**
 * What the mutations start from: whole exchanges of real clients with a real server, as they went
 * over the wire. `record.ts` makes the file anew.
 *
 * @module
 */
import type { StreamName } from "../../src/protocol/rules.ts";
import type { Frame } from "../../src/wire/frame.ts";
import { FrameReader } from "../../src/wire/frame_reader.ts";
import { MAX_FRAME_BODY_BYTES } from "../../src/wire/limits.ts";

/** One frame of an exchange. */
export interface Recorded {
  from: "client" | "server";
  stream: StreamName;
  /** The whole frame. */
  bytes: Uint8Array;
}

/** One session from its hello to its end, in the order in which it was seen. */
export interface Exchange {
  name: string;
  /** The token of its login, if it has one. */
  token: string | undefined;
  frames: Recorded[];
}

/** An exchange as the file has it. */
export interface StoredExchange {
  name: string;
  token?: string;
  /** `client main 0001...`: who, where, what. */
  frames: string[];
}

/** All of them. */
export async function readExchanges(): Promise<Exchange[]> {
  const text = await Deno.readTextFile(new URL("corpus/exchanges.json", import.meta.url));
  return (JSON.parse(text) as StoredExchange[]).map(({ name, token, frames }) => ({
    name,
    token,
    frames: frames.map((line) => {
      const [from, stream, hex] = line.split(" ") as [Recorded["from"], StreamName, string];
      return { from, stream, bytes: Uint8Array.fromHex(hex) };
    }),
  }));
}

/** Takes good bytes apart into frames with bodies of their own. */
export function framesOf(bytes: Uint8Array): Frame[] {
  const reader = new FrameReader(MAX_FRAME_BODY_BYTES);
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = reader.space();
    const part = bytes.subarray(at, at + space.length);
    space.set(part);
    at += part.length;
    for (const frame of reader.filled(part.length)) {
      frames.push({ ...frame, body: frame.body.slice() });
    }
  }
  if (reader.midFrame) throw new Error(`${reader.pending} bytes are no whole frame`);
  return frames;
}
