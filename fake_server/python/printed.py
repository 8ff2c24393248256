"""What, before 3.13, Python prints of an exception otherwise than its module traceback does."""

import sys
from _thread import get_ident

# Longer ones are not printed a second time to find a suggestion.
MAX_FRAMES = 200
# As Python says it.
STR_FAILED = "<exception str() failed>"
print_error = sys.__excepthook__


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
