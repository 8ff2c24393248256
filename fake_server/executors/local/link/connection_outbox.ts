/**
 * The sending side of a unix socket.
 *
 * @module
 */
import { Outbox } from "../../../../src/transport/outbox.ts";
import type { KeptBuffers } from "../../../common/kept_buffers.ts";
import { UNIX_WRITE_BYTES } from "../../../common/limits.ts";

/** An outbox that writes to `connection`. If a write fails, it drops what is left. */
export function outboxOf(connection: Deno.UnixConn, buffers: KeptBuffers): Outbox {
  const write = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  };
  return new Outbox({ write }, () => {
    // The reading side learns of the same end and tells it.
  }, { buffers, writeBytes: UNIX_WRITE_BYTES });
}
