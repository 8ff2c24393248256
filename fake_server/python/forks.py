"""Whether this is the process that made the mark, or a child that was forked from it since."""

import mmap
import os

MADV_WIPEONFORK = 18  # since Linux 4.14


class PidMark:
    """A mark where the kernel has no such memory: it asks for the process's id."""

    def __init__(self):
        self._pid = os.getpid()

    def __getitem__(self, _):
        return os.getpid() == self._pid


def mark():
    """Something whose item 0 is true here, and false in every child, whoever has forked it.

    It is memory that the kernel wipes in a child: looking at it costs no call to the system.
    """
    try:
        memory = mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        memory.madvise(MADV_WIPEONFORK)
    except (AttributeError, OSError, ValueError):
        return PidMark()
    memory[0] = 1
    return memoryview(memory)
