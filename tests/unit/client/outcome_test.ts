import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { encode } from "@std/msgpack";
import {
  CancelledError,
  EncodeError,
  EvalTimeoutError,
  NamespaceGoneError,
  RemoteProcessDiedError,
} from "../../../mod.ts";
import { outcomeOf } from "../../../src/main_thread/outcome.ts";
import { DecodeError } from "../../../src/values/decode.ts";
import { writeU32 } from "../../../src/wire/frame.ts";
import { ResultStatus } from "../../../src/wire/messages.ts";

const facts = { caller: new Error(), timeout: 50, expired: false, abortReason: undefined };

/** A RESULT's body with this control map and these values. */
function body(control: Parameters<typeof encode>[0], values = new Uint8Array(0)): Uint8Array {
  const map = encode(control);
  const bytes = new Uint8Array(4 + map.length + values.length);
  writeU32(bytes, 0, map.length);
  bytes.set(map, 4);
  bytes.set(values, 4 + map.length);
  return bytes;
}

function errorOf(status: number, control: Parameters<typeof encode>[0], how = facts): Error {
  const outcome = outcomeOf(7, how, status, body(control));
  assert(!outcome.ok);
  return outcome.error;
}

Deno.test("outcomeOf() gives the value of a RESULT that has one", () => {
  const outcome = outcomeOf(7, facts, ResultStatus.VALUE, body({}, encode([1, "a"])));
  assertEquals(outcome, { ok: true, value: [1, "a"] });
});

Deno.test("outcomeOf() says how an eval was stopped, and whether for its timeout", () => {
  const cancelled = errorOf(ResultStatus.CANCELLED, { how: "killed" });
  assertInstanceOf(cancelled, CancelledError);
  assertEquals([cancelled.name, cancelled.how], ["CancelledError", "killed"]);
  const expired = errorOf(ResultStatus.CANCELLED, { how: "interrupted" }, {
    ...facts,
    expired: true,
  });
  assertInstanceOf(expired, EvalTimeoutError);
  assertEquals(
    expired.message,
    "Eval 7 took longer than its 50 ms and was ended by KeyboardInterrupt",
  );
});

Deno.test("outcomeOf() says how the process died, what cannot be sent, which namespace is gone", () => {
  const died = errorOf(ResultStatus.DIED, { signal: "SIGKILL" });
  assertInstanceOf(died, RemoteProcessDiedError);
  assertEquals([died.exitCode, died.signal], [undefined, "SIGKILL"]);
  const unsendable = errorOf(ResultStatus.UNSENDABLE, { message: "m", path: "p", type: "t" });
  assertInstanceOf(unsendable, EncodeError);
  assertEquals([unsendable.message, unsendable.path, unsendable.valueType], ["m", "p", "t"]);
  const gone = errorOf(ResultStatus.NAMESPACE_GONE, { namespace: "n" });
  assertInstanceOf(gone, NamespaceGoneError);
  assertEquals(gone.namespace, "n");
});

Deno.test("outcomeOf() throws for a RESULT that breaks the rules", () => {
  const read = (status: number, bytes: Uint8Array) => () => outcomeOf(7, facts, status, bytes);
  assertThrows(read(9, body({})), RangeError, "no status 9");
  assertThrows(read(ResultStatus.CANCELLED, body({ how: "eaten" })), RangeError, "'eaten'");
  assertThrows(read(ResultStatus.VALUE, body({})));
  assertThrows(read(ResultStatus.VALUE, new Uint8Array(2)), DecodeError, "cut short");
  assertThrows(read(ResultStatus.VALUE, body({}).subarray(0, 4)), DecodeError, "cut short");
  assertThrows(read(ResultStatus.VALUE, body({}, new Uint8Array([1, 2]))));
  assertThrows(read(ResultStatus.PYTHON_ERROR, body({}, encode("no record"))), TypeError, "a dict");
});

Deno.test("outcomeOf() reads a RESULT among others, and nothing of them", () => {
  const one = body({}, encode([1, "a"]));
  const next = body({ how: "queued" });
  const bytes = new Uint8Array([9, 9, ...one, ...next]);
  const end = 2 + one.length;
  assertEquals(outcomeOf(7, facts, ResultStatus.VALUE, bytes, 2, end), {
    ok: true,
    value: [1, "a"],
  });
  const read = (start: number, end: number) => () =>
    outcomeOf(7, facts, ResultStatus.VALUE, bytes, start, end);
  assertThrows(read(2, end - 1), DecodeError, "cut short");
  assertThrows(read(2, end + 1), DecodeError, "left after it");
  assertThrows(read(2, 6), DecodeError, "cut short");
});
