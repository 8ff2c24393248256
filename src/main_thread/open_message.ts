/**
 * The first message to a session's thread.
 *
 * @module
 */
import type { CheckedOpenOptions } from "../api/check_options.ts";
import type { OpenMessage } from "../bridge/bridge.ts";
import type { Address } from "../common/address.ts";
import { sentReports } from "./eval_queue.ts";

/** What the thread needs to know to open the session. */
export function openMessage(address: Address, options: CheckedOpenOptions): OpenMessage {
  const { name, ownProcess, token, tls, limits } = options;
  return {
    kind: "open",
    address,
    name,
    ownProcess,
    token,
    tls,
    unreadOutputPerEval: limits.unreadOutputPerEval,
    unreadOutputPerSession: limits.unreadOutputPerSession,
    ...sentReports(limits),
  };
}
