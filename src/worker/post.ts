/**
 * How the session's thread sends messages to the main thread.
 *
 * @module
 */
import type { FromWorker } from "../bridge/bridge.ts";

/** Posts a message to the main thread. */
export type Post = (message: FromWorker, transfer?: ArrayBuffer[]) => void;
