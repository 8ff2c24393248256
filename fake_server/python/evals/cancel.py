"""Cancels and interrupts: the page shared with the server, and the SIGINT handler that goes by it.

A cancel names a job, and only that job may feel it, whenever the signal comes. So the handler
raises KeyboardInterrupt if, and only if, the job that is in user code right now is in the server's
table, and at most once for each job; or if it is the job of the last interrupt, once for each. While
the main thread holds `lock`, or is in a function of `shielded`, or in an import that could not be
done again, it does not raise but leaves a debt: the first two pay it as soon as their work is whole.

Python lets go of what is raised in a finalizer or a fork callback, and other debts are paid at the
next output only: so the server sends the signal again and again while the job runs, or for a while.

A SIGINT that user code sends to itself is announced by `expect_own` and is a KeyboardInterrupt as in
any Python; one that comes from elsewhere is a cancel that came late, or nobody's, and is ignored.
"""

import _signal
import _thread
from sys import _getframe as running_frame

from pyproxy_worker.evals.changes import Changes
from pyproxy_worker.evals.imports import Imports

from pyproxy_worker.errors.frames import back_of

# Where in the page, among its u32.
RUNNING = 1
COUNT = 16
TABLE = 17
TABLE_END = TABLE + 64
INTERRUPTS = 81
INTERRUPTED = 82  # and 83
NEVER = -1  # as no count is


class Cancels:
    """What the server has cancelled, and what of it the running job has felt."""

    def __init__(self, page, lock):
        self._page = page.u32
        self._is_shielded = lock._is_owned
        self._main = _thread.get_ident()
        self._seen = 0  # how many cancels `_requested` knows of
        self._requested = frozenset()
        self.shielded = {Cancels.enter.__code__, Cancels.leave.__code__}
        self.job = 0  # the job that is in user code right now
        self.raised = 0  # the job that has had its KeyboardInterrupt
        self._felt = 0  # how many interrupts there were when one was last raised
        self._interrupted = 0  # the job in which that was
        self.owed = False
        self.is_last = False  # the job ends with the process, and tells of all that is ignored
        self.changes = Changes()
        self._is_own = False  # user code has sent itself the SIGINT that comes next
        self._imports = Imports()

    def is_requested(self, job):
        """Whether a job whose turn has come is cancelled already."""
        count = self._page[COUNT]
        if count != self._seen:
            self._seen = count
            self._requested = frozenset(self._page[TABLE:TABLE_END])
        return job in self._requested

    def enter(self, job):
        """From here on the handler may raise for `job`."""
        self.owed = self._is_own = False
        self.job = job
        self._page[RUNNING] = job

    def leave(self):
        """From here on it raises for nobody."""
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
            frame = back_of(frame)  # a signal within the handler of another
        if self._is_shielded() or (frame is not None and frame.f_code in self.shielded):
            self.owed = True
            return
        self._raise_in(frame)

    def swallowed(self):
        """Python has let go of a KeyboardInterrupt: the job has not felt it, and may once more."""
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
        """Raises what the handler has left to do; called on leaving what it must not break."""
        if self.owed and _thread.get_ident() == self._main:
            self.owed = False
            if self.job and self._is_wanted():
                self._raise_in(running_frame(1))

    def _is_wanted(self):
        return self._is_own or self._is_due() or self._is_interrupted()

    def _is_due(self):
        """Whether the running job is cancelled and has not felt it yet."""
        return self.job != self.raised and self.job in self._page[TABLE:TABLE_END]

    def _is_interrupted(self):
        """Whether the last interrupt is the running job's, which has not felt it yet."""
        count = self._page[INTERRUPTS]
        if count == self._felt:
            return False
        return self._page[INTERRUPTED + (count - 1) % 2] == self.job

    def _raise_in(self, frame):
        if self._imports.is_busy or not self._imports.let_go(frame):
            self.owed = True
            return
        self._is_own = False
        if self._is_due():
            self.raised = self.job
        if self._is_interrupted():
            self._interrupted = self.job
            self._felt = self._page[INTERRUPTS]
        raise KeyboardInterrupt
