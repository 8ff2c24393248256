/**
 * The timer of a session's thread for what every session waits for. Deno loads Node's timers at a
 * thread's first `setTimeout`, which takes 4 ms and 1.6 MB: they are left to what few sessions ask for.
 *
 * @module
 */

/**
 * Calls `run` once, in so many milliseconds.
 *
 * @returns What calls it off. The runtime forgets the timer itself when it is due, not before: so
 * this is for few alarms, and short ones.
 */
export function alarm(ms: number, run: () => void): () => void {
  const signal = AbortSignal.timeout(ms);
  signal.addEventListener("abort", run, { once: true });
  return () => signal.removeEventListener("abort", run);
}
