/**
 * The grammar of the wire: each message with the fields that it should have, to be broken one rule
 * at a time.
 *
 * @module
 */
import type { StreamName } from "../../src/protocol/rules.ts";
import { frameBytes } from "../../src/wire/frame.ts";
import { MessageType } from "../../src/wire/messages.ts";
import type { Random } from "../faults/simulator/random.ts";
import { concat, edge, HostileWriter, noise } from "./bytes.ts";
import type { HostileValues } from "./values.ts";

const HEX_32 = "0123456789abcdef0123456789abcdef";
const HEX_64 = HEX_32 + HEX_32;

const CODES = ["PROTOCOL", "VERSION", "TIMEOUT", "SHUTDOWN", "AUTHENTICATION", "LIMIT", "x"];

const SERVER_HELLO = {
  session_id: HEX_32,
  stream_token: HEX_32,
  output_addr: ":1",
  limits: { frame_bytes: 1 << 28, evals_in_flight: 1_000 },
  server: "x/1",
  python: { version: "3", implementation: "x", msgpack: "c" },
  features: ["interrupt"],
  proof: HEX_64,
};

const LOG = { level: "info", ts: "t", msg: "m", session_id: HEX_32, future_id: 1, more: [1] };

const STATUS = {
  python: { pid: 1, version: "3", implementation: "x" },
  running: 1,
  queued: 2,
  process: { evals: 3, sessions: 1 },
};

/** What a body consists of: one control map, that with code or values behind it, or bytes. */
interface Form {
  type: number;
  control?: Record<string, unknown>[];
  code?: string[];
  hasValues?: boolean;
  isRaw?: boolean;
}

const BOTH: Form[] = [
  { type: MessageType.ERROR, control: CODES.map((code) => ({ code, message: "m" })) },
  { type: MessageType.PING },
  { type: MessageType.PONG },
];

/** What each side may send on each stream, sooner or later. */
const FORMS: Record<"client" | "server", Record<StreamName, Form[]>> = {
  client: {
    main: [
      {
        type: MessageType.CLIENT_HELLO,
        control: [{ protocol: 2, client: "x", name: "n", nonce: HEX_64 }],
      },
      { type: MessageType.PROOF, control: [{ proof: HEX_64 }] },
      {
        type: MessageType.EVAL,
        control: [{}, { namespace: "n", strict: true }],
        code: ["1", "x"],
        hasValues: true,
      },
      { type: MessageType.CANCEL, control: [{ reason: "cancel" }, {}] },
      { type: MessageType.INTERRUPT, control: [{}] },
      { type: MessageType.STATUS, control: [{}] },
      { type: MessageType.GOODBYE, control: [{ drain: true }, { drain: false }, {}] },
      ...BOTH,
    ],
    output: [
      { type: MessageType.OUTPUT_HELLO, control: [{ stream_token: HEX_32, proof: HEX_64 }] },
      ...BOTH,
    ],
  },
  server: {
    main: [
      { type: MessageType.CHALLENGE, control: [{ nonce: HEX_64 }] },
      { type: MessageType.SERVER_HELLO, control: [SERVER_HELLO] },
      {
        type: MessageType.RESULT,
        control: [
          {},
          { how: "queued" },
          { exit_code: 1 },
          { signal: "SIGKILL" },
          { message: "m", path: "p", type: "t" },
          { namespace: "n" },
        ],
        hasValues: true,
      },
      { type: MessageType.INTERRUPTED, control: [{ id: 1 }, {}] },
      { type: MessageType.RUNNING, control: [{ ms: 300 }] },
      { type: MessageType.STATUS_REPLY, control: [STATUS] },
      { type: MessageType.GOODBYE, control: CODES.map((reason) => ({ reason })) },
      ...BOTH,
    ],
    output: [
      { type: MessageType.OUTPUT_READY, control: [{}] },
      { type: MessageType.OUTPUT, isRaw: true },
      { type: MessageType.OUTPUT_END },
      { type: MessageType.LOG, control: [LOG] },
      ...BOTH,
    ],
  },
};

const ALL_FORMS = Object.values(FORMS).flatMap(({ main, output }) => [...main, ...output]);

/** Makes messages that keep the grammar but for a rule or two. */
export class Messages {
  readonly #random: Random;
  readonly #values: HostileValues;

  /** Makes one. */
  constructor(random: Random, values: HostileValues) {
    this.#random = random;
    this.#values = values;
  }

  /** A whole frame that `from` may send on this stream, or another. */
  frame(from: "client" | "server", stream: StreamName): Uint8Array {
    const random = this.#random;
    const form = random.pick(random.chance(0.1) ? ALL_FORMS : FORMS[from][stream]);
    const type = random.chance(0.03) ? random.below(256) : form.type;
    const hasId = form.type >= MessageType.EVAL && form.type !== MessageType.LOG &&
      form.type !== MessageType.OUTPUT_HELLO;
    const id = random.chance(0.05) ? edge(random) : hasId ? random.between(0, 8) : 0;
    const hasFlags = form.type === MessageType.RESULT || form.type === MessageType.OUTPUT;
    const flags = random.chance(0.04)
      ? random.below(256)
      : hasFlags
      ? random.below(form.type === MessageType.RESULT ? 6 : 3)
      : form.type === MessageType.EVAL && random.chance(0.2)
      ? random.below(4)
      : 0;
    return frameBytes(type, flags, id, this.#body(form));
  }

  #body(form: Form): Uint8Array {
    const random = this.#random;
    if (form.isRaw || random.chance(0.02)) return noise(random, 40);
    if (form.control === undefined) {
      return random.chance(0.1) ? this.#values.bytes() : new Uint8Array(0);
    }
    if (random.chance(0.03)) return random.chance(0.5) ? this.#values.bytes() : new Uint8Array(0);
    const control = HostileWriter.bytesOf(random, this.#broken(random.pick(form.control)));
    if (!form.hasValues) return control;
    const length = new Uint8Array(4);
    const claimed = random.chance(0.08) ? edge(random) : control.length;
    new DataView(length.buffer).setUint32(0, claimed);
    const values = random.chance(0.4) ? new Uint8Array(0) : this.#values.bytes();
    if (form.code === undefined) return concat([length, control, values]);
    const code = random.chance(0.9)
      ? HostileWriter.bytesOf(random, random.pick(form.code))
      : random.chance(0.5)
      ? this.#values.bytes()
      : new Uint8Array(0);
    return concat([length, control, code, values]);
  }

  #broken(fields: Record<string, unknown>): unknown {
    const random = this.#random;
    if (random.chance(0.4)) return fields;
    const entries: [unknown, unknown][] = Object.entries(fields);
    for (let times = random.between(1, 2); times > 0; times--) {
      const at = random.below(entries.length + 1);
      const entry = entries[at];
      switch (random.below(6)) {
        case 0:
          entries.splice(at, 1);
          break;
        case 1:
          if (entry !== undefined) entries[at] = [entry[0], this.#values.any()];
          break;
        case 2:
          if (entry !== undefined) entries.push([entry[0], this.#values.any()]);
          break;
        case 3:
          entries.splice(at, 0, [random.pick(["__proto__", "x", "toString", ""]), fields]);
          break;
        case 4:
          if (entry !== undefined && typeof entry[1] === "object" && entry[1] !== null) {
            entries[at] = [entry[0], this.#broken(entry[1] as Record<string, unknown>)];
          }
          break;
        default:
          return random.chance(0.3)
            ? this.#values.any()
            : new Map([...entries, [this.#values.any(), 1]]);
      }
    }
    // A list of pairs, as a map may say the same twice.
    return new Map(entries);
  }
}
