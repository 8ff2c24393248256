/**
 * A python process that does nothing but answer, and that only when it is told to.
 *
 * @module
 */
import { resultBody } from "../../fake_server/common/control.ts";
import { LinkType, type PythonInfo } from "../../fake_server/executors/local/link.ts";
import type { Death, ProcessEvents } from "../../fake_server/executors/local/process_events.ts";
import type { Process } from "../../fake_server/scheduling/slot.ts";
import { readU32, writeU32 } from "../../src/wire/frame.ts";
import { HEADER_BYTES } from "../../src/wire/limits.ts";
import { ResultStatus } from "../../src/wire/messages.ts";
import { evalParts } from "../eval_body.ts";
import { concat } from "./bytes.ts";

/** The session's number stands in front of an eval's body. */
const SESSION_BYTES = 4;

/** The process. */
export class IdlePython implements Process {
  readonly nonce: Uint8Array = Uint8Array.from({ length: 16 }, (_, i) => 0xff - i);
  readonly info: PythonInfo = {
    pid: 1,
    executable: "python3",
    version: "3.11.7",
    implementation: "CPython",
    msgpack: "c",
    descriptors: 0,
  };
  readonly guardPid = 2;
  readonly exited: Promise<Death>;
  readonly #exit: (death: Death) => void;
  readonly #jobs: Uint8Array[] = [];
  #events: ProcessEvents | undefined;
  readonly running = 0;

  /** Starts. */
  constructor() {
    const { promise, resolve } = Promise.withResolvers<Death>();
    this.exited = promise;
    this.#exit = resolve;
  }

  spentMs(): number {
    return 0;
  }

  listen(events: ProcessEvents): void {
    this.#events = events;
  }

  send(pieces: readonly Uint8Array[]): void {
    this.#jobs.push(concat(pieces));
  }

  cancel(): void {}

  interrupt(): void {}

  remind(): void {}

  kill(): void {
    throw new Error("an eval that has an answer was to be killed");
  }

  end(): Promise<void> {
    this.#exit({ exit: { exit_code: 0 }, started: 0 });
    return Promise.resolve();
  }

  /** Answers everything that it has been given: evals with what they came with, the rest with nothing. */
  answer(): void {
    const events = this.#events!;
    for (let frame = this.#jobs.shift(); frame !== undefined; frame = this.#jobs.shift()) {
      const job = readU32(frame, 8);
      if (frame[2] === LinkType.FORGET) {
        events.result(job, ResultStatus.VALUE, resultBody({}), true, false);
        events.turn();
        continue;
      }
      const body = frame.subarray(HEADER_BYTES + SESSION_BYTES);
      const values = valuesOf(body);
      if (values !== undefined) {
        const result = concat([Uint8Array.of(0, 0, 0, 1, 0x80), values]);
        events.result(job, ResultStatus.VALUE, result, true, false);
        events.output(1, this.#record(1, job, new TextEncoder().encode("said\n")));
      } else events.broken(job, "it has no code");
      for (const pipe of [1, 2] as const) events.output(pipe, this.#record(2, job));
      events.turn();
    }
  }

  #record(kind: number, job: number, payload = new Uint8Array(0)): Uint8Array {
    const header = new Uint8Array(8);
    header.set([kind, kind === 1 ? 1 : 0, payload.length >> 8, payload.length]);
    writeU32(header, 4, job);
    return concat([this.nonce, header, payload]);
  }
}

function valuesOf(body: Uint8Array): Uint8Array | undefined {
  try {
    return evalParts(body).values;
  } catch {
    return undefined; // there is no code before them
  }
}
