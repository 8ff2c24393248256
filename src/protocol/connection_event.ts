/**
 * What a connection is told at first, and what it tells from then on.
 *
 * @module
 */
import type { LogRecord, ServerHello, Status } from "../wire/messages.ts";
import type { ErrorRecord } from "./error_record.ts";
import type { Transcript } from "./login.ts";
import type { StreamName } from "./rules.ts";

/** What a connection wants done, or has to tell. */
export type ConnectionEvent =
  | { kind: "send"; stream: StreamName; bytes: Uint8Array }
  /** The server asks for a proof: `proofs()` is to be called with what belongs to this. */
  | { kind: "challenged"; transcript: Transcript }
  | { kind: "opened"; hello: ServerHello }
  | { kind: "connected" }
  /** An eval is settled. The body is good until the stream's next read, unless `owned`. */
  | {
    kind: "result";
    id: number;
    status: number;
    body: Uint8Array;
    owned: boolean;
    /** It has no output, and no end of that is told. */
    isSilent: boolean;
  }
  /** The answer to an interrupt: the eval that was interrupted, if one was. */
  | { kind: "interrupted"; id?: number }
  | { kind: "running"; id: number; ms: number }
  | { kind: "status"; id: number; status: Status }
  /** The bytes are good until the stream's next read. */
  | { kind: "output"; id: number; fd: 1 | 2; bytes: Uint8Array }
  /** Every eval up to this id has no more output. */
  | { kind: "output_end"; id: number }
  /** This eval never left, and has no output. */
  | { kind: "never_sent"; id: number }
  | { kind: "log"; record: LogRecord; bytes: number }
  /** Every eval up to this id has been given to the mainstream. */
  | { kind: "sent"; id: number; bytes: number }
  /** The session is over: close both streams. The last event. */
  | { kind: "closed"; reason: string; error: ErrorRecord | undefined };

/** What a client says of itself. */
export interface OwnHello {
  client: string;
  name: string | undefined;
  /** Whether the session is to have a python process of its own. */
  ownProcess?: boolean;
  /** Given if the client has a token: then the server has to prove that it knows the same. */
  nonce: string | undefined;
  /** Whether this goes over TLS: only errors have to do with it. */
  tls?: boolean;
}
