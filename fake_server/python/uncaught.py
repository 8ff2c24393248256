"""What Python prints of exceptions that nobody catches: in a thread, in `__del__`, in a child.

Its own printer, in C, looks for a line of source in a file, and the code of an eval has none.
"""

import sys
import threading
import traceback
from traceback import TracebackException

from pyproxy_worker.errors import drop_own_frames
from pyproxy_worker.printed import as_printed
from pyproxy_worker.unbound import Unbound

# Since then the hook of threads is one that asks linecache.
ASKS_LINECACHE = sys.version_info >= (3, 13)
print_uncaught = sys.excepthook
print_in_thread = threading.excepthook
print_unraisable = sys.unraisablehook


def has_eval_frame(tb):
    """Whether code of an eval is in a traceback."""
    while tb is not None:
        if tb.tb_frame.f_code.co_filename.startswith("<eval-"):
            return True
        tb = tb.tb_next
    return False


def excepthook(exctype, value, traceback, /):
    """Handle an exception by displaying it with a traceback on sys.stderr."""
    try:
        shown = TracebackException(type(value), value, traceback)
        drop_own_frames(shown)
        text = as_printed(value, shown, "".join(shown.format()))
    except Exception:  # it is no exception, or one that cannot be looked at
        return print_uncaught(exctype, value, traceback)
    show(text)


def in_thread(args, /):
    """threading.excepthook, with lines of source."""
    if args.exc_type is SystemExit or not has_eval_frame(args.exc_traceback):
        return print_in_thread(args)
    name = threading.get_ident() if args.thread is None else args.thread.name
    text = "".join(
        traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback)
    )
    show("Exception in thread %s:\n%s" % (name, text))


def unraisable(args, /):
    """sys.unraisablehook, with lines of source."""
    if not has_eval_frame(args.exc_traceback):
        return print_unraisable(args)
    title = "Exception ignored in" if args.err_msg is None else args.err_msg
    try:
        what = ": %r" % (args.object,) if args.object is not None else ":"
    except Exception:
        what = ": <object repr() failed>"
    lines = traceback.format_exception(
        args.exc_type, args.exc_value, args.exc_traceback, chain=False
    )
    show("%s%s\n%s" % (title, what, "".join(lines)))


def show(text):
    """Writes to where Python would."""
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


def install(is_swallowed):
    """Puts both in place; what `is_swallowed` says yes to is told to nobody."""

    def on_unraisable(args, /):
        if not (args.exc_type is KeyboardInterrupt and is_swallowed()):
            unraisable(args)

    sys.unraisablehook = on_unraisable
    sys.excepthook = sys.__excepthook__ = Unbound(excepthook, "sys")
    if not ASKS_LINECACHE:
        live = sys.modules["threading"]  # user code's
        in_thread.__name__ = in_thread.__qualname__ = "excepthook"
        live.excepthook = Unbound(in_thread, "threading")
        if hasattr(live, "__excepthook__"):
            live.__excepthook__ = live.excepthook
