/**
 * Checks the runtime. It is the package's first import, so that an old runtime gets a clear message
 * instead of an error about the first thing that it lacks.
 *
 * @module
 */

if (!("Temporal" in globalThis)) {
  const { userAgent } = (globalThis as { navigator?: { userAgent?: string } }).navigator ?? {};
  throw new Error(
    `Cannot use PyProxy here: it needs Deno 2.9 or Bun 1.4, or newer (for Temporal), and this is ` +
      `${userAgent ?? "neither"}`,
  );
}
