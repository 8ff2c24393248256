/**
 * What tests of the server share. Deno only.
 *
 * @module
 */
import { assert } from "@std/assert";
import { delay } from "@std/async/delay";
import { type PyProxyServer, type ServerOptions, startServer } from "../fake_server/mod.ts";
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
