"""Results that wait to be sent together. They wait in the page, where the server finds them."""

from pyproxy_worker.link.page import PAGE_BYTES

# Among the page's u32: how often it was emptied, and the bytes that are held. Those come behind.
TURN = 1024
LENGTH = 1025
START = 4 * 1026


class Held:
    """Frames that are whole and not sent.

    The server reads them here if they are not sent for long, or never, as this process has died. So
    each is written first and counted then, and what was sent is uncounted before it is overwritten.
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
        """All of them."""
        return self._bytes[START : self._end]

    def clear(self):
        """They are sent."""
        self._u32[LENGTH] = 0
        self._u32[TURN] = (self._u32[TURN] + 1) & 0xFFFF_FFFF
        self._end = START
        self.count = 0
