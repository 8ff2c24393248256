"""An exception as the record of PROTOCOL.md."""

import builtins
import os
import sys
import traceback
from _thread import get_ident

from pyproxy_worker.codec import encode
from pyproxy_worker.opaque import EncodeError, opaque, qualified_name, well_formed

MAX_DEPTH = 64
MAX_RECORDS = 1_000
MAX_FRAMES = 200
MAX_TEXT = 1024 * 1024
# A recursion may be a million deep; the innermost frames tell.
MAX_LOOKED_AT = 20_000
# As Python says it.
STR_FAILED = "<exception str() failed>"

GROUP = getattr(builtins, "BaseExceptionGroup", ())
OWN_FOLDERS = tuple(
    {
        os.path.dirname(path) + os.sep
        for path in (os.path.realpath(__file__), sys.modules["__main__"].__file__)
    }
)
print_error = sys.__excepthook__


def encode_exception(error):
    """The bytes of an exception's record. What the exception is like cannot make it fail."""
    for make in (Records, SafeRecords):
        try:
            return encode(make().record(error))
        except Exception:
            pass  # an argument that cannot travel, a class that lies about itself, no memory
    return encode(smallest_record(error))


class Records:
    """Makes records, up to a number of them."""

    def __init__(self):
        self._left = MAX_RECORDS
        self._messages = {}

    def record(self, error):
        """The record of an exception and all that hangs on it."""
        # First: traceback swallows the KeyboardInterrupt of a cancel that a str() is stuck for.
        self._ask(error, 0)
        count = 0
        entry = error.__traceback__
        while entry is not None:
            count += 1
            entry = entry.tb_next
        shown = traceback.TracebackException(
            type(error),
            error,
            error.__traceback__,
            limit=None if count <= MAX_LOOKED_AT else -MAX_LOOKED_AT,
        )
        drop_own_frames(shown, 0)
        record = self._record(error, shown, 1)
        record["traceback"] = bounded(as_printed(error, shown, record["traceback"]))
        return record

    def _ask(self, error, depth):
        """Notes the messages of an exception and of those that hang on it."""
        if error is None or id(error) in self._messages or depth > MAX_DEPTH:
            return
        try:
            self._messages[id(error)] = str(error)
        except Exception:
            self._messages[id(error)] = STR_FAILED
        self._ask(error.__cause__, depth + 1)
        self._ask(error.__context__, depth + 1)
        for member in error.exceptions if isinstance(error, GROUP) else ():
            self._ask(member, depth + 1)

    def args(self, error):
        """The arguments, as they are."""
        return list(error.args)

    def _record(self, error, shown, depth):
        self._left -= 1
        kind = type(error)
        cause, context, errors = None, None, None
        if depth < MAX_DEPTH and self._left > 0:
            if shown.__cause__ is not None:
                cause = self._record(error.__cause__, shown.__cause__, depth + 1)
            elif shown.__context__ is not None and not error.__suppress_context__:
                context = self._record(error.__context__, shown.__context__, depth + 1)
            if isinstance(error, GROUP) and getattr(shown, "exceptions", None) is not None:
                errors = [
                    self._record(member, member_shown, depth + 1)
                    for member, member_shown in zip(error.exceptions, shown.exceptions)
                    if self._left > 0
                ]
        return {
            "type": well_formed(kind.__qualname__),
            "module": well_formed(kind.__module__),
            "message": bounded(self._messages.get(id(error), STR_FAILED)),
            "args": self.args(error),
            "mro": [well_formed(qualified_name(base)) for base in kind.__mro__[:-1]],
            "traceback": bounded("".join(shown.format())),
            "frames": [frame_record(frame) for frame in both_ends(shown.stack)],
            "notes": notes_of(error),
            "cause": cause,
            "context": context,
            "errors": errors,
            "syntax": syntax_of(error) if isinstance(error, SyntaxError) else None,
        }


class SafeRecords(Records):
    """The same, with an opaque value for each argument that cannot travel."""

    def args(self, error):
        return [self._safe(arg) for arg in error.args]

    def _safe(self, arg):
        try:
            encode(arg)
            return arg
        except EncodeError:
            return opaque(arg)


def smallest_record(error):
    """What can be said of any exception without asking it."""
    name = type(error).__name__
    text = "%s: %s\n" % (name, STR_FAILED)
    return {
        "type": name,
        "module": "builtins",
        "message": STR_FAILED,
        "args": [],
        "mro": [name],
        "traceback": text,
        "frames": [],
        "notes": [],
        "cause": None,
        "context": None,
        "errors": None,
        "syntax": None,
    }


def drop_own_frames(shown, depth):
    """Takes our frames out of a TracebackException and of those that hang on it."""
    shown.stack[:] = [f for f in shown.stack if not f.filename.startswith(OWN_FOLDERS)]
    if depth < MAX_RECORDS // 2:
        below = [shown.__cause__, shown.__context__, *(getattr(shown, "exceptions", None) or ())]
        for other in below:
            if other is not None:
                drop_own_frames(other, depth + 1)


def as_printed(error, shown, text):
    """`text` with what, before 3.13, Python does otherwise when it prints than traceback does."""
    if sys.version_info >= (3, 13):
        return text
    if isinstance(error, SyntaxError) and not shown.stack and shown.__context__ is None:
        error.__traceback__ = None  # which has our frames alone
        return printed_by_python(error)
    if isinstance(error, (NameError, AttributeError)) and len(shown.stack) <= MAX_FRAMES:
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


def notes_of(error):
    notes = getattr(error, "__notes__", None)
    if not isinstance(notes, (list, tuple)):
        return []
    return [bounded(note if isinstance(note, str) else repr(note)) for note in notes]


def syntax_of(error):
    fields = {
        "file": error.filename,
        "line": error.lineno,
        "column": error.offset,
        "end_line": getattr(error, "end_lineno", None),
        "end_column": getattr(error, "end_offset", None),
        "text": error.text,
    }
    return {name: plain_field(value) for name, value in fields.items()}


def plain_field(value):
    if isinstance(value, str):
        return bounded(value)
    return value if type(value) is int else None


def frame_record(frame):
    return {
        "file": well_formed(frame.filename),
        "line": frame.lineno,
        "function": well_formed(frame.name),
        "source": well_formed(frame.line or ""),
    }


def both_ends(frames):
    """The outermost and the innermost of too many."""
    if len(frames) <= MAX_FRAMES:
        return frames
    return frames[: MAX_FRAMES // 2] + frames[-MAX_FRAMES // 2 :]


def bounded(text):
    """Text that is well formed, and not too long: its middle goes."""
    if len(text) > MAX_TEXT:
        half = MAX_TEXT // 2
        text = "%s\n... %d characters ...\n%s" % (text[:half], len(text) - MAX_TEXT, text[-half:])
    return well_formed(text)
