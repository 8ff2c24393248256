/**
 * One socket of a client: reads and writes frames, notices silence, and lets the peer read the last
 * message before it closes.
 *
 * @module
 */
import { MAX_COPIED_BYTES, Outbox } from "../../../src/transport/outbox.ts";
import { FIRST_BUFFER_BYTES } from "../../../src/wire/buffers.ts";
import type { Frame } from "../../../src/wire/frame.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { MAX_HELLO_BODY_BYTES } from "../../../src/wire/limits.ts";
import { type CloseReason, MessageType } from "../../../src/wire/messages.ts";
import { controlBody } from "../../common/control.ts";
import { Fault, faultOf } from "../../common/fault.ts";
import type { KeptBuffers } from "../../common/kept_buffers.ts";
import {
  GATHERED_FRAMES,
  GATHERED_MS,
  LINGER_BYTES,
  LINGER_MS,
  type ServerLimits,
} from "../../common/limits.ts";
import { PeerTiming } from "./peer_timing.ts";
import type { Socket } from "./socket.ts";

/** What all connections of a server share. */
export interface ConnectionContext {
  readonly limits: ServerLimits;
  /** A monotonic clock in milliseconds. */
  readonly clock: () => number;
  /** Bytes of unfinished frames, of all connections together. */
  readonly unfinished: { bytes: number };
  /** Used buffers, for large bodies. */
  readonly buffers: KeptBuffers;
}

/** Receives the frames of a connection: first the handshake, then a session. */
export interface Receiver {
  /** Takes a frame. Errors go to `fault`. The body is valid only until this returns. */
  frame(frame: Frame): void;
  /** Called after each read; the next read waits for its promise. */
  pressure?(): Promise<void> | undefined;
  /** The peer broke a rule, or the server failed. */
  fault(fault: Fault): void;
  /** The stream has ended, and not by us: the peer closed it, or there was an error. */
  lost(error?: unknown): void;
}

const DISCARD_BUFFER_BYTES = 16 * 1024;
const EMPTY = new Uint8Array(0);

/** One connection of a client. */
export class Connection {
  /** The address of the peer, for the log. */
  readonly peer: string;
  receiver: Receiver;
  /** Resolves when it is closed and no longer read. */
  readonly gone: Promise<void>;
  /** Whether the hello is finished. Before that there are no pings, and bodies are small. */
  established = false;
  readonly #socket: Socket;
  readonly #context: ConnectionContext;
  readonly #reader: FrameReader;
  readonly #outbox: Outbox;
  #unfinished = 0;
  readonly #timing: PeerTiming;
  #ending = false;
  #closed = false;
  /** How many frames went through `sendSoon`, and the timer that sends the last of them. */
  #soon = 0;
  #soonTimer: ReturnType<typeof setTimeout> | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;

