/**
 * What happens in a server, told at one place each: to the log, and to whatever else wants to know.
 *
 * An observer has methods for what it wants to know and no others: for what nobody asks, nothing is
 * measured and no object is made.
 *
 * @module
 */
import type { Exit } from "./exit.ts";
import type { LogLevel } from "./log.ts";

/** A session has been opened, or its outputstream has come. */
export interface SessionOpened {
  session: string;
  /** The program at the other end, as it names itself. */
  client: string;
  /** The user's word for the session. */
  name: string | undefined;
  peer: string;
}

/** A session is over. */
export interface SessionClosed {
  session: string;
  reason: string;
  level: LogLevel;
  /** What else is known of the reason. */
  details: Record<string, unknown>;
}

/** An eval has come. */
export interface EvalQueued {
  session: string;
  eval: number;
  /** The size of its code and values. */
  bytes: number;
}

/** It is an eval's turn: its Python process has no other to run before it. */
export interface EvalStarted {
  session: string;
  eval: number;
  /** For how long it has waited. */
  queuedMs: number;
}

/** An eval is over. */
export interface EvalEnded {
  session: string;
  eval: number;
  /** One of `ResultStatus`; undefined if its body broke a rule of the wire. */
  status: number | undefined;
  queuedMs: number;
  /** How long it was its turn; 0 if it never was. */
  ranMs: number;
  /** The size of its result. */
  bytes: number;
}

/** Output that was written after its eval's end, or by no eval. */
export interface LateOutput {
  /** The session and the eval, if they are known and still there. */
  session: string | undefined;
  eval: number | undefined;
  fd: 1 | 2;
  bytes: number;
  /** The start of it, where only the observer gets it. */
  text: string | undefined;
}

/** A line about an eval that its Python process has for the log, or about none. */
export interface Note {
  session: string | undefined;
  eval: number | undefined;
  level: LogLevel;
  msg: string;
  fields: Record<string, unknown>;
}

/** A Python process. */
export interface ProcessEvent {
  slot: number;
  pid: number;
}

/** A connection was refused. */
export interface ClientRefused {
  peer: string;
  code: string;
  message: string;
  /** For a lack of descriptors: that may come often. */
  isCrowded: boolean;
}

/** Is told what happens. It must not throw. */
export interface Observer {
  sessionOpened?(event: SessionOpened): void;
  sessionConnected?(event: { session: string; peer: string }): void;
  sessionClosed?(event: SessionClosed): void;
  evalQueued?(event: EvalQueued): void;
  evalStarted?(event: EvalStarted): void;
  evalEnded?(event: EvalEnded): void;
  outputLate?(event: LateOutput): void;
  noted?(event: Note): void;
  /** The namespaces of a closed session could not be dropped. */
  namespacesKept?(event: { session: string; message: string }): void;
  processStarted?(event: ProcessEvent): void;
  /** Code did not stop, so its process is being ended. */
  processKilled?(event: ProcessEvent): void;
  processDied?(event: ProcessEvent & { exit: Exit; level: LogLevel }): void;
  /** A process did not come up; the next try is after the pause. */
  processFailed?(event: { slot: number; error: string; retryMs: number }): void;
  /** A process breaks the rules of its connection and is being ended. */
  linkBroken?(event: { slot: number; pid: number | undefined; message: string }): void;
  clientRefused?(event: ClientRefused): void;
  /** A connection has ended before it has said what it is. */
  clientLost?(event: { peer: string; error: string | undefined }): void;
  /** Connections cannot be accepted; told every few seconds while that lasts. */
  acceptFailed?(event: { error: string }): void;
}

const METHODS = [
  "sessionOpened",
  "sessionConnected",
  "sessionClosed",
  "evalQueued",
  "evalStarted",
  "evalEnded",
  "outputLate",
  "noted",
  "namespacesKept",
  "processStarted",
  "processKilled",
  "processDied",
  "processFailed",
  "linkBroken",
  "clientRefused",
  "clientLost",
  "acceptFailed",
] as const satisfies readonly (keyof Observer)[];

/** One observer that tells all of these; it has only the methods that one of them has. */
export function observers(...all: Observer[]): Observer {
  const one: Observer = {};
  for (const method of METHODS) {
    const those = all.filter((observer) => observer[method] !== undefined);
    if (those.length === 0) continue;
    one[method] = (event: never): void => {
      for (const observer of those) observer[method]!(event);
    };
  }
  return one;
}
