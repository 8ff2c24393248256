/**
 * The server's end of the socket for requests (LINK.md, "Requests"), raw and small: it answers
 * nothing by itself, and what it sends may be anything.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { encode } from "@std/msgpack";

/** Anything that takes longer has hung. */
const DEADLINE_MS = 20_000;

/** Types of frames. */
export const RequestType = {
  REQUEST: 0x64,
  REPLY: 0x65,
  FAILED: 0x66,
  ABANDON: 0x67,
  OPEN: 0x68,
} as const;

/** A frame from the python process. */
export interface RequestFrame {
  type: number;
  /** In a REQUEST its kind. */
  flags: number;
  id: number;
  body: Uint8Array;
}

/** The server's end. */
export class LinkRequests implements AsyncDisposable {
  /** Everything that has come, and was not taken by `next()`. */
  readonly frames: RequestFrame[] = [];
  /** The stream has come to its end. */
  isOver = false;
  /** Resolves at the end of the stream. */
  readonly ended: Promise<void>;
  /** Called with each frame instead of keeping it. */
  onFrame: ((frame: RequestFrame) => void) | undefined;
  /** While it is set, nothing is read. */
  paused: Promise<void> | undefined;
  readonly #connection: Deno.UnixConn;
  #writes: Promise<void> = Promise.resolve();
  #isClosed = false;
  #changed = Promise.withResolvers<void>();

  /** Reads from a connection. */
  constructor(connection: Deno.UnixConn) {
    this.#connection = connection;
    this.ended = this.#read();
  }

  /** The next frame of a type; those of others before it are dropped. */
  async next(type: number = RequestType.REQUEST): Promise<RequestFrame> {
    const end = Date.now() + DEADLINE_MS;
    for (;;) {
      for (let frame = this.frames.shift(); frame !== undefined; frame = this.frames.shift()) {
        if (frame.type === type) return frame;
      }
      if (this.isOver) throw new Error(`the socket has ended, waited for type ${type}`);
      await deadline(this.#changed.promise, Math.max(1, end - Date.now()));
    }
  }

  /** Sends a REPLY. */
  reply(id: number, body: Uint8Array): Promise<void> {
    return this.write(frame(RequestType.REPLY, id, body));
  }

  /** Sends a FAILED. */
  fail(id: number, message: string): Promise<void> {
    return this.write(failed(id, message));
  }

  /** Answers each ping from now on with its payload. */
  echo(): void {
    const answer = (request: RequestFrame): void => {
      if (request.type === RequestType.REQUEST) this.reply(request.id, payload(request));
    };
    this.onFrame = answer;
    for (const frame of this.frames.splice(0)) answer(frame);
  }

  /** Sends bytes, behind all that was sent before. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#writes = this.#writes.then(async () => {
      for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
    }).catch(() => {
      // It has died; tests look at what becomes of its callers.
    });
  }

  /** Closes this end. */
  async close(): Promise<void> {
    if (!this.#isClosed) this.#connection.close();
    this.#isClosed = true;
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await this.#writes;
  }

  async #read(): Promise<void> {
    let have = new Uint8Array(0);
    const chunk = new Uint8Array(65_536);
    for (;;) {
      await this.paused;
      const count = await this.#connection.read(chunk).catch(() => null);
      if (count === null) break;
      const joined = new Uint8Array(have.length + count);
      joined.set(have);
      joined.set(chunk.subarray(0, count), have.length);
      have = joined;
      while (have.length >= 12) {
        const view = new DataView(have.buffer, have.byteOffset);
        const end = 12 + view.getUint32(4);
        if (end > have.length) break;
        const [type, flags] = [have[2]!, have[3]!];
        this.#frame({ type, flags, id: view.getUint32(8), body: have.slice(12, end) });
        have = have.subarray(end);
      }
    }
    this.isOver = true;
    this.#changed.resolve();
  }

  #frame(frame: RequestFrame): void {
    if (this.onFrame === undefined) this.frames.push(frame);
    else this.onFrame(frame);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** The job that a REQUEST says it is of. */
export function jobOf({ body }: RequestFrame): number {
  return new DataView(body.buffer, body.byteOffset).getUint32(0);
}

/** What is asked, without the job. */
export function payload({ body }: RequestFrame): Uint8Array {
  return body.subarray(4);
}

/** A frame. */
export function frame(type: number, id: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  bytes[1] = 2;
  bytes[2] = type;
  view.setUint32(4, body.length);
  view.setUint32(8, id);
  bytes.set(body, 12);
  return bytes;
}

/** A FAILED frame. */
export function failed(id: number, message: string): Uint8Array {
  return frame(RequestType.FAILED, id, encode({ message }));
}
