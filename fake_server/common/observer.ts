/**
 * The events of a server. Each is reported at one place, to the log and to other observers.
 *
 * An observer has methods only for the events that it wants. For an event that no observer wants,
 * nothing is measured and no object is made.
 *
 * @module
 */
import type { Exit } from "./exit.ts";
import type { LogLevel } from "./log.ts";

/** A session was opened. */
export interface SessionOpened {
  session: string;
  /** The name of the client program, from its hello. */
  client: string;
  /** The session's name, if the user gave one. */
  name: string | undefined;
  peer: string;
}

/** A session has ended. */
export interface SessionClosed {
  session: string;
  reason: string;
  level: LogLevel;
  /** Further details of the reason. */
  details: Record<string, unknown>;
}

/** An eval has arrived. */
export interface EvalQueued {
  session: string;
  eval: number;
  /** The size of its code and values. */
  bytes: number;
}

/** An eval has started: its Python process has no other to run before it. */
export interface EvalStarted {
  session: string;
  eval: number;
  /** How long it has waited. */
  queuedMs: number;
}

/** An eval has ended. */
export interface EvalEnded {
  session: string;
  eval: number;
  /** One of `ResultStatus`; undefined if its body broke a rule of the wire. */
  status: number | undefined;
  queuedMs: number;
  /** The time since it started; 0 if it never started. */
  ranMs: number;
  /** The size of its result. */
  bytes: number;
}

/** Output that was written after the end of its eval, or by no eval. */
export interface LateOutput {
  /** The session and the eval, if they are known and still exist. */
  session: string | undefined;
  eval: number | undefined;
  fd: 1 | 2;
  bytes: number;
  /** The start of the output, if it goes only to observers. */
  text: string | undefined;
}

/** A record that a Python process has for the log, about an eval or about none. */
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
  /** Whether the reason is a lack of descriptors, which may happen often. */
  isCrowded: boolean;
}

/** Receives the events of a server. Its methods must not throw. */
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
  /** Code did not stop, so its process is being killed. */
  processKilled?(event: ProcessEvent): void;
  processDied?(event: ProcessEvent & { exit: Exit; level: LogLevel }): void;
  /** A process did not start; the next try is after the pause. */
  processFailed?(event: { slot: number; error: string; retryMs: number }): void;
  /** A process broke the rules of its link and is being killed. */
  linkBroken?(event: { slot: number; pid: number | undefined; message: string }): void;
  clientRefused?(event: ClientRefused): void;
  /** A connection ended before its hello was finished. */
  clientLost?(event: { peer: string; error: string | undefined }): void;
  /** Connections cannot be accepted. Reported every few seconds while that lasts. */
  acceptFailed?(event: { error: string }): void;
}

/** Every method: the type says if one is missing. */
const METHODS = Object.keys(
  {
    sessionOpened: true,
    sessionConnected: true,
    sessionClosed: true,
    evalQueued: true,
    evalStarted: true,
    evalEnded: true,
    outputLate: true,
    noted: true,
    namespacesKept: true,
    processStarted: true,
    processKilled: true,
    processDied: true,
    processFailed: true,
    linkBroken: true,
    clientRefused: true,
    clientLost: true,
    acceptFailed: true,
  } satisfies Record<keyof Observer, true>,
) as (keyof Observer)[];

/** Combines observers. The result has only the methods that at least one of them has. */
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
