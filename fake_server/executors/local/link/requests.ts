/**
 * Requests of code in a Python process, in the middle of an eval (LINK.md, "Requests"): frames in,
 * frames out, without IO.
 *
 * @module
 */
import { type Frame, readU32 } from "../../../../src/wire/frame.ts";
import { MAX_FRAME_BODY_BYTES } from "../../../../src/wire/limits.ts";
import { controlBody } from "../../../common/control.ts";
import { MAX_UNANSWERED_BYTES, MAX_UNANSWERED_REQUESTS } from "../../../common/limits.ts";
import { errorText } from "../../../common/log.ts";

/** The u8 at byte 2 of frames on the socket of requests. */
export const RequestType = {
  REQUEST: 0x64,
  REPLY: 0x65,
  FAILED: 0x66,
  ABANDON: 0x67,
  OPEN: 0x68,
} as const;

/** What a REQUEST asks for; in its flags. */
export const RequestKind = {
  /** The reply has the bytes of the request. */
  PING: 1,
} as const;

/** A request of code in a Python process. */
export interface PythonRequest {
  /** The job of the calling thread, which may have ended; 0 if there was none. */
  readonly job: number;
  /** What it asks for, see {@linkcode RequestKind}. */
  readonly kind: number;
  /** The bytes that came with it. They do not change. */
  readonly body: Uint8Array;
  /** Aborts when the code abandons the request or the process ends. */
  readonly signal: AbortSignal;
}

/** Answers a request. If it rejects, the code gets a RuntimeError with the same message. */
export type Answer = (request: PythonRequest) => Promise<Uint8Array>;

/** Sends a frame. */
export type SendFrame = (type: number, id: number, body: Uint8Array) => void;

/** The size of the job at the start of a REQUEST's body. */
const JOB_BYTES = 4;

/** A request that is not answered yet. */
interface Unanswered {
  readonly bytes: number;
  readonly abort: AbortController;
}

/** The unanswered requests of one Python process. */
export class Requests {
  readonly #answer: Answer | undefined;
  readonly #send: SendFrame;
  readonly #unanswered = new Map<number, Unanswered>();
  #bytes = 0;
  #room: PromiseWithResolvers<void> | undefined;

  /** Replies are sent with `send`. `answer` answers all requests but pings. */
  constructor(send: SendFrame, answer?: Answer) {
    this.#send = send;
    this.#answer = answer;
  }

  /** How many are not answered yet. */
  get size(): number {
    return this.#unanswered.size;
  }

  /**
   * Takes a frame. Its body may change after this returns, unless it is `owned`.
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

  /** Resolves when there is room for a frame; undefined if there is room now. */
  room({ type }: Frame): Promise<void> | undefined {
    if (this.#hasRoom || type !== RequestType.REQUEST) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** Aborts all requests, as the process has ended. */
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
    // Another request may have the same id by now.
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
