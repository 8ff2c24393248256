"""What, before 3.13, Python prints of an exception otherwise than its module traceback does."""

import sys
from _thread import get_ident

# Longer ones are not printed a second time to find a suggestion.
MAX_FRAMES = 200
print_error = sys.__excepthook__


def as_printed(error, shown, text):
    """`text`, which traceback has made of `shown`, as Python itself prints it."""
    if sys.version_info >= (3, 13):
        return text
    if issubclass(type(error), SyntaxError) and not shown.stack and shown.__context__ is None:
        error.__traceback__ = None  # which has our frames alone
        return printed_by_python(error)
    if issubclass(type(error), (NameError, AttributeError)) and len(shown.stack) <= MAX_FRAMES:
        return with_suggestion(text, next(shown.format_exception_only()), error)
    return text


def with_suggestion(text, line, error):
    """`text` with "Did you mean: 'x'?" at the end of `line`, if Python prints that."""
    line = line.rstrip("\n")
    printed = printed_by_python(error)
    start = printed.rfind(line + ". Did you mean: ")
    at = text.rfind(line + "\n")
    if start < 0 or at < 0:
        return text
    return text[:at] + printed[start : printed.index("\n", start)] + text[at + len(line) :]


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