  /** Takes over an accepted socket and reads it to its end. */
  constructor(socket: Socket, context: ConnectionContext, receiver: Receiver) {
    this.#socket = socket;
    this.#context = context;
    this.receiver = receiver;
    this.peer = socket.peer;
    this.#reader = new FrameReader(MAX_HELLO_BODY_BYTES, { buffers: context.buffers });
    this.#timing = new PeerTiming(context.limits, context.clock());
    this.#outbox = new Outbox({ write: (bytes) => this.#write(bytes) }, (error) => {
      if (!this.#ending) this.receiver.lost(error);
    }, { buffers: context.buffers });
    this.gone = this.#serve();
  }

  /** How many bytes wait for the peer. */
  get waiting(): number {
    return this.#outbox.waiting;
  }

  /** Whether one side has begun to end it. */
  get ending(): boolean {
    return this.#ending;
  }

  /** The largest body that is accepted from now on. */
  set maxBody(bytes: number) {
    this.#reader.maxBody = bytes;
  }

  /** Resolves when at most `bytes` wait for the peer, or the peer has gone. */
  below(bytes: number): Promise<void> {
    return this.#outbox.below(bytes);
  }

  /** Resolves when everything is written, or can't be written any more. */
  written(): Promise<void> {
    return this.#outbox.idle();
  }

  /** Sends a frame. The body is copied, unless it is `owned`: then it belongs to the connection. */
  send(type: number, flags: number, id: number, body: Uint8Array, owned = false): void {
    if (this.#ending) return;
    if (this.#outbox.waiting === 0) this.#timing.took(this.#context.clock());
    const { buffers } = this.#context;
    const isCopied = !owned && body.length > MAX_COPIED_BYTES;
    const own = isCopied ? buffers.copy(body) : body;
    this.#outbox.sendFrame(type, flags, id, own, () => buffers.give(own.buffer));
  }

  /**
   * Sends a small frame soon: together with others like it, with the next frame of `send`, or after
   * a millisecond.
   */
  sendSoon(type: number, flags: number, id: number, body: Uint8Array): void {
    if (this.#ending) return;
    if (this.#outbox.waiting === 0) this.#timing.took(this.#context.clock());
    this.#outbox.gatherFrame(type, flags, id, body);
    if (++this.#soon % GATHERED_FRAMES === 0) this.#outbox.flush();
    this.#soonTimer ??= setTimeout(() => {
      this.#soonTimer = undefined;
      this.#outbox.flush();
    }, GATHERED_MS);
  }

  /** Sends a control message. */
  sendControl(type: number, map: object): void {
    this.send(type, 0, 0, controlBody(map));
  }

  /** Sends whole frames. The bytes must not change any more; for `done` see `Outbox.send()`. */
  sendBytes(bytes: Uint8Array, done?: () => void): void {
    if (this.#ending) return;
    if (this.#outbox.waiting === 0) this.#timing.took(this.#context.clock());
    this.#outbox.send(bytes, done);
  }

  /**
   * Checks whether the peer is slow or silent, and sends it a PING before that. Called several
   * times a second.
   *
   * @param highWater While more bytes than this wait for the peer, it is slow, not silent.
   */
  check(now: number, highWater: number): "slow" | "silent" | undefined {
    if (this.#ending) return undefined;
    const state = this.#timing.check(now, this.#outbox.waiting > highWater);
    if (state !== "ask") return state;
    this.send(MessageType.PING, 0, 0, EMPTY);
    return undefined;
  }

  /** Ends the connection with an ERROR. */
  fail(code: CloseReason, message: string): void {
    this.end(MessageType.ERROR, { code, message });
  }

  /** Ends the connection with a last message, and gives the peer time to read it. */
  end(type: number, map: object): void {
    if (this.#ending) return;
    this.sendControl(type, map);
    this.#ending = true;
    this.#linger = setTimeout(() => this.close(), LINGER_MS);
    this.#finishWriting();
  }

  /** Closes the connection at once. */
  close(): void {
    this.#ending = true;
    clearTimeout(this.#linger);
    clearTimeout(this.#soonTimer);
    if (this.#closed) return;
    this.#closed = true;
    this.#context.unfinished.bytes -= this.#unfinished;
    this.#unfinished = 0;
    this.#socket.close();
  }

  async #serve(): Promise<void> {
    let discarded = 0;
    try {
      for (;;) {
        // After our last message we read and discard what comes. Otherwise closing would reset the
        // connection, and the peer could not read that message.
        const into = this.#ending ? new Uint8Array(DISCARD_BUFFER_BYTES) : this.#reader.space();
        const count = await this.#socket.read(into);
        if (count === null) break;
        if (this.#ending) {
          discarded += count;
          if (discarded > LINGER_BYTES) break;
          continue;
        }
        this.#take(count);
        const pressure = this.receiver.pressure?.();
        if (pressure !== undefined) {
          this.#timing.pause();
          await pressure;
          this.#timing.resume(this.#context.clock());
        }
      }
      if (!this.#ending) this.receiver.lost();
    } catch (error) {
      if (!this.#ending) this.receiver.lost(error);
    } finally {
      this.close();
    }
  }

  async #finishWriting(): Promise<void> {
    await this.#outbox.idle();
    try {
      if (!this.#closed) await this.#socket.closeWrite();
    } catch {
      // The peer has closed it first.
      this.close();
    }
  }

  #take(count: number): void {
    this.#timing.heard(this.#context.clock());
    try {
      for (const frame of this.#reader.filled(count)) {
        this.#frame(frame);
        if (this.#ending) return;
      }
      this.#account();
    } catch (error) {
      this.receiver.fault(faultOf(error));
    }
  }

  #frame(frame: Frame): void {
    const { type, flags, length, id } = frame;
    if (this.established && (type === MessageType.PING || type === MessageType.PONG)) {
      if (flags !== 0 || length !== 0) {
        throw new Fault(
          "PROTOCOL",
          `a PING or PONG has flags ${flags} and ${length} bytes of body`,
        );
      }
      if (type === MessageType.PING) this.send(MessageType.PONG, 0, id, EMPTY);
    } else this.receiver.frame(frame);
  }

  /** Counts large unfinished frames against the limit for all clients together. */
  #account(): void {
    const pending = this.#reader.pending;
    const large = pending > FIRST_BUFFER_BYTES ? pending : 0;
    const { unfinished, limits } = this.#context;
    unfinished.bytes += large - this.#unfinished;
    this.#unfinished = large;
    if (unfinished.bytes > limits.unfinishedBytes) {
      throw new Fault(
        "LIMIT",
        `the server holds ${unfinished.bytes} bytes of unfinished messages, more than the ` +
          `${limits.unfinishedBytes} it takes`,
      );
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      at += await this.#socket.write(bytes.subarray(at));
      this.#timing.took(this.#context.clock());
    }
  }
}
