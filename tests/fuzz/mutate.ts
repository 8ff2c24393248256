/**
 * Recorded exchanges with something done to them, and made ones: what a hostile end sends.
 *
 * @module
 */
import type { StreamName } from "../../src/protocol/rules.ts";
import { HEADER_BYTES } from "../../src/wire/limits.ts";
import type { Random } from "../faults/simulator/random.ts";
import { concat, edge, noise } from "./bytes.ts";
import type { Exchange, Recorded } from "./corpus.ts";
import { Messages } from "./messages.ts";
import type { HostileValues } from "./values.ts";

/** Bytes that come together on one stream. */
export interface Segment {
  stream: StreamName;
  bytes: Uint8Array;
}

/** What one end sends in one session. */
export interface Script {
  /** The exchange that it was made of. */
  exchange: Exchange;
  from: "client" | "server";
  segments: Segment[];
  /** Where frames begin and end in each segment, for cuts there. */
  borders: number[][];
  /** How many there are. */
  frames: number;
}

/** Frames in one script, so that it is not all about the first that is wrong. */
const MOST_FRAMES = 14;

/** Makes scripts. */
export class Scripts {
  readonly #random: Random;
  readonly #exchanges: Exchange[];
  readonly #values: HostileValues;
  readonly #messages: Messages;

  /** Makes one. */
  constructor(random: Random, exchanges: Exchange[], values: HostileValues) {
    this.#random = random;
    this.#exchanges = exchanges;
    this.#values = values;
    this.#messages = new Messages(random, values);
  }

  /** A script of a client or a server. With `token`, of an exchange with a login, or without one. */
  script(from: "client" | "server", token?: boolean): Script {
    const random = this.#random;
    const exchange = random.pick(
      this.#exchanges.filter((one) => token === undefined || (one.token !== undefined) === token),
    );
    const frames = exchange.frames.filter((frame) => frame.from === from);
    // Mostly the hello stays whole, or nothing behind it is ever reached.
    const kept = random.chance(0.2) ? 0 : random.between(2, Math.max(2, frames.length));
    const head = frames.slice(0, kept);
    const rest = this.#rearranged(frames.slice(kept), from);
    const tail = rest.slice(0, Math.max(1, MOST_FRAMES - head.length)).map((frame) =>
      random.chance(0.5) ? frame : { ...frame, bytes: this.#mutated(frame.bytes) }
    );
    return this.#script(exchange, from, [...head, ...tail]);
  }

  /** The frames of one stream after an honest beginning. */
  tail(from: "client" | "server", stream: StreamName): Uint8Array[] {
    const random = this.#random;
    const frames = random.pick(this.#exchanges).frames.filter((frame) =>
      frame.from === from && frame.stream === stream
    );
    const begin = random.chance(0.3) ? 0 : random.below(frames.length);
    return this.#rearranged(frames.slice(begin), from, stream).slice(0, MOST_FRAMES)
      .map(({ bytes }) => random.chance(0.5) ? bytes : this.#mutated(bytes));
  }

  #script(exchange: Exchange, from: "client" | "server", frames: Recorded[]): Script {
    const random = this.#random;
    const segments: { stream: StreamName; pieces: Uint8Array[] }[] = [];
    for (const { stream, bytes } of frames) {
      const last = segments.at(-1);
      if (last?.stream === stream && random.chance(0.6)) last.pieces.push(bytes);
      else segments.push({ stream, pieces: [bytes] });
    }
    return {
      exchange,
      from,
      segments: segments.map(({ stream, pieces }) => ({ stream, bytes: concat(pieces) })),
      borders: segments.map(({ pieces }) => {
        let at = 0;
        return pieces.map(({ length }) => at += length);
      }),
      frames: frames.length,
    };
  }

  /** Left out, doubled, moved, from another exchange, from the other side, or new. */
  #rearranged(frames: Recorded[], from: "client" | "server", only?: StreamName): Recorded[] {
    const random = this.#random;
    const list = frames.slice();
    for (let times = random.below(4); times > 0; times--) {
      const at = random.below(list.length + 1);
      const stream = only ?? random.pick(["main", "main", "output"] as const);
      switch (random.below(6)) {
        case 0:
          list.splice(at, 1);
          break;
        case 1:
          if (at < list.length) list.splice(random.below(list.length), 0, list[at]!);
          break;
        case 2:
          if (at < list.length) list.splice(random.below(list.length), 0, ...list.splice(at, 1));
          break;
        case 3: {
          const other = random.pick(random.pick(this.#exchanges).frames);
          list.splice(at, 0, { ...other, stream });
          break;
        }
        default:
          list.splice(at, 0, { from, stream, bytes: this.#messages.frame(from, stream) });
      }
    }
    if (list.length > 0) return list;
    const stream = only ?? "main";
    return [{ from, stream, bytes: this.#messages.frame(from, stream) }];
  }

  #mutated(frame: Uint8Array): Uint8Array {
    const random = this.#random;
    let bytes = frame.slice();
    const view = new DataView(bytes.buffer);
    switch (random.below(8)) {
      case 0:
        // The header.
        bytes[random.below(Math.min(HEADER_BYTES, bytes.length))]! ^= 1 << random.below(8);
        return bytes;
      case 1:
        // The length lies, and what comes next is read as something else.
        view.setUint32(4, random.chance(0.5) ? edge(random) : random.below(2 * bytes.length));
        return bytes;
      case 2:
        view.setUint32(8, random.chance(0.5) ? edge(random) : random.below(10));
        return bytes;
      case 3:
        bytes[2] = random.chance(0.5) ? random.below(0x26) : random.below(256);
        return bytes;
      case 4:
        return bytes.slice(0, random.below(bytes.length));
      case 5:
        return concat([bytes, noise(random, 20)]);
      case 6: {
        // The body, its length told rightly.
        const body = random.chance(0.2)
          ? this.#values.bytes()
          : this.#values.damaged(bytes.subarray(HEADER_BYTES));
        bytes = concat([bytes.subarray(0, HEADER_BYTES), body]);
        new DataView(bytes.buffer).setUint32(4, body.length);
        return bytes;
      }
      default:
        return this.#values.damaged(bytes);
    }
  }
}
