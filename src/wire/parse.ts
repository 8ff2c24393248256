/**
 * Checks the control bodies of the server's messages, field by field. Only expected own fields are
 * read; others are ignored.
 *
 * @module
 */
import { MAX_EVALS_IN_FLIGHT, MAX_FRAME_BODY_BYTES } from "./limits.ts";
import { isNonce } from "./login.ts";
import type {
  Challenge,
  ErrorBody,
  Goodbye,
  Interrupted,
  LogRecord,
  Running,
  ServerHello,
  Status,
} from "./messages.ts";

/** Thrown when a control body does not have the form of its message. */
export class BodyError extends Error {
  override name = "BodyError";
}

/**
 * Reads the body of a SERVER_HELLO.
 *
 * @throws {BodyError} If a field is missing or has another type.
 */
export function parseServerHello(body: unknown): ServerHello {
  const map = control("SERVER_HELLO", body);
  const limits = control("SERVER_HELLO limits", map.limits);
  const python = control("SERVER_HELLO python", map.python);
  const session_id = text("SERVER_HELLO", map, "session_id");
  if (!/^[0-9a-f]{32}$/.test(session_id)) {
    throw new BodyError(`SERVER_HELLO has a session_id of ${JSON.stringify(session_id)}`);
  }
  return {
    session_id,
    stream_token: text("SERVER_HELLO", map, "stream_token"),
    output_addr: text("SERVER_HELLO", map, "output_addr"),
    limits: {
      frame_bytes: Math.min(
        count("SERVER_HELLO limits", limits, "frame_bytes"),
        MAX_FRAME_BODY_BYTES,
      ),
      evals_in_flight: Math.min(
        count("SERVER_HELLO limits", limits, "evals_in_flight"),
        MAX_EVALS_IN_FLIGHT,
      ),
    },
    server: text("SERVER_HELLO", map, "server"),
    python: {
      version: text("SERVER_HELLO python", python, "version"),
      implementation: text("SERVER_HELLO python", python, "implementation"),
      msgpack: text("SERVER_HELLO python", python, "msgpack"),
    },
    features: words("SERVER_HELLO", map, "features"),
    ...(Object.hasOwn(map, "proof") ? { proof: text("SERVER_HELLO", map, "proof") } : {}),
  };
}

/**
 * Reads the body of an INTERRUPTED.
 *
 * @throws {BodyError} If a field has another type.
 */
export function parseInterrupted(body: unknown): Interrupted {
  const map = control("INTERRUPTED", body);
  return Object.hasOwn(map, "id") ? { id: count("INTERRUPTED", map, "id") } : {};
}

/**
 * Reads the body of a CHALLENGE.
 *
 * @throws {BodyError} If it has no nonce, or one of another form.
 */
export function parseChallenge(body: unknown): Challenge {
  const nonce = text("CHALLENGE", control("CHALLENGE", body), "nonce");
  if (!isNonce(nonce)) throw new BodyError("CHALLENGE has a nonce that is not 64 hex digits");
  return { nonce };
}

/**
 * Reads the body of a RUNNING.
 *
 * @throws {BodyError} If a field is missing or has another type.
 */
export function parseRunning(body: unknown): Running {
  return { ms: count("RUNNING", control("RUNNING", body), "ms") };
}

/**
 * Reads the body of a STATUS_REPLY.
 *
 * @throws {BodyError} If a field is missing or has another type.
 */
export function parseStatus(body: unknown): Status {
  const map = control("STATUS_REPLY", body);
  const python = control("STATUS_REPLY python", map.python);
  const process = control("STATUS_REPLY process", map.process);
  const status: Status = {
    python: {
      version: text("STATUS_REPLY python", python, "version"),
      implementation: text("STATUS_REPLY python", python, "implementation"),
    },
    queued: count("STATUS_REPLY", map, "queued"),
    process: {
      evals: count("STATUS_REPLY process", process, "evals"),
      sessions: count("STATUS_REPLY process", process, "sessions"),
    },
  };
  if (Object.hasOwn(python, "pid")) {
    status.python.pid = count("STATUS_REPLY python", python, "pid");
  }
  if (Object.hasOwn(map, "running")) status.running = count("STATUS_REPLY", map, "running");
  return status;
}

/**
 * Reads the body of an ERROR.
 *
 * @throws {BodyError} If a field is missing or has another type.
 */
export function parseError(body: unknown): { code: string; message: ErrorBody["message"] } {
  const map = control("ERROR", body);
  return { code: text("ERROR", map, "code"), message: text("ERROR", map, "message") };
}

/**
 * Reads the body of a GOODBYE.
 *
 * @throws {BodyError} If a field has another type.
 */
export function parseGoodbye(body: unknown): { reason: string | undefined; drain: boolean } {
  const map = control("GOODBYE", body);
  const drain = Object.hasOwn(map, "drain") ? map.drain : false;
  if (typeof drain !== "boolean") throw new BodyError(`GOODBYE has a drain that is no boolean`);
  return {
    reason: Object.hasOwn(map, "reason") ? text("GOODBYE", map, "reason") : undefined,
    drain,
  } satisfies Omit<Goodbye, "reason"> & { reason: string | undefined };
}

/**
 * Checks the body of an OUTPUT_READY, which has no fields.
 *
 * @throws {BodyError} If it is no map.
 */
export function parseOutputReady(body: unknown): void {
  control("OUTPUT_READY", body);
}

/**
 * Reads the body of a LOG.
 *
 * @throws {BodyError} If a field is missing or has another type.
 */
export function parseLog(body: unknown): LogRecord {
  const map = control("LOG", body);
  const level = text("LOG", map, "level");
  if (level !== "debug" && level !== "info" && level !== "warn" && level !== "error") {
    throw new BodyError(`LOG has the level ${JSON.stringify(level)}`);
  }
  const record: LogRecord = {
    ...map,
    level,
    ts: text("LOG", map, "ts"),
    msg: text("LOG", map, "msg"),
    session_id: text("LOG", map, "session_id"),
  };
  if (Object.hasOwn(map, "future_id")) record.future_id = count("LOG", map, "future_id");
  return record;
}

function control(what: string, body: unknown): Record<string, unknown> {
  if (typeof body === "object" && body !== null) {
    const prototype: unknown = Object.getPrototypeOf(body);
    if (prototype === Object.prototype || prototype === null) {
      return body as Record<string, unknown>;
    }
  }
  throw new BodyError(`the body of ${what} is no map with string keys`);
}

function text(what: string, map: Record<string, unknown>, field: string): string {
  const value = Object.hasOwn(map, field) ? map[field] : undefined;
  if (typeof value === "string") return value;
  throw new BodyError(`${what} has no string '${field}'`);
}

/** Reads a list of strings that may be missing. */
function words(what: string, map: Record<string, unknown>, field: string): string[] {
  const value = Object.hasOwn(map, field) ? map[field] : [];
  if (Array.isArray(value) && value.every((word) => typeof word === "string")) return value;
  throw new BodyError(`${what} has '${field}' that are no strings`);
}

function count(what: string, map: Record<string, unknown>, field: string): number {
  const value = Object.hasOwn(map, field) ? map[field] : undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new BodyError(`${what} has no '${field}' that is an integer of 0 or more`);
}
