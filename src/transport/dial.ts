/**
 * Picks the transport of the runtime that this runs in.
 *
 * @module
 */
import type { Dial } from "./transport.ts";

/** Opens a TCP stream with NODELAY set; see {@linkcode Dial}. */
export const dial: Dial = async (address, signal) => {
  const transport = "Deno" in globalThis ? await import("./deno.ts") : await import("./bun.ts");
  return await transport.dial(address, signal);
};
