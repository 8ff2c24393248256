/**
 * The events of a connection, and what it is made of.
 *
 * @module
 */
import type { LogRecord, ServerHello, Status } from "../wire/messages.ts";
import type { ErrorRecord } from "./error_record.ts";
import type { Transcript } from "./login.ts";
import type { StreamName } from "./rules.ts";

/** What a connection reports, or asks the engine to do. */
export type ConnectionEvent =
  | { kind: "send"; stream: StreamName; bytes: Uint8Array }
  /** The server asks for a proof: call `proofs()` with those of this transcript. */
  | { kind: "challenged"; transcript: Transcript }
  | { kind: "opened"; hello: ServerHello }
  | { kind: "connected" }
  /** An eval is settled. The body is valid until the stream's next read, unless `owned`. */
  | {
    kind: "result";
    id: number;
    status: number;
    body: Uint8Array;
    owned: boolean;
    /** It has no output, and no event says that its output ends. */
    isSilent: boolean;
  }
  /** The answer to an interrupt: the eval that was interrupted, if one was. */
  | { kind: "interrupted"; id?: number }
  | { kind: "running"; id: number; ms: number }
  | { kind: "status"; id: number; status: Status }
  /** The bytes are valid until the stream's next read. */
  | { kind: "output"; id: number; fd: 1 | 2; bytes: Uint8Array }
  /** The output of every eval up to this id has ended. */
  | { kind: "output_end"; id: number }
  /** This eval was never sent, and has no output. */
  | { kind: "never_sent"; id: number }
  | { kind: "log"; record: LogRecord; bytes: number }
  /** Every eval up to this id has been given to the mainstream. */
  | { kind: "sent"; id: number; bytes: number }
  /** The session is over: close both streams. The last event. */
  | { kind: "closed"; reason: string; error: ErrorRecord | undefined };

/** What the client says of itself. */
export interface OwnHello {
  client: string;
  name: string | undefined;
  /** Whether the session gets a Python process of its own. */
  ownProcess?: boolean;
  /** Given if the client has a token: then the server must prove that it knows it. */
  nonce: string | undefined;
  /** Whether the streams use TLS. Only error messages depend on it. */
  tls?: boolean;
}
