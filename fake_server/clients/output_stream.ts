/**
 * A session's outputstream: output, ends of output, and log records. The client opens it after the
 * mainstream.
 *
 * @module
 */
import { type Frame, writeHeader } from "../../src/wire/frame.ts";
import { HEADER_BYTES } from "../../src/wire/limits.ts";
import { type CloseReason, MessageType } from "../../src/wire/messages.ts";
import { controlBody } from "../common/control.ts";
import { Fault } from "../common/fault.ts";
import { OUTPUT_HIGH_WATER_BYTES } from "../common/limits.ts";
import { type LogFields, type LogLevel, logRecord } from "../common/log.ts";
import type { Connection, Receiver } from "./connections/connection.ts";
import type { StreamState } from "./deadlines.ts";
import { checkPlain, typeText } from "./plain.ts";

/** The session of an outputstream. */
export interface OutputStreamOwner {
  /** The client says that something is wrong. */
  clientError(frame: Frame): void;
  /** The stream breaks a rule. */
  fault(fault: Fault): void;
  /** It has ended. */
  lost(error: unknown): void;
}

/** The outputstream of one session. */
export class OutputStream {
  readonly #sessionId: string;
  readonly #owner: OutputStreamOwner;
  #connection: Connection | undefined;
  /** An OUTPUT_END is due for all evals up to this one. */
  #endDue = 0;
  #over = false;

  /** For the session with this id. */
  constructor(sessionId: string, owner: OutputStreamOwner) {
    this.#sessionId = sessionId;
    this.#owner = owner;
  }

  /** Whether the client has opened it. */
  get isThere(): boolean {
    return this.#connection !== undefined;
  }

  /** The client has opened it. */
  attach(connection: Connection): void {
    this.#connection = connection;
    connection.established = true;
    connection.receiver = {
      frame: (frame) => {
        if (frame.type !== MessageType.ERROR) {
          const type = typeText(frame.type);
          throw new Fault("PROTOCOL", `type ${type} has no place on an outputstream`);
        }
        checkPlain(frame);
        this.#owner.clientError(frame);
      },
      // If the client does not read its PONGs, its PINGs are not read either.
      pressure: () => this.pressure(),
      fault: (fault) => this.#owner.fault(fault),
      lost: (error) => this.#owner.lost(error),
    } satisfies Receiver;
    connection.sendControl(MessageType.OUTPUT_READY, {});
  }

  /** Whether its reader is slow or silent; see {@linkcode Connection.check}. */
  check(now: number): StreamState | undefined {
    return this.#connection?.check(now, OUTPUT_HIGH_WATER_BYTES);
  }

  /** Sends output of an eval. */
  output(id: number, fd: 1 | 2, pieces: readonly Uint8Array[], length: number): void {
    if (this.#over) return;
    const bytes = new Uint8Array(HEADER_BYTES + length);
    writeHeader(bytes, 0, MessageType.OUTPUT, fd, length, id);
    let at = HEADER_BYTES;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.#connection!.sendBytes(bytes);
  }

  /** The output of all evals up to this one is complete. Ends within one turn share a message. */
  end(id: number): void {
    if (this.#endDue === 0) queueMicrotask(() => this.sendEnd());
    this.#endDue = id;
  }

  /** Sends the end that is due. */
  sendEnd(): void {
    if (this.#endDue === 0 || this.#over) return;
    this.#connection!.send(MessageType.OUTPUT_END, 0, this.#endDue, new Uint8Array(0));
    this.#endDue = 0;
  }

  /** Sends a log record, from info on. */
  log(level: LogLevel, msg: string, fields: LogFields): void {
    if (level === "debug" || this.#over || this.#connection === undefined) return;
    // Records must not pile up for a client that does not read. The server's own log has them.
    if (this.#connection.waiting > 2 * OUTPUT_HIGH_WATER_BYTES) return;
    const record = logRecord(level, msg, { session_id: this.#sessionId, ...fields });
    this.#connection.send(MessageType.LOG, 0, 0, controlBody(record));
  }

  /** Sends output that came after its eval's end, in pieces that a log record can hold. */
  late(fields: LogFields, bytes: Uint8Array, pieceBytes: number): void {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes);
      const text = new TextDecoder().decode(piece);
      this.log("info", "late output", { ...fields, text, bytes: piece.length });
    }
  }

  /** What has to happen before more output is read; undefined if nothing. */
  pressure(): Promise<void> | undefined {
    if (this.#over || this.#connection === undefined) return undefined;
    if (this.#connection.waiting <= OUTPUT_HIGH_WATER_BYTES) return undefined;
    return this.#connection.below(OUTPUT_HIGH_WATER_BYTES);
  }

  /** Resolves when all that was sent is written. */
  async written(): Promise<void> {
    await this.#connection?.written();
  }

  /** The session is over: nothing more is sent. */
  stop(): void {
    this.#over = true;
  }

  /** Ends it with an ERROR. */
  fail(code: CloseReason, message: string): void {
    this.#connection?.fail(code, message);
  }

  /** Closes the connection at once. */
  close(): void {
    this.#connection?.close();
  }
}
