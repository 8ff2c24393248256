"""What is measured of peers whose client is Python, as measure.mjs does it."""

import collections
import json
import statistics
import sys
import time

MB = 1_000_000
METRICS = 6


def measure(call, start, wait, echo, lines):
    """Prints the numbers: `start` begins a `2 + 2` whose value `wait` waits for."""
    amount = json.loads(sys.argv[1])
    seconds = amount["ms"] / 1000
    numbers = [_round_trip(call, seconds)]
    for in_flight in (64, 1000):
        numbers.append(_rate(start, wait, in_flight, seconds))
    for size in (MB, 64 * MB):
        numbers.append(_bytes(echo, size, seconds))
    lines(100)
    begun = time.perf_counter()
    lines(amount["lines"])
    numbers.append(amount["lines"] / (time.perf_counter() - begun))
    print(json.dumps(numbers))


def _round_trip(call, seconds):
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e6)
    return statistics.median(times)


def _rate(start, wait, in_flight, seconds):
    pending = collections.deque()
    begun = time.perf_counter()
    count = 0
    while time.perf_counter() - begun < seconds:
        while len(pending) < in_flight:
            pending.append(start())
        wait(pending.popleft())
        count += 1
    rate = count / (time.perf_counter() - begun)
    for one in pending:
        wait(one)
    return rate


def _bytes(echo, size, seconds):
    times = []
    end = time.perf_counter() + seconds
    while len(times) < 2 or time.perf_counter() < end:
        data = bytes([len(times) % 256]) * size
        start = time.perf_counter()
        back = echo(data)
        times.append((time.perf_counter() - start) * 1000)
        if len(back) != size:
            raise ValueError("%d of %d bytes came" % (len(back), size))
    return statistics.median(times)
