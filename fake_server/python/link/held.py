"""Held results: small results that wait in the page, to be sent together."""

from pyproxy_worker.link.page import PAGE_BYTES

# Among the page's u32: how often held results were sent, and how many bytes are held.
SENDS = 1024
LENGTH = 1025
# Where the frames begin, in bytes.
START = 4 * 1026


class Held:
    """Whole frames that are not sent yet.

    The server reads them from the page if this process doesn't send them for a while, or if it has
    died. So we write a frame before we count it, and reset the count before we overwrite a frame.
    """

    def __init__(self, page):
        self._u32 = page.u32
        self._bytes = page.bytes
        self.count = 0
        self._end = START

    def add(self, frame):
        """Adds a frame; False if there is no room for it."""
        at = self._end
        end = at + len(frame)
        if end > PAGE_BYTES:
            return False
        self._bytes[at:end] = frame
        self._u32[LENGTH] = end - START
        self._end = end
        self.count += 1
        return True

    def bytes(self):
        """Returns all held frames."""
        return self._bytes[START : self._end]

    def clear(self):
        """Drops all frames, after they were sent."""
        self._u32[LENGTH] = 0
        self._u32[SENDS] = (self._u32[SENDS] + 1) & 0xFFFF_FFFF
        self._end = START
        self.count = 0
