"""What Python prints of an exception.

Before 3.13 that is not in all what its module traceback makes of it.
"""

import sys
from _thread import get_ident
from traceback import TracebackException

from pyproxy_worker.errors.frames import FOLDERS

# Longer ones are not printed a second time to find a suggestion.
MAX_FRAMES = 200
# As Python says it.
STR_FAILED = "<exception str() failed>"
print_error = sys.__excepthook__


def text_of(error, tb, **options):
    """The text that Python prints of an exception with this traceback, without frames of ours.

    `options` are those of TracebackException.format().
    """
    shown = TracebackException(type(error), error, tb)
    drop_own_frames(shown)
    return as_printed(error, shown, "".join(shown.format(**options)))


def drop_own_frames(shown):
    """Takes our frames out of a TracebackException and of those that hang on it."""
    rest = [shown]
    while rest:
        one = rest.pop()
        if one is not None:
            drop_own(one.stack)
            rest += one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or ())


def drop_own(stack):
    """Takes our frames out of a StackSummary."""
    stack[:] = [frame for frame in stack if not frame.filename.startswith(FOLDERS)]


def as_printed(error, shown, text):
    """`text`, which traceback has made of `shown`, as Python itself prints it."""
    if sys.version_info >= (3, 13):
        return text
    kind = type(error)
    if issubclass(kind, SyntaxError):
        if not shown.stack and shown.__context__ is None:
            error.__traceback__ = None  # which has our frames alone
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
    """`line` with "Did you mean: 'x'?" at its end, if Python prints that."""
    printed = printed_by_python(error)
    start = printed.rfind("\n" + line) + 1
    return printed[start : printed.index("\n", start + len(line))] if start > 0 else line


def printed_by_python(error):
    """What Python's own excepthook prints of an exception."""
    capture = Capture(sys.stderr)
    sys.stderr = capture
    try:
        print_error(type(error), error, error.__traceback__)
    finally:
        sys.stderr = capture.stderr
    return "".join(capture.parts)


class Capture:
    """sys.stderr for a moment: what other threads write goes where it should."""

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
