/**
 * The server's end of the link to a Python process (LINK.md): its message types and bodies.
 *
 * @module
 */
import {
  type Frame,
  frameBytes,
  readU32,
  writeHeader,
  writeU32,
} from "../../../../src/wire/frame.ts";
import { HEADER_BYTES } from "../../../../src/wire/limits.ts";
import { MessageType } from "../../../../src/wire/messages.ts";
import { Control } from "../../../common/control.ts";
import type { PythonInfo } from "../../executor.ts";

/** The u8 at byte 2 of the link's frames, beside EVAL and RESULT. */
export const LinkType = {
  READY: 0x60,
  FORGET: 0x61,
  NOTE: 0x62,
  BROKEN: 0x63,
} as const;

/** The flag of a link's EVAL: no other job is there until its RESULT. */
export const ALONE_FLAG = 0x80;

/** In the flags of a link's RESULT, beside the status: all output is read, and no END comes. */
export const READ_FLAG = 0x80;

/** Reads the body of a READY; undefined if it does not know `secret`. */
export function parseReady(body: Uint8Array, secret: string): PythonInfo | undefined {
  const control = new Control("READY", body);
  if (control.required("secret", "string") !== secret) return undefined;
  return {
    pid: control.required("pid", "number"),
    executable: control.required("executable", "string"),
    version: control.required("version", "string"),
    implementation: control.required("implementation", "string"),
    msgpack: control.required("msgpack", "string"),
    descriptors: control.required("descriptors", "number"),
  };
}

/** Whether the body of an OPEN knows `secret`. */
export function opensWith(body: Uint8Array, secret: string): boolean {
  return new Control("OPEN", body).required("secret", "string") === secret;
}

/** The size of what stands before the client's body in an EVAL frame. */
const EVAL_START_BYTES = HEADER_BYTES + 4;

/** Makes the EVAL frames of one link. */
export class EvalFrames {
  /** An allocation for each frame would cost more than all the rest. */
  readonly #start = new Uint8Array(EVAL_START_BYTES);

  /**
   * The frame of a job in two pieces: its start, which is good until the next call, and `body`, that
   * of the client's EVAL.
   */
  of(session: number, body: Uint8Array, job: number, isAlone: boolean): [Uint8Array, Uint8Array] {
    const flags = isAlone ? ALONE_FLAG : 0;
    writeHeader(this.#start, 0, MessageType.EVAL, flags, 4 + body.length, job);
    writeU32(this.#start, HEADER_BYTES, session);
    return [this.#start, body];
  }
}

/** The frame of a job that drops the namespaces of a session. */
export function forgetFrame(session: number, job: number): Uint8Array {
  const body = new Uint8Array(4);
  writeU32(body, 0, session);
  return frameBytes(LinkType.FORGET, 0, job, body);
}

/** The frames that a page holds; one that is not whole ends them. */
export function* heldFrames(bytes: Uint8Array): Generator<Frame, void, void> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const start = at + HEADER_BYTES;
    const length = readU32(bytes, at + 4);
    if (start + length > bytes.length) return;
    const body = bytes.subarray(start, start + length);
    const id = readU32(bytes, at + 8);
    yield { type: bytes[at + 2]!, flags: bytes[at + 3]!, length, id, body, owned: false };
    at = start + length;
  }
}
