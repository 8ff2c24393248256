"""Formats an exception as Python prints it.

Before 3.13 the module traceback formats some exceptions differently from the interpreter.
"""

import sys
from _thread import get_ident
from traceback import TracebackException

from pyproxy_worker.errors.frames import FOLDERS

# We don't print a longer traceback a second time to find a suggestion.
MAX_FRAMES = 200
# Python's own text.
STR_FAILED = "<exception str() failed>"
print_error = sys.__excepthook__


def text_of(error, tb, **options):
    """Returns what Python prints of an exception with this traceback, without our frames.

    `options` are those of TracebackException.format().
    """
    shown = TracebackException(type(error), error, tb)
    drop_own_frames(shown)
    return as_printed(error, shown, "".join(shown.format(**options)))


def drop_own_frames(shown):
    """Removes our frames from a TracebackException, its causes, contexts and members."""
    waiting = [shown]
    while waiting:
        one = waiting.pop()
        if one is not None:
            drop_own(one.stack)
            waiting += one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or ())


def drop_own(stack):
    """Removes our frames from a StackSummary."""
    stack[:] = [frame for frame in stack if not frame.filename.startswith(FOLDERS)]


def as_printed(error, shown, text):
    """Corrects `text`, which traceback made of `shown`, to what Python itself prints."""
    if sys.version_info >= (3, 13):
        return text
    kind = type(error)
    if issubclass(kind, SyntaxError):
        if not shown.stack and shown.__context__ is None:
            error.__traceback__ = None  # it has only our frames
            return printed_by_python(error)
        return text
    line = next(shown.format_exception_only()).rstrip("\n")
    at = text.rfind(line + "\n")
    if at < 0:
        return text
    printed = line
    if sys.version_info < (3, 11):
        if kind.__module__ == "__main__":
            printed = "__main__." + line
        printed = printed.replace("<unprintable %s object>" % kind.__name__, STR_FAILED)
    if issubclass(kind, (NameError, AttributeError)) and len(shown.stack) <= MAX_FRAMES:
        printed = with_suggestion(printed, error)
    return text[:at] + printed + text[at + len(line) :]


def with_suggestion(line, error):
    """Adds "Did you mean: 'x'?" to `line`, if Python prints that."""
    printed = printed_by_python(error)
    start = printed.rfind("\n" + line) + 1
    return printed[start : printed.index("\n", start + len(line))] if start > 0 else line


def printed_by_python(error):
    """Returns what Python's own excepthook prints of an exception."""
    capture = Capture(sys.stderr)
    sys.stderr = capture
    try:
        print_error(type(error), error, error.__traceback__)
    finally:
        sys.stderr = capture.stderr
    return "".join(capture.parts)


class Capture:
    """Replaces sys.stderr for a moment. It passes on what other threads write."""

    def __init__(self, stderr):
        self.stderr = stderr
        self.parts = []
        self._ident = get_ident()

    def write(self, text):
        if get_ident() == self._ident:
            self.parts.append(text)
        else:
            self.stderr.write(text)

    def flush(self):
        pass
