/**
 * The queue of evals on their way to the session's thread. They are encoded at the call, posted
 * together once a turn, and counted until they are sent.
 *
 * @module
 */
import { EncodeError, QueueFullError } from "../api/errors.ts";
import type { EvalOptions, SessionLimits } from "../api/options.ts";
import { Encoder } from "../values/encode.ts";
import { writeHeader } from "../wire/frame.ts";
import { HEADER_BYTES, MAX_CONTROL_BODY_BYTES } from "../wire/limits.ts";
import { type EvalControl, MessageType } from "../wire/messages.ts";

/** The control of most evals: its length, and an empty map. */
const NO_CONTROL = new Uint8Array([0, 0, 0, 1, 0x80]);

/** The header of the array of locs and globs. */
const ARRAY_OF_TWO = new Uint8Array([0x92]);

/** The bytes of an eval that will not be sent. */
const DROPPED = -1;

/** The thread reports what was sent at least this often; more often for small queues. */
const SENT_REPORT_EVALS = 256;
const SENT_REPORT_BYTES = 1024 * 1024;

/** What is posted to the thread. */
export interface EvalBatch {
  /** Whole EVAL frames, in a buffer of their own. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Those of them that have a `timeout`. */
  timeouts: [id: number, ms: number][];
  /** Those of them whose progress is watched. */
  watched: number[];
}

/** How many evals, or bytes of them, the thread may send before it reports. */
export interface SentReports {
  sentReportEvals: number;
  sentReportBytes: number;
}

/**
 * Reports are rare enough to cost nothing, and frequent enough that sent evals do not fill a small
 * queue.
 */
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
  /** Evals that the thread has not reported as sent, in order, from `#unsentAt` on. */
  #unsent: { id: number; bytes: number }[] = [];
  #unsentAt = 0;
  #unsentBytes = 0;
  /** The number of those that will never be sent. */
  #dropped = 0;

  /** The flags of every EVAL, by the features of the server. */
  flags = 0;

  /** Makes one with the session's limits. */
  constructor(limits: Required<SessionLimits>) {
    this.#limits = limits;
  }

  /**
   * Adds an eval. If it throws, nothing is added.
   *
   * @throws {QueueFullError} If too many evals, or too many bytes of them, wait already.
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

  /** Takes what was added since the last call. */
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

  /** Frees such a buffer if none was needed since the last call. Call it every few seconds. */
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

  /** An eval was cancelled. If it was not sent yet, it never is. */
  drop(id: number): void {
    const unsent = this.#unsent;
    let low = this.#unsentAt;
    let high = unsent.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (unsent[middle]!.id < id) low = middle + 1;
      else high = middle;
    }
    const found = unsent[low];
    if (found?.id !== id || found.bytes === DROPPED) return;
    this.#unsentBytes -= found.bytes;
    found.bytes = DROPPED;
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
