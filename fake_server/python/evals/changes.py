"""What user code has changed of the interpreter for good, as hooks tell; ours relies on it."""

# signal's own functions make enums of everything. And by their own names, as user code may put
# others in their places.
from _signal import ITIMER_REAL, SIG_SETMASK, SIGINT, setitimer
from _signal import getsignal as get_handler
from _signal import pthread_sigmask as set_mask
from _signal import signal as set_handler
from sys import getrecursionlimit, setprofile, setrecursionlimit, settrace

RECURSION_LIMIT = getrecursionlimit()


class Changes:
    """What has been changed since it was put back."""

    def __init__(self):
        self.of_signals = False  # handlers, the mask, or a timer that sends one
        self.of_calls = False  # who traces them, how deep they may be

    def put_back(self, on_sigint):
        """Makes all of it as it was; `on_sigint` is our handler."""
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
