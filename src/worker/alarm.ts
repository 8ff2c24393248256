/**
 * The timer that every session's thread uses. At the first `setTimeout` of a thread Deno loads
 * Node's timers, which takes 4 ms and 1.6 MB. So `setTimeout` is used only by what few sessions
 * need.
 *
 * @module
 */

/**
 * Calls `run` once, after `ms` milliseconds.
 *
 * @returns A function that cancels it. The runtime frees the timer only when it is due, so use this
 * for few and short alarms.
 */
export function alarm(ms: number, run: () => void): () => void {
  const signal = AbortSignal.timeout(ms);
  signal.addEventListener("abort", run, { once: true });
  return () => signal.removeEventListener("abort", run);
}
