"""Keeps the memory of large values for the next ones, for a few seconds.

malloc gets large memory from the kernel, and gives it back with each value. The kernel maps new
memory page by page, which can take several times as long as receiving the value.
"""

import ctypes
from _thread import allocate_lock
from time import monotonic

# malloc by itself comes to keep memory of up to this size.
LEAST_BYTES = 32 * 1024 * 1024
# The largest message.
MOST_BYTES = 256 * 1024 * 1024
# How long we keep memory after the last large value.
KEPT_SECONDS = 3

# Parameters of mallopt.
TRIM_THRESHOLD = -1
MMAP_THRESHOLD = -3


class KeptMemory:
    """Tells malloc to keep memory. Only the ticker calls `rest`, only the main thread `use`.

    If the process has a memory limit, it keeps none, which would count as well.
    """

    def __init__(self, arm_ticker, limit):
        self.is_kept = False
        self._arm_ticker = arm_ticker
        self._until = 0
        self._lock = allocate_lock()
        self._libc = None if limit else find_glibc()

    def use(self, size):
        """Says that memory of `size` bytes is about to be allocated."""
        if size < LEAST_BYTES or self._libc is None:
            return
        with self._lock:
            self._until = monotonic() + KEPT_SECONDS
            if not self.is_kept:
                if not self._limit(MOST_BYTES, MOST_BYTES):
                    self._libc = None
                    return
                self.is_kept = True
        self._arm_ticker()

    def rest(self):
        """Gives the memory back if no large value has needed it for a while."""
        with self._lock:
            if monotonic() >= self._until:
                # These are the highest limits that malloc would have chosen by itself.
                self._limit(LEAST_BYTES, 2 * LEAST_BYTES)
                self._libc.malloc_trim(0)
                self.is_kept = False

    def _limit(self, largest, unused):
        """Sets the largest memory that malloc keeps, and how much. An older glibc may refuse."""
        mallopt = self._libc.mallopt
        return mallopt(MMAP_THRESHOLD, largest) and mallopt(TRIM_THRESHOLD, unused)


def find_glibc():
    """Returns the C library if it is glibc. Others have no such parameters."""
    libc = ctypes.CDLL(None)
    names = "gnu_get_libc_version", "mallopt", "malloc_trim"
    return libc if all(hasattr(libc, name) for name in names) else None
