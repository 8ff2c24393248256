/**
 * What the runtime has to have. The package's first import, so that an old one gets a sentence, and
 * not the name of whatever it misses first.
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
