"""Prints uncaught exceptions of threads, of `__del__` and of child processes.

Python's own printer, in C, reads source lines from files. The code of an eval has no file, and the
file of a script is on the client's machine.
"""

import linecache
import os
import sys
import threading

from pyproxy_worker.errors.frames import is_ours
from pyproxy_worker.errors.printed import text_of
from pyproxy_worker.hooks.unbound import Unbound

# Since 3.13 threading.excepthook uses linecache.
ASKS_LINECACHE = sys.version_info >= (3, 13)
print_uncaught = sys.excepthook
print_in_thread = threading.excepthook
print_unraisable = sys.unraisablehook


def is_for_c(tb):
    """Whether C can print a traceback: it finds all source files, and there is no frame of ours."""
    while tb is not None:
        filename = tb.tb_frame.f_code.co_filename
        if is_ours(tb.tb_frame) or (filename in linecache.cache and not os.path.exists(filename)):
            return False
        tb = tb.tb_next
    return True


def excepthook(exctype, value, traceback, /):
    """Handle an exception by displaying it with a traceback on sys.stderr."""
    try:
        text = text_of(value, traceback)
    except Exception:  # it is no exception, or its attributes raise
        return print_uncaught(exctype, value, traceback)
    show(text)


def in_thread(args, /):
    """Replaces threading.excepthook; shows source lines."""
    if args.exc_type is SystemExit or is_for_c(args.exc_traceback):
        return print_in_thread(args)
    name = threading.get_ident() if args.thread is None else args.thread.name
    show("Exception in thread %s:\n%s" % (name, text_of(args.exc_value, args.exc_traceback)))


def unraisable(args, /):
    """Replaces sys.unraisablehook; shows source lines."""
    if args.exc_value is None or is_for_c(args.exc_traceback):
        return print_unraisable(args)
    title = args.err_msg
    if args.object is not None:
        try:
            what = repr(args.object)
        except Exception:
            what = "<object repr() failed>"
        title = "%s: %s" % ("Exception ignored in" if title is None else title, what)
    elif title is not None:
        title += ":"
    text = text_of(args.exc_value, args.exc_traceback, chain=False)
    show(text if title is None else "%s\n%s" % (title, text))


def show(text):
    """Writes to sys.stderr, as Python does."""
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


def install(is_swallowed):
    """Sets all hooks. A KeyboardInterrupt for which `is_swallowed` is true is not printed."""

    def on_unraisable(args, /):
        if not (args.exc_type is KeyboardInterrupt and is_swallowed()):
            unraisable(args)

    sys.unraisablehook = on_unraisable
    sys.excepthook = sys.__excepthook__ = Unbound(excepthook, "sys")
    if not ASKS_LINECACHE:
        live = sys.modules["threading"]  # the module that user code sees
        in_thread.__name__ = in_thread.__qualname__ = "excepthook"
        live.excepthook = Unbound(in_thread, "threading")
        if hasattr(live, "__excepthook__"):
            live.__excepthook__ = live.excepthook
