/**
 * Why a budget is missed, by the name of its axis: written by hand after a profile, and shown in the
 * report as long as the budget is missed.
 *
 * @module
 */

const PIPELINED =
  "a small eval costs Python 4 µs more than the floor's compile and eval (descriptors, signals and " +
  "standard streams are put back, `__main__` is fresh, what was printed is collected), and the main " +
  "thread 3 µs (half of it is the stack that shows the caller's line in an error); with four " +
  "sessions that is nine threads and processes on two cores, each woken four times as often for the " +
  "same work";
const BYTES =
  "the product owns each body it passes on, so that a death or a slow reader costs nobody " +
  "else anything: it is whole in the server before it goes on, where the floor streams; and what " +
  "the caller and the code are given is fresh memory, which the kernel gives a page at a time";
const CROWDED =
  "four sessions at full rate are nine busy threads and processes on two cores: the main thread " +
  "runs for a third of the time and waits for a processor for more than another third; the bare " +
  "chain of hops waits as well, the less the shorter its Python processes run at a time";

/** Known reasons. */
export const REASONS: Readonly<Record<string, string>> = {
  "`2 + 2`, p50": "1.42 to 1.57 in different runs: Python's 20 µs around an eval, and more code " +
    "in each hop, which is cold each time",
  "64 in flight, 1 session": PIPELINED,
  "1,000 in flight, 1 session": PIPELINED,
  "64 in flight, 4 sessions": PIPELINED,
  "1,000 in flight, 4 sessions": PIPELINED,
  "1 MB there and back": BYTES,
  "16 MB there and back": BYTES,
  "64 MB there and back": BYTES,
  "10,000 records there and back":
    "1.30 to 1.62 in different runs: the hops' own 1.5 ms a MB are " +
    "not in the floor",
  "session open":
    "a thread of twenty lines that does nothing but dial twice and read two hellos takes " +
    "1.2 to 1.3 times the floor; the rest is the protocol's code, which each thread compiles as it " +
    "first runs it",
  "event-loop delay, p99: lines": CROWDED,
  "event-loop delay, p99: 64 MB transfers": CROWDED,
  "event-loop delay, p99: small evals": CROWDED,
};
