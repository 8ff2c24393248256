/**
 * Why a budget is missed, by the name of its axis: written by hand after a profile, and shown in the
 * report as long as the budget is missed.
 *
 * @module
 */

const BULK =
  "Python takes 7.4 µs for each of these evals, the floor's Python 5: descriptors are put back " +
  "(0.9), output is flushed (0.8), and looked for in the pipes (0.4), the value is packed and its " +
  "frame made (1.4), `__main__` is fresh; the other threads take 8 together, the floor's 6. A " +
  "process has 64 evals at a time at most, so that sessions take turns. Four of the steps are system " +
  "calls, of 0.3 µs each: on a virtual machine where one takes 1.2 the ratios were 0.41 to 0.63";
const MANY =
  "nine threads and processes on two cores, and 16 evals a session under way: each round wakes each " +
  "of them for so few, which costs a thread of Deno's 40 to 50 µs, the floor's as well as the " +
  "product's, and the product does more in each";
const BYTES =
  "the product owns each body it passes on, so that a death or a slow reader costs nobody " +
  "else anything: it is whole in the server before it goes on, where the floor streams through a " +
  "buffer that stays in the processor's cache (that is the server's copies at two thirds of the " +
  "cost); and the arguments are copied at the call, since the caller may change them, for 0.1 ms a MB";
const CROWDED =
  "four sessions at full rate are nine busy threads and processes on two cores: the main thread " +
  "runs for a third of the time or less and waits for a processor for as long, as that of the bare " +
  "chain of hops does; its own pauses, collections of garbage among them, are of 1 to 2 ms";

/** Known reasons. */
export const REASONS: Readonly<Record<string, string>> = {
  "`2 + 2`, p50":
    "1.2 to 1.6 in different runs, 1.5 to 2.1 on a virtual machine whose system calls take 1.2 µs: " +
    "Python's 20 µs around an eval, and more code in each hop, which is cold each time",
  "64 in flight, 1 session": BULK,
  "1,000 in flight, 1 session": BULK,
  "64 in flight, 4 sessions": MANY,
  "1,000 in flight, 4 sessions": BULK,
  "1 MB there and back": BYTES,
  "16 MB there and back": BYTES,
  "64 MB there and back": BYTES,
  "10,000 records there and back":
    "1.30 to 1.62 in different runs: the hops' own 1.5 ms a MB are " +
    "not in the floor",
  "session open":
    "1.6 to 2.0 in different runs: after the thread's start its first message takes 1 ms, the engine " +
    "0.9, the dial 1.7, the hello there and back 0.9 and to read it 1.2, to tell of it and dial again " +
    "1.1, the rest 0.9; all of it is code, Deno's and ours, that each thread compiles as it first " +
    "runs it. A thread of twenty lines that dials twice and reads two hellos takes 1.2 to 1.3 " +
    "times the floor",
  "client, a session over a bare Web Worker":
    "1.8 to 2.1 MB in different runs: the heap of a thread grows by half a MB at a time",
  "event-loop delay, p99: lines": CROWDED,
  "event-loop delay, p99: 64 MB transfers": CROWDED,
  "event-loop delay, p99: small evals": CROWDED,
};
