"""The end of a program: what Python prints of it, and its exit code."""

import sys

from pyproxy_worker.errors.exception_record import exit_code_of
from pyproxy_worker.errors.frames import is_ours
from pyproxy_worker.errors.printed import text_of

# The exit status that a shell reports for a program that was ended by SIGINT.
INTERRUPTED = 130
HAS_COLOURS = sys.version_info >= (3, 13)


class End(BaseException):
    """Unwinds the running job; then the interpreter ends the process with this exit code.

    The interpreter waits for threads, calls atexit functions, and finalizes what is left.
    """

    def __init__(self, status):
        super().__init__(status)
        self.status = status


def end_of(error, has_colours=False):
    """Returns the exit code of a program that ended with `error`, and what Python prints of it.

    `error` is None if the program ended without one.
    """
    if error is None:
        return 0, ""
    try:
        if not isinstance(error, SystemExit):
            said = report(error, error.__traceback__, has_colours)
            return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1, said
    except SystemExit as exited:  # raised by the user's excepthook
        error = exited
    code = error.code
    return exit_code_of(error), "" if code is None or isinstance(code, int) else "%s\n" % (code,)


def report(error, tb, has_colours=False):
    """Returns what Python prints of an uncaught exception; "" if the user's excepthook did."""
    tb = own_part(tb)
    options = {"colorize": True} if has_colours and HAS_COLOURS else {}
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, tb
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    if sys.excepthook is sys.__excepthook__:
        return text_of(error, tb, **options)
    try:
        sys.excepthook(type(error), error, tb)
        return ""
    except SystemExit:
        raise
    except BaseException as failure:
        failed = text_of(failure, own_part(failure.__traceback__), **options)
        original = text_of(error, tb, **options)
        return "Error in sys.excepthook:\n%s\nOriginal exception was:\n%s" % (failed, original)


def own_part(tb):
    """Returns the part of a traceback that starts at the program's own code."""
    while tb is not None and is_ours(tb.tb_frame):
        tb = tb.tb_next
    return tb
