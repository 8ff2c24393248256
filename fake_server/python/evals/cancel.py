"""Cancels and interrupts: the SIGINT handler, which decides by the page shared with the server.

A cancel names a job and must not affect another one, whenever the signal comes. So the handler
raises KeyboardInterrupt only if the job whose code runs is in the server's table, and at most once
for each job; or if it is the job of the last interrupt, once for each interrupt.

It must not raise while the main thread holds `lock`, in the functions in `shielded`, and in an
import that can't be repeated. There it sets `owed` instead. Code that holds the lock or is shielded
calls `pay` when it is done, which raises; after an import the next output does. Also, Python drops
an exception that is raised in a finalizer or a fork callback. So the server repeats the signal: for
a cancel while the job runs, for an interrupt for a while.

`expect_own` announces a SIGINT that user code sends to itself; that one raises KeyboardInterrupt as
in plain Python. Any other SIGINT is ignored: it is a late cancel, or comes from another program.
"""

import _signal
import _thread
from sys import _getframe as running_frame

from pyproxy_worker.evals.changes import Changes
from pyproxy_worker.evals.imports import Imports

from pyproxy_worker.errors.frames import back_of

# Indexes in the page's u32.
RUNNING = 1
COUNT = 16
TABLE = 17
TABLE_END = TABLE + 64
INTERRUPTS = 81
INTERRUPTED = 82  # and 83
NEVER = -1  # differs from every count


class Cancels:
    """Knows what the server has cancelled, and for which of it KeyboardInterrupt was raised."""

    def __init__(self, page, lock):
        self._page = page.u32
        self._is_shielded = lock._is_owned
        self._main = _thread.get_ident()
        self._seen = 0  # how many cancels `_requested` includes
        self._requested = frozenset()
        self.shielded = {Cancels.enter.__code__, Cancels.leave.__code__}
        self.job = 0  # the job whose code runs
        self.raised = 0  # the job for which a cancel was raised
        self._felt = 0  # the count of interrupts when one was last raised
        self._interrupted = 0  # the job in which it was raised
        self.owed = False  # KeyboardInterrupt was postponed
        self.is_last = False  # the process ends; Python reports the exceptions that it drops
        self.changes = Changes()
        self._is_own = False  # user code sends itself the next SIGINT
        self._imports = Imports()

    def is_requested(self, job):
        """Whether a job was cancelled before it starts."""
        count = self._page[COUNT]
        if count != self._seen:
            self._seen = count
            self._requested = frozenset(self._page[TABLE:TABLE_END])
        return job in self._requested

    def enter(self, job):
        """Lets the handler raise for `job` from now on."""
        self.owed = self._is_own = False
        self.job = job
        self._page[RUNNING] = job

    def leave(self):
        """Stops the handler from raising."""
        self._page[RUNNING] = 0
        self.job = 0
        self.owed = False
        if self._imports.hits:
            self._imports.settle()

    def expect_own(self):
        """User code is about to send this process a SIGINT."""
        if _signal.getsignal(_signal.SIGINT) == self.on_signal:
            self._is_own = True

    def on_signal(self, _number, frame):
        """The handler of SIGINT."""
        if self.job == 0 or not self._is_wanted():
            return
        own = self.on_signal.__code__
        while frame is not None and frame.f_code is own:
            frame = back_of(frame)  # a signal came while its handler ran
        if self._is_shielded() or (frame is not None and frame.f_code in self.shielded):
            self.owed = True
            return
        self._raise_in(frame)

    def swallowed(self):
        """Lets the handler raise again, after Python has dropped a KeyboardInterrupt of ours.

        Returns whether it was ours.
        """
        if self.job == 0 or self.is_last or _thread.get_ident() != self._main:
            return False
        if self.raised == self.job:
            self.raised = 0
        elif self._interrupted == self.job:
            self._interrupted = 0
            self._felt = NEVER
        else:
            return False
        return True

    def pay(self):
        """Raises a postponed KeyboardInterrupt. Called after code that must not be interrupted."""
        if self.owed and _thread.get_ident() == self._main:
            self.owed = False
            if self.job and self._is_wanted():
                self._raise_in(running_frame(1))

    def _is_wanted(self):
        return self._is_own or self._is_due() or self._is_interrupted()

    def _is_due(self):
        """Whether the running job is cancelled and we have not raised for it yet."""
        return self.job != self.raised and self.job in self._page[TABLE:TABLE_END]

    def _is_interrupted(self):
        """Whether the last interrupt is for the running job and we have not raised for it yet."""
        count = self._page[INTERRUPTS]
        if count == self._felt:
            return False
        return self._page[INTERRUPTED + (count - 1) % 2] == self.job

    def _raise_in(self, frame):
        if self._imports.is_busy or not self._imports.prepare(frame):
            self.owed = True
            return
        self._is_own = False
        if self._is_due():
            self.raised = self.job
        if self._is_interrupted():
            self._interrupted = self.job
            self._felt = self._page[INTERRUPTS]
        raise KeyboardInterrupt
