"""Cancels: the page shared with the server, and the SIGINT handler that goes by it.

A cancel names a job, and only that job may feel it, whenever the signal comes. So the handler
raises KeyboardInterrupt if, and only if, the job that is in user code right now is in the server's
table, and at most once for each job. While the main thread holds `lock`, or is in a function of
`shielded`, it does not raise but leaves a debt: these pay it as soon as their work is whole.
"""

import _thread
import mmap
import os
import struct

PAGE_BYTES = 4096
STARTED = struct.Struct("<I")
COUNT = struct.Struct("<I")
COUNT_AT = 64
TABLE = struct.Struct("<64I")
TABLE_AT = 68


class Cancels:
    """What the server has cancelled, and what of it the running job has felt."""

    def __init__(self, path, lock):
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._page = mmap.mmap(fd, PAGE_BYTES)
        os.close(fd)
        self._is_shielded = lock._is_owned
        self._main = _thread.get_ident()
        self._seen = 0  # how many cancels `_requested` knows of
        self._requested = frozenset()
        self.shielded = set()
        self.job = 0  # the job that is in user code right now
        self.raised = 0  # the job that has had its KeyboardInterrupt
        self.owed = False

    def note_started(self, job):
        """Tells the server, should this process die from now on, that this job had begun."""
        STARTED.pack_into(self._page, 0, job)

    def is_requested(self, job):
        """Whether a job whose turn has come is cancelled already."""
        count = COUNT.unpack_from(self._page, COUNT_AT)[0]
        if count != self._seen:
            self._seen = count
            self._requested = frozenset(TABLE.unpack_from(self._page, TABLE_AT))
        return job in self._requested

    def enter(self, job):
        """From here on the handler may raise for `job`."""
        self.owed = False
        self.job = job

    def leave(self):
        """From here on it raises for nobody."""
        self.job = 0
        self.owed = False

    def on_signal(self, _number, frame):
        """The handler of SIGINT."""
        job = self.job
        if job == 0 or job == self.raised or job not in TABLE.unpack_from(self._page, TABLE_AT):
            return
        own = self.on_signal.__code__
        while frame is not None and frame.f_code is own:
            frame = frame.f_back  # a signal within the handler of another
        if self._is_shielded() or (frame is not None and frame.f_code in self.shielded):
            self.owed = True
            return
        self.raised = job
        raise KeyboardInterrupt

    def pay(self):
        """Raises what the handler has left to do; called on leaving what it must not break."""
        if self.owed and _thread.get_ident() == self._main:
            self.owed = False
            if self.job and self.job != self.raised:
                self.raised = self.job
                raise KeyboardInterrupt
