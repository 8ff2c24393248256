"""The page shared with the server (LINK.md, "Page"): a mapped file of integers."""

import mmap
import os

from pyproxy_worker.descriptors import set_aside

PAGE_BYTES = 20480

# Indexes of the words that are not about cancels. Among the u64: the time that all jobs together
# have taken so far, in ns.
SPENT = 1
# Among the u32: the job begun last,
STARTED = 0
# how often the server has begun or stopped to leave the pipes unread (odd while it does),
RESTS = 4
# and the job begun last when code called os.exec.
REPLACED = 5


class Page:
    """The mapping as bytes, as u32 and as u64.

    A memoryview writes a whole item at once. struct would write single bytes, and the server could
    read a half-written integer.
    """

    def __init__(self, path):
        low = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        fd = set_aside(low)
        os.close(low)
        # mmap keeps a copy of the descriptor, with the lowest free number. That is now `low`, so
        # the descriptors of user code are consecutive, as in any Python.
        self.bytes = memoryview(mmap.mmap(fd, PAGE_BYTES))
        os.close(fd)
        self.u32 = self.bytes.cast("I")
        self.u64 = self.bytes.cast("Q")
