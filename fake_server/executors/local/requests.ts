/**
 * What code in a python process asks the server in the middle of its eval (LINK.md, "Requests"):
 * frames in, frames out; nothing here knows a socket.
 *
 * @module
 */
import { type Frame, readU32 } from "../../../src/wire/frame.ts";
import { MAX_FRAME_BODY_BYTES } from "../../../src/wire/limits.ts";
import { controlBody } from "../../common/control.ts";
import { MAX_UNANSWERED_BYTES, MAX_UNANSWERED_REQUESTS } from "../../common/limits.ts";
import { errorText } from "../../common/log.ts";

/** The u8 at byte 2 of frames on the socket for requests. */
export const RequestType = {
  REQUEST: 0x64,
  REPLY: 0x65,
  FAILED: 0x66,
  ABANDON: 0x67,
  OPEN: 0x68,
} as const;

/** What a REQUEST asks for: its flags. */
export const RequestKind = {
  /** The reply is the request's own bytes. */
  PING: 1,
} as const;

/** A request of code in a python process. */
export interface PythonRequest {
  /** The job of the thread that asks; it may be over. 0 if the thread is of none. */
  readonly job: number;
  /** What is asked for. */
  readonly kind: number;
  /** The rest is up to the kind. It has no other owner. */
  readonly body: Uint8Array;
  /** Aborts when nobody waits for the reply any more: it was abandoned, or the process is gone. */
  readonly signal: AbortSignal;
}

/** Answers a request. What it throws is the request's failure, and its message goes to the code. */
export type Answer = (request: PythonRequest) => Promise<Uint8Array>;

/** Sends a frame. */
export type SendFrame = (type: number, id: number, body: Uint8Array) => void;

/** Bytes before a request's own: its job. */
const JOB_BYTES = 4;

/** A request that is not answered yet. */
interface Unanswered {
  readonly bytes: number;
  readonly abort: AbortController;
}

/** The requests of one python process. */
export class Requests {
  readonly #answer: Answer | undefined;
  readonly #send: SendFrame;
  readonly #unanswered = new Map<number, Unanswered>();
  #bytes = 0;
  #room: PromiseWithResolvers<void> | undefined;

  /** Makes one that sends replies with `send`. `answer` has those of all requests but pings. */
  constructor(send: SendFrame, answer?: Answer) {
    this.#send = send;
    this.#answer = answer;
  }

  /** How many are not answered yet. */
  get size(): number {
    return this.#unanswered.size;
  }

  /**
   * Takes a frame, whose body is good until this returns unless it is `owned`.
   *
   * @throws {TypeError} If it breaks a rule of the link.
   */
  take({ type, id, flags, body, owned }: Frame): void {
    if (type === RequestType.ABANDON) {
      const left = this.#unanswered.get(id);
      this.#end(id);
      left?.abort.abort(new DOMException("the code has given up its request", "AbortError"));
      return;
    }
    if (type !== RequestType.REQUEST) {
      throw new TypeError(`a frame of type 0x${type.toString(16)} has no place among requests`);
    }
    if (body.length < JOB_BYTES) {
      throw new TypeError(`a request has ${body.length} bytes, fewer than its job's ${JOB_BYTES}`);
    }
    if (this.#unanswered.has(id)) throw new TypeError(`request ${id} is not answered yet`);
    const job = readU32(body, 0);
    const asked = body.subarray(JOB_BYTES);
    const abort = new AbortController();
    this.#unanswered.set(id, { bytes: asked.length, abort });
    this.#bytes += asked.length;
    const { signal } = abort;
    this.#settle(id, { job, kind: flags, body: owned ? asked : asked.slice(), signal });
  }

  /** Resolves once there is room for another request; undefined if there is. */
  room(): Promise<void> | undefined {
    if (this.#hasRoom) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** Nobody waits for replies any more. */
  close(): void {
    const left = [...this.#unanswered.values()];
    this.#unanswered.clear();
    this.#bytes = 0;
    this.#wake();
    const reason = new DOMException("the python process has ended", "AbortError");
    for (const { abort } of left) abort.abort(reason);
  }

  get #hasRoom(): boolean {
    return this.size < MAX_UNANSWERED_REQUESTS && this.#bytes < MAX_UNANSWERED_BYTES;
  }

  async #settle(id: number, request: PythonRequest): Promise<void> {
    let type: number = RequestType.REPLY;
    let body: Uint8Array;
    try {
      body = await this.#reply(request);
      if (body.length > MAX_FRAME_BODY_BYTES) {
        throw new Error(`the reply has ${body.length} bytes, and may have ${MAX_FRAME_BODY_BYTES}`);
      }
    } catch (error) {
      type = RequestType.FAILED;
      body = controlBody({ message: errorText(error) });
    }
    // Its id may be another request's by now.
    if (request.signal.aborted) return;
    this.#end(id);
    this.#send(type, id, body);
  }

  #reply(request: PythonRequest): Uint8Array | Promise<Uint8Array> {
    if (request.kind === RequestKind.PING) return request.body;
    if (this.#answer !== undefined) return this.#answer(request);
    throw new Error(`the server knows no request of kind ${request.kind}`);
  }

  #end(id: number): void {
    const request = this.#unanswered.get(id);
    if (request === undefined) return;
    this.#unanswered.delete(id);
    this.#bytes -= request.bytes;
    this.#wake();
  }

  #wake(): void {
    if (!this.#hasRoom) return;
    this.#room?.resolve();
    this.#room = undefined;
  }
}
