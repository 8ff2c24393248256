"""Tracks lasting changes that user code makes to the interpreter, and undoes them."""

# From `_signal`, since the functions of `signal` convert everything to enums. We import names,
# since user code may replace the functions in the module.
from _signal import ITIMER_REAL, SIG_SETMASK, SIGINT, setitimer
from _signal import getsignal as get_handler
from _signal import pthread_sigmask as set_mask
from _signal import signal as set_handler
from sys import getrecursionlimit, setprofile, setrecursionlimit, settrace

RECURSION_LIMIT = getrecursionlimit()


class Changes:
    """What user code has changed since the last `put_back`."""

    def __init__(self):
        self.of_signals = False  # handlers, the signal mask, or a timer
        self.of_calls = False  # the tracer, the profiler or the recursion limit

    def put_back(self, on_sigint):
        """Undoes all changes. `on_sigint` is our handler of SIGINT."""
        if self.of_signals:
            self.of_signals = False
            if get_handler(SIGINT) is not on_sigint:
                set_handler(SIGINT, on_sigint)
            set_mask(SIG_SETMASK, ())
            setitimer(ITIMER_REAL, 0)
        if self.of_calls:
            self.of_calls = False
            setrecursionlimit(RECURSION_LIMIT)
            settrace(None)
            setprofile(None)
