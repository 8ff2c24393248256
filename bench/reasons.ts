/**
 * Why a budget is missed, by the name of its axis: written by hand after a profile, and shown in the
 * report as long as the budget is missed.
 *
 * @module
 */

const PIPELINED =
  "an eval costs Python about 11 µs (what user code may have changed is put back, its " +
  "output is set apart from the next one's by two records in its pipes) and the floor's 3; each hop " +
  "waits for the bell or for a result, not for a full batch";
const BYTES =
  "the product owns each body it passes on, so that a death or a slow reader costs nobody " +
  "else anything: it is whole in the server before it goes on, where the floor streams; and what " +
  "the caller and the code are given is fresh memory, which the kernel gives a page at a time";
const CROWDED =
  "four sessions at full rate are nine busy threads and processes on two cores: the bare chain of " +
  "hops is as late or nearly";

/** Known reasons. */
export const REASONS: Readonly<Record<string, string>> = {
  "`2 + 2`, p50": "1.43 to 1.60 in different runs; what is over is the event loops' work for two " +
    "more messages on the outputstream, and Python's 25 µs around an eval",
  "64 in flight, 1 session": PIPELINED,
  "1,000 in flight, 1 session": PIPELINED,
  "64 in flight, 4 sessions": PIPELINED,
  "1,000 in flight, 4 sessions": PIPELINED,
  "1 MB there and back": BYTES,
  "16 MB there and back": BYTES,
  "64 MB there and back": BYTES,
  "10,000 records there and back": "the hops' own 1.5 ms a MB are not in the floor",
  "session open":
    "a thread of twenty lines that does nothing but dial twice and read two hellos takes " +
    "1.2 to 1.3 times the floor; the rest is the protocol's code, which each thread compiles as it " +
    "first runs it",
  "event-loop delay, p99: lines": CROWDED,
  "event-loop delay, p99: 64 MB transfers": CROWDED,
  "event-loop delay, p99: small evals": CROWDED,
};
