"""What C msgpack alone takes for a value: reads its bytes from stdin, argv[1] times.

Prints the median milliseconds of an unpackb and of a packb.
"""

import json
import statistics
import sys
import time

import msgpack

data = sys.stdin.buffer.read()
unpack = []
pack = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    value = msgpack.unpackb(data)
    middle = time.perf_counter()
    msgpack.packb(value)
    end = time.perf_counter()
    unpack.append((middle - start) * 1000)
    pack.append((end - middle) * 1000)
print(json.dumps([statistics.median(unpack), statistics.median(pack)]))
