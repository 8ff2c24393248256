/**
 * What tests of the server share. Deno only.
 *
 * @module
 */
import { assert } from "@std/assert";
import { delay } from "@std/async/delay";
import { type PyProxyServer, type ServerOptions, startServer } from "../fake_server/mod.ts";
import { ServerProgram } from "./programs.ts";
import { testPython } from "./python.ts";

/** A server on free ports, with one python process unless something else is said. */
export function start(options: ServerOptions = {}): Promise<PyProxyServer> {
  return startServer({
    python: testPython(),
    bindAddr: "127.0.0.1:0",
    outputAddr: "127.0.0.1:0",
    numWorkers: 1,
    ...options,
  });
}

let shared: ServerProgram | undefined;

/**
 * Starts one server with one python process for the tests of the file that need no more than its
 * address. It runs as a program, because the sanitizers would report the processes that it replaces.
 */
export function shareServer(): void {
  Deno.test.beforeAll(async () => {
    shared = await ServerProgram.start(1);
  });
  Deno.test.afterAll(async () => await shared?.[Symbol.asyncDispose]());
}

/** The server that {@linkcode shareServer} has started. */
export function sharedServer(): { addr: string } {
  return shared!;
}

/** Waits until a condition holds that no event tells of. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    assert(performance.now() < end, `waited 10 s in vain until ${condition}`);
    await delay(5);
  }
}

/** Whether a process is there and no zombie. Linux only. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
