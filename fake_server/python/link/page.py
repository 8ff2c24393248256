"""The page shared with the server (LINK.md, "Page"): a file, mapped, of small integers."""

import mmap
import os

from pyproxy_worker.descriptors import set_aside

PAGE_BYTES = 20480

# The words that are not about cancels. Of its u64: what all jobs together have taken so far, in ns,
SPENT = 1
# and of its u32: the job begun last, and how often the server has begun or ceased to leave the pipes
# unread, odd while it does.
STARTED = 0
RESTS = 4
# The job begun last when code asked for another program in the place of this one (os.exec).
REPLACED = 5


class Page:
    """The mapping as bytes, as u32 and as u64: an item is written whole, where struct would write
    its bytes one by one while the server may be reading."""

    def __init__(self, path):
        low = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        fd = set_aside(low)
        os.close(low)
        # The mapping keeps a descriptor of its own, the lowest: without a hole below it, those of
        # user code are as consecutive as in any Python.
        self.bytes = memoryview(mmap.mmap(fd, PAGE_BYTES))
        os.close(fd)
        self.u32 = self.bytes.cast("I")
        self.u64 = self.bytes.cast("Q")
