"""The floor of a request in the middle of an eval: asks over a unix socket; argv[1] is its path, and
argv[2] how often.

Each question is answered with its own bytes. It prints the microseconds at p50.
"""

import socket
import sys
from time import perf_counter_ns

QUESTION = b"x" * 20


def main(path, count):
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.connect(path)
    each = []
    for _ in range(count + count // 10):
        start = perf_counter_ns()
        link.sendall(QUESTION)
        link.recv(65536)
        each.append(perf_counter_ns() - start)
    # The first ones find caches and cores asleep.
    each = sorted(each[count // 10 :])
    print(each[count // 2] / 1000)


main(sys.argv[1], int(sys.argv[2]))
