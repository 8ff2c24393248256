/**
 * Reads a RESULT frame as the outcome of a future.
 *
 * @module
 */
import {
  CancelledError,
  type CancelledHow,
  EncodeError,
  EvalTimeoutError,
  NamespaceGoneError,
  RemoteProcessDiedError,
} from "../api/errors.ts";
import type { Outcome } from "../api/future.ts";
import { pythonErrorFromValue } from "../api/python_error.ts";
import type { PyProxyError } from "../common/error_base.ts";
import type { Progress } from "../protocol/progress.ts";
import { decode, DecodeError } from "../values/decode.ts";
import { readU32 } from "../wire/frame.ts";
import {
  type CancelledControl,
  type DiedControl,
  type NamespaceGoneControl,
  ResultStatus,
  type UnsendableControl,
} from "../wire/messages.ts";
import { callerStack } from "./caller.ts";

/** How an eval was stopped, in words. */
const ENDED: Record<CancelledHow, string> = {
  queued: "before it ran",
  interrupted: "by KeyboardInterrupt",
  killed: "with its python process",
};

/** What is known of an eval besides its future: the errors of the eval tell it. */
export interface EvalFacts {
  /** Where eval was called, if that was recorded: its stack is read only if the eval fails. */
  caller: Error | undefined;
  /** The `timeout` of the eval, in milliseconds. */
  timeout: number | undefined;
  /** Whether it is being cancelled because of its timeout. */
  expired: boolean;
  /** The reason of the signal that cancelled it, if one did. */
  abortReason: unknown;
  /** Called with the progress of its messages. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Reads a RESULT, whose body is in `bytes` from `start` to `end`.
 *
 * @throws {DecodeError} If the bytes are no values.
 * @throws {TypeError} If the values are no exception record.
 * @throws {RangeError} If there is no such status.
 */
export function outcomeOf(
  id: number,
  facts: EvalFacts,
  status: number,
  bytes: Uint8Array,
  start: number = 0,
  end: number = bytes.length,
): Outcome<unknown> {
  const control = start + 4;
  const values = end < control ? Infinity : control + readU32(bytes, start);
  if (values > end) throw new DecodeError("its control map is cut short");
  if (status === ResultStatus.VALUE) return { ok: true, value: decode(bytes, values, end) };
  const stack = callerStack(facts.caller);
  if (status === ResultStatus.PYTHON_ERROR) {
    return { ok: false, error: pythonErrorFromValue(decode(bytes, values, end), stack) };
  }
  const error = errorOf(id, facts, status, decode(bytes, control, values));
  error.stack = `${error.name}: ${error.message}\n${stack}`.trimEnd();
  return { ok: false, error };
}

/** The error of a RESULT without values. */
function errorOf(id: number, facts: EvalFacts, status: number, fields: unknown): PyProxyError {
  switch (status) {
    case ResultStatus.CANCELLED: {
      const { how } = fields as CancelledControl;
      if (!Object.hasOwn(ENDED, how)) {
        throw new RangeError(`an eval cannot be cancelled '${how}'`);
      }
      return cancelledError(id, facts, how);
    }
    case ResultStatus.DIED: {
      const { exit_code: exitCode, signal, replaced } = fields as DiedControl;
      if (replaced === true) {
        const message = `Eval ${id} replaced its python process with another program (os.exec), ` +
          `which was killed; use subprocess.run() to get its output and exit code`;
        return new RemoteProcessDiedError(message, undefined, undefined);
      }
      const how = signal === undefined ? `exit code ${exitCode}` : `signal ${signal}`;
      const message = `The python process died while it ran eval ${id}: ${how}`;
      return new RemoteProcessDiedError(message, exitCode, signal);
    }
    case ResultStatus.UNSENDABLE: {
      const { message, path, type } = fields as UnsendableControl;
      return new EncodeError(String(message), String(path), String(type));
    }
    case ResultStatus.NAMESPACE_GONE: {
      const { namespace } = fields as NamespaceGoneControl;
      const message =
        `Cannot run eval ${id}: its namespace ${JSON.stringify(namespace)} was lost ` +
        `with its python process; the next eval in it starts afresh`;
      return new NamespaceGoneError(message, String(namespace));
    }
    default:
      throw new RangeError(`there is no status ${status}`);
  }
}

/** The error of an eval that was stopped. */
export function cancelledError(id: number, facts: EvalFacts, how: CancelledHow): CancelledError {
  if (facts.expired) {
    const message = `Eval ${id} took longer than its ${facts.timeout} ms and was ended ${
      ENDED[how]
    }`;
    return new EvalTimeoutError(message, how);
  }
  const options = facts.abortReason === undefined ? undefined : { cause: facts.abortReason };
  return new CancelledError(`Eval ${id} was cancelled ${ENDED[how]}`, how, options);
}
