/**
 * Checks arguments at the call, so that a mistake is reported where it was made.
 *
 * @module
 */
import { checkKeys, isPlainObject, shown } from "../common/given.ts";
import type { TlsSettings } from "../transport/transport.ts";
import { tokenFlaw } from "../wire/login.ts";
import {
  CONNECT_TIMEOUT_MS,
  HEARTBEAT_INTERVAL_MS,
  MAX_QUEUED_BYTES,
  MAX_QUEUED_EVALS,
  UNREAD_OUTPUT_PER_EVAL_BYTES,
  UNREAD_OUTPUT_PER_SESSION_BYTES,
} from "./defaults.ts";
import type { EvalOptions, OpenOptions, SessionLimits, TlsOptions } from "./options.ts";

/** {@linkcode OpenOptions} with all defaults filled in. */
export interface CheckedOpenOptions {
  signal: AbortSignal | undefined;
  connectTimeout: number;
  name: string | undefined;
  ownProcess: boolean;
  token: string | undefined;
  tls: TlsSettings | undefined;
  limits: Required<SessionLimits>;
}

/** The longest time of a JavaScript timer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Checks the options of an opening and fills in the defaults.
 *
 * @throws {TypeError} If an option has the wrong type or is unknown.
 */
export function checkOpenOptions(options: OpenOptions | undefined): CheckedOpenOptions {
  const doing = "open a session";
  const given = checkKeys(doing, options, [
    "signal",
    "connectTimeout",
    "name",
    "process",
    "token",
    "tls",
    "limits",
  ]);
  const limits = checkKeys(doing, given.limits, [
    "queuedEvals",
    "queuedBytes",
    "unreadOutputPerEval",
    "unreadOutputPerSession",
    "heartbeatInterval",
  ]);
  if (given.name !== undefined && typeof given.name !== "string") {
    throw new TypeError(`Cannot ${doing}: 'name' must be a string, got ${shown(given.name)}`);
  }
  if (given.process !== undefined && given.process !== "shared" && given.process !== "own") {
    throw new TypeError(
      `Cannot ${doing}: 'process' must be "shared" or "own", got ${shown(given.process)}`,
    );
  }
  const flaw = given.token === undefined ? undefined : tokenFlaw(given.token);
  if (flaw !== undefined) throw new TypeError(`Cannot ${doing}: ${flaw}`);
  return {
    signal: checkSignal(doing, given.signal),
    connectTimeout: checkMilliseconds(doing, "connectTimeout", given.connectTimeout) ??
      CONNECT_TIMEOUT_MS,
    name: given.name,
    ownProcess: given.process === "own",
    token: given.token,
    tls: checkTls(doing, given.tls),
    limits: {
      queuedEvals: checkCount(doing, "queuedEvals", limits.queuedEvals, MAX_QUEUED_EVALS),
      queuedBytes: checkCount(doing, "queuedBytes", limits.queuedBytes, MAX_QUEUED_BYTES),
      unreadOutputPerEval: checkCount(
        doing,
        "unreadOutputPerEval",
        limits.unreadOutputPerEval,
        UNREAD_OUTPUT_PER_EVAL_BYTES,
      ),
      unreadOutputPerSession: checkCount(
        doing,
        "unreadOutputPerSession",
        limits.unreadOutputPerSession,
        UNREAD_OUTPUT_PER_SESSION_BYTES,
      ),
      heartbeatInterval: checkMilliseconds(doing, "heartbeatInterval", limits.heartbeatInterval) ??
        HEARTBEAT_INTERVAL_MS,
    },
  };
}

/**
 * Checks the arguments of an eval.
 *
 * @throws {TypeError} If the code is no string, or an option has the wrong type or is unknown.
 */
export function checkEvalArguments(code: string, options: EvalOptions | undefined): EvalOptions {
  const doing = "eval";
  if (typeof code !== "string") {
    throw new TypeError(`Cannot ${doing}: the code must be a string, got ${shown(code)}`);
  }
  if (options === undefined) return NO_OPTIONS;
  const given = checkKeys(doing, options, EVAL_KEYS);
  checkDictionary("locs", given.locs);
  checkDictionary("globs", given.globs);
  if (given.namespace !== undefined) {
    if (typeof given.namespace !== "string" || given.namespace === "") {
      throw new TypeError(
        `Cannot ${doing}: 'namespace' must be a string that is not empty, got ${
          shown(given.namespace)
        }`,
      );
    }
    if (given.globs !== undefined && given.globs !== null) {
      throw new TypeError(
        `Cannot ${doing}: 'globs' cannot be given with 'namespace', which is the eval's globals; ` +
          `pass variables as 'locs'`,
      );
    }
  }
  if (given.strict !== undefined && typeof given.strict !== "boolean") {
    throw new TypeError(`Cannot ${doing}: 'strict' must be a boolean, got ${shown(given.strict)}`);
  }
  checkMilliseconds(doing, "timeout", given.timeout);
  checkSignal(doing, given.signal);
  if (given.onProgress !== undefined && typeof given.onProgress !== "function") {
    throw new TypeError(
      `Cannot ${doing}: 'onProgress' must be a function, got ${shown(given.onProgress)}`,
    );
  }
  return given;
}

const EVAL_KEYS = [
  "locs",
  "globs",
  "namespace",
  "strict",
  "timeout",
  "signal",
  "onProgress",
] as const;
const NO_OPTIONS: EvalOptions = {};

/**
 * Checks the options of a wait.
 *
 * @throws {TypeError} If an option has the wrong type or is unknown.
 */
export function checkWaitOptions(
  options: { timeout?: number | undefined; signal?: AbortSignal | undefined } | undefined,
): { timeout: number | undefined; signal: AbortSignal | undefined } {
  const given = checkKeys("wait", options, ["timeout", "signal"]);
  return {
    timeout: checkMilliseconds("wait", "timeout", given.timeout),
    signal: checkSignal("wait", given.signal),
  };
}

function checkTls(doing: string, tls: boolean | TlsOptions | undefined): TlsSettings | undefined {
  if (tls === undefined || tls === false) return undefined;
  const given = tls === true ? {} : checkKeys(doing, tls, ["caCerts", "serverName"]);
  const { caCerts = [], serverName } = given;
  if (!Array.isArray(caCerts) || !caCerts.every((cert) => typeof cert === "string")) {
    throw new TypeError(`Cannot ${doing}: 'caCerts' must be an Array of strings in PEM`);
  }
  if (serverName !== undefined && (typeof serverName !== "string" || serverName === "")) {
    throw new TypeError(`Cannot ${doing}: 'serverName' must be a name, got ${shown(serverName)}`);
  }
  return { caCerts: [...caCerts], serverName };
}

function checkDictionary(name: string, value: unknown): void {
  if (value === undefined || value === null || isPlainObject(value)) return;
  throw new TypeError(
    `Cannot eval: '${name}' must be a plain object, null or undefined, got ${shown(value)}`,
  );
}

function checkMilliseconds(doing: string, name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && value >= 0 && value <= LONGEST_TIMER_MS) return value;
  throw new TypeError(
    `Cannot ${doing}: '${name}' must be milliseconds from 0 to ${LONGEST_TIMER_MS}, got ${
      shown(value)
    }`,
  );
}

function checkCount(doing: string, name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new TypeError(
    `Cannot ${doing}: '${name}' must be an integer of 0 or more, got ${shown(value)}`,
  );
}

function checkSignal(doing: string, value: unknown): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw new TypeError(`Cannot ${doing}: 'signal' must be an AbortSignal, got ${shown(value)}`);
}
