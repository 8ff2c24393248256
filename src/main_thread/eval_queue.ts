/**
 * Evals on their way to the session's thread: encoded at the call, posted together once a turn,
 * counted until they have been sent.
 *
 * @module
 */
import { EncodeError, QueueFullError } from "../api/errors.ts";
import type { EvalOptions, SessionLimits } from "../api/options.ts";
import { Encoder } from "../values/encode.ts";
import { writeHeader } from "../wire/frame.ts";
import {
  HEADER_BYTES,
  MAX_CONTROL_BODY_BYTES,
  SENT_REPORT_BYTES,
  SENT_REPORT_EVALS,
} from "../wire/limits.ts";
import { type EvalControl, MessageType } from "../wire/messages.ts";

/** Length and map of an empty control: what most evals have. */
const NO_CONTROL = new Uint8Array([0, 0, 0, 1, 0x80]);

/** An array of two: what stands before locs and globs. */
const ARRAY_OF_TWO = new Uint8Array([0x92]);

/** The bytes of an eval that will not be sent. */
const DROPPED = -1;

/** What is posted to the thread. */
export interface EvalBatch {
  /** Whole EVAL frames, in a buffer of their own. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Those of them that have a `timeout`. */
  timeouts: [id: number, ms: number][];
  /** Those of them whose progress is watched. */
  watched: number[];
}

/** How much may have left the queue before it is told of it. */
export interface SentReports {
  sentReportEvals: number;
  sentReportBytes: number;
}

/** Seldom enough to cost nothing, often enough that a small queue is not full of what has left. */
export function sentReports({ queuedEvals, queuedBytes }: Required<SessionLimits>): SentReports {
  return {
    sentReportEvals: Math.min(SENT_REPORT_EVALS, Math.max(1, queuedEvals >> 2)),
    sentReportBytes: Math.min(SENT_REPORT_BYTES, queuedBytes / 4),
  };
}

/** The queue of one session. */
export class EvalQueue {
  readonly #limits: Required<SessionLimits>;
  readonly #encoder = new Encoder();
  #timeouts: [id: number, ms: number][] = [];
  #watched: number[] = [];
  /** Evals that the thread has not said to be sent, in order, from `#unsentAt` on. */
  #unsent: { id: number; bytes: number }[] = [];
  #unsentAt = 0;
  #unsentBytes = 0;
  /** Of those, the ones that will never be. */
  #dropped = 0;

  /** Flags that every EVAL has, by what the server offers. */
  flags = 0;

  /** Makes one with the session's limits. */
  constructor(limits: Required<SessionLimits>) {
    this.#limits = limits;
  }

  /**
   * Adds an eval. After an error nothing of it is there.
   *
   * @throws {QueueFullError} If too many, or too much of them, wait already.
   * @throws {EncodeError} If a value cannot be sent, or a message would be larger than `maxBody`.
   */
  add(id: number, code: string, options: EvalOptions, maxBody: number): void {
    const waiting = this.#unsent.length - this.#unsentAt - this.#dropped;
    const { queuedEvals, queuedBytes } = this.#limits;
    if (waiting >= queuedEvals || this.#unsentBytes >= queuedBytes) {
      throw new QueueFullError(
        `Cannot eval: ${waiting} evals with ${this.#unsentBytes} bytes wait to be sent, the ` +
          `limits are ${queuedEvals} and ${queuedBytes}; await some futures first`,
      );
    }
    const encoder = this.#encoder;
    const start = encoder.length;
    try {
      this.#encode(id, code, options, maxBody);
    } catch (error) {
      encoder.truncate(start);
      throw error;
    }
    const bytes = encoder.length - start;
    this.#unsent.push({ id, bytes });
    this.#unsentBytes += bytes;
    if (options.onProgress !== undefined) this.#watched.push(id);
    if (options.timeout !== undefined) this.#timeouts.push([id, options.timeout]);
  }

  /** What was added since the last call. */
  take(): EvalBatch | undefined {
    if (this.#encoder.length === 0) return undefined;
    const timeouts = this.#timeouts;
    const watched = this.#watched;
    this.#timeouts = [];
    this.#watched = [];
    return { bytes: this.#encoder.take(), timeouts, watched };
  }

  /** Takes back the buffer of a batch that was sent. */
  reuse(buffer: ArrayBuffer): void {
    this.#encoder.reuse(buffer);
  }

  /** To be called every few seconds: lets go of such a buffer if none was needed since. */
  rest(): void {
    this.#encoder.rest();
  }

  /** Every eval up to `id` has been sent. */
  sentUpTo(id: number): void {
    const unsent = this.#unsent;
    while (this.#unsentAt < unsent.length && unsent[this.#unsentAt]!.id <= id) {
      const { bytes } = unsent[this.#unsentAt++]!;
      if (bytes === DROPPED) this.#dropped--;
      else this.#unsentBytes -= bytes;
    }
    if (this.#unsentAt === unsent.length || this.#unsentAt > 1024) {
      unsent.splice(0, this.#unsentAt);
      this.#unsentAt = 0;
    }
  }

  /** An eval was cancelled before it was sent, if it had not been. */
  drop(id: number): void {
    const unsent = this.#unsent;
    let low = this.#unsentAt;
    let high = unsent.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (unsent[middle]!.id < id) low = middle + 1;
      else high = middle;
    }
    const entry = unsent[low];
    if (entry?.id !== id || entry.bytes === DROPPED) return;
    this.#unsentBytes -= entry.bytes;
    entry.bytes = DROPPED;
    this.#dropped++;
  }

  #encode(id: number, code: string, options: EvalOptions, maxBody: number): void {
    const { locs, globs, namespace, strict } = options;
    const encoder = this.#encoder;
    const header = encoder.reserve(HEADER_BYTES);
    const body = header + HEADER_BYTES;
    if (namespace === undefined && strict === undefined) encoder.raw(NO_CONTROL);
    else this.#control(id, { namespace, strict });
    encoder.value(code, "code");
    if ((locs ?? globs ?? undefined) !== undefined) {
      encoder.raw(ARRAY_OF_TWO);
      encoder.value(locs, "locs", 1);
      encoder.value(globs, "globs", 1);
    }
    const length = encoder.length - body;
    if (length > maxBody) {
      throw new EncodeError(
        `Cannot send eval ${id}: its code and arguments take ${length} bytes, more than the ` +
          `${maxBody} that one message may have`,
        "locs",
      );
    }
    writeHeader(encoder.bytes(), header, MessageType.EVAL, this.flags, length, id);
  }

  #control(id: number, { namespace, strict }: EvalControl): void {
    const encoder = this.#encoder;
    const at = encoder.reserve(4);
    const control: EvalControl = {};
    if (namespace !== undefined) control.namespace = namespace;
    if (strict !== undefined) control.strict = strict;
    encoder.value(control, "");
    const length = encoder.length - at - 4;
    if (length > MAX_CONTROL_BODY_BYTES) {
      throw new EncodeError(
        `Cannot send eval ${id}: its namespace's name and 'strict' take ${length} bytes, more than ` +
          `the ${MAX_CONTROL_BODY_BYTES} allowed; use a shorter name`,
        "namespace",
      );
    }
    encoder.setU32(at, length);
  }
}
