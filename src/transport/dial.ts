/**
 * Picks the transport of the runtime that this runs in.
 *
 * @module
 */
import type { Dial } from "./transport.ts";

/** Opens a stream; see {@linkcode Dial}. */
export const dial: Dial = async (address, tls, signal) => {
  const transport = "Deno" in globalThis ? await import("./deno.ts") : await import("./bun.ts");
  return await transport.dial(address, tls, signal);
};
