/**
 * What the server says of itself to a client that it has let in.
 *
 * @module
 */
import { VERSION } from "../../src/common/version.ts";
import { MAX_EVALS_IN_FLIGHT, MAX_FRAME_BODY_BYTES } from "../../src/wire/limits.ts";
import { Feature, type ServerHello } from "../../src/wire/messages.ts";
import type { PythonInfo } from "../executors/executor.ts";

/** All that this server offers. */
const FEATURES: string[] = [
  Feature.INTERRUPT,
  Feature.RUNNING,
  Feature.STATUS,
  Feature.SILENT,
  Feature.OWN_PROCESS,
];

/** The body of SERVER_HELLO. `proof` is the server's, after a login. */
export function serverHello(
  sessionId: string,
  streamToken: string,
  outputAddr: string,
  { version, implementation, msgpack }: PythonInfo,
  proof: string | undefined,
): ServerHello {
  return {
    session_id: sessionId,
    stream_token: streamToken,
    output_addr: outputAddr,
    limits: { frame_bytes: MAX_FRAME_BODY_BYTES, evals_in_flight: MAX_EVALS_IN_FLIGHT },
    server: `pyproxy-fake-server/${VERSION}`,
    python: { version, implementation, msgpack },
    features: FEATURES,
    ...(proof === undefined ? {} : { proof }),
  };
}
