/**
 * Picks the transport of the runtime.
 *
 * @module
 */
import { dial as dialInBun } from "./bun.ts";
import { dial as dialInDeno } from "./deno.ts";
import type { Dial } from "./transport.ts";

/** Opens a stream; see {@linkcode Dial}. */
export const dial: Dial = "Deno" in globalThis ? dialInDeno : dialInBun;
