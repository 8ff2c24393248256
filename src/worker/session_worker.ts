/**
 * The entry of a session's thread, a Web Worker. The worker runs worker_source.ts, which has this
 * file and all its imports in one module: run `deno task worker` after each change.
 *
 * The handlers are set before the first await, or messages would be lost. Every failure is reported
 * to the main thread: an uncaught error would end the whole program in Deno, and be ignored in Bun.
 *
 * @module
 */
import type { FromWorker, OpenMessage, ToWorker } from "../bridge/bridge.ts";
import { Engine } from "./engine.ts";

// The types of a worker's `self` need a lib reference, which JSR refuses: so this casts once.
const scope = self as unknown as {
  postMessage(message: FromWorker, transfer?: ArrayBuffer[]): void;
  onmessage: (event: MessageEvent<ToWorker>) => void;
  onmessageerror: () => void;
  addEventListener(
    type: "error" | "unhandledrejection",
    listener: (event: Event & { error?: unknown; reason?: unknown }) => void,
  ): void;
};

let engine: Engine | undefined;

scope.onmessage = ({ data }) => {
  try {
    if (data.kind === "open") engine = new Engine(data, post);
    else engine!.message(data as Exclude<ToWorker, OpenMessage>);
  } catch (error) {
    fatal(error);
  }
};
scope.onmessageerror = () => fatal(new Error("a message could not be read"));
scope.addEventListener("error", (event) => {
  event.preventDefault();
  fatal(event.error);
});
scope.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fatal(event.reason);
});

function post(message: FromWorker, transfer?: ArrayBuffer[]): void {
  // Deno processes the list even if it is empty: the first such message takes 1 ms more.
  if (transfer === undefined) scope.postMessage(message);
  else scope.postMessage(message, transfer);
}

function fatal(error: unknown): void {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  post({ kind: "fatal", message, stack: error instanceof Error ? error.stack ?? "" : "" });
}
