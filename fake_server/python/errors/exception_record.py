"""Makes the record of an exception (PROTOCOL.md).

We read an exception's attributes with care: a class of user code may raise errors, return values of
wrong types, or return far too much.
"""

import builtins
import sys
import traceback

from pyproxy_worker.codec.codec import encode, with_deep_stack
from pyproxy_worker.codec.msgpack_pure import Ext
from pyproxy_worker.errors.printed import STR_FAILED, as_printed, drop_own, drop_own_frames
from pyproxy_worker.errors.stderr_note import stderr_note
from pyproxy_worker.values.classes import module_of, mro_of, qualname_of
from pyproxy_worker.values.opaque import OPAQUE, bounded, opaque, short_repr

MAX_DEPTH = 64
MAX_RECORDS = 1_000
MAX_FRAMES = 200
# The longest text, and the largest argument.
MAX_TEXT = 1024 * 1024
# The longest line of source: data written as code can be one line of millions of characters.
MAX_SOURCE = 10_000
MAX_ARGS = 1_000
MAX_NOTES = 1_000
# All texts and arguments of a record and its nested records, except the outermost traceback.
MAX_TOTAL = 4 * 1024 * 1024
# A text keeps so many characters when MAX_TOTAL is used up.
LEAST_TEXT = 200
# A recursion may be a million frames deep; we look at the innermost ones.
MAX_LOOKED_AT = 20_000
UNKNOWN = "<unknown>"
CAUSED = "\nThe above exception was the direct cause of the following exception:\n\n"
HANDLING = "\nDuring handling of the above exception, another exception occurred:\n\n"

GROUP = getattr(builtins, "BaseExceptionGroup", ())
# These bypass attributes that a subclass overrides.
args_of = BaseException.args.__get__
traceback_of = BaseException.__traceback__.__get__


def encode_exception(error):
    """Returns the bytes of an exception's record. No exception can make it fail."""
    for make in (
        lambda: Records(False).record(error),
        lambda: Records(True).record(error),
        lambda: plain_record(error),
    ):
        try:
            return with_deep_stack(lambda: encode(make()))
        except Exception:
            pass  # deep arguments in a deep chain, a class with false attributes, no memory
    return encode_least(error)


def encode_least(error):
    """Returns the bytes of a record made without reading the exception's attributes."""
    return encode(new_record(error, STR_FAILED, []))


class Records:
    """Makes records, up to limits on their number and size."""

    def __init__(self, is_short):
        self._is_short = is_short
        self._left = MAX_RECORDS
        self._room = MAX_TOTAL
        self._messages = {}

    def record(self, error):
        """Returns the record of an exception with its causes, contexts and members."""
        # First, since traceback would swallow the KeyboardInterrupt that cancels a stuck str().
        self._ask(error, 0)
        shown = traceback.TracebackException(
            type(error), error, error.__traceback__, limit=-MAX_LOOKED_AT
        )
        drop_own_frames(shown)
        return self._record(error, shown, 1)

    def _ask(self, error, depth):
        """Stores the messages of an exception and of its causes, contexts and members."""
        if error is None or id(error) in self._messages:
            return
        if depth > MAX_DEPTH or len(self._messages) >= MAX_RECORDS:
            return
        self._messages[id(error)] = message_of(error)
        self._ask(error.__cause__, depth + 1)
        self._ask(error.__context__, depth + 1)
        for member in error.exceptions if is_group(error) else ():
            self._ask(member, depth + 1)

    def _record(self, error, shown, depth):
        self._left -= 1
        cause, context, errors = None, None, None
        if depth < MAX_DEPTH and self._left > 0:
            if shown.__cause__ is not None:
                cause = self._record(error.__cause__, shown.__cause__, depth + 1)
            elif shown.__context__ is not None and not error.__suppress_context__:
                context = self._record(error.__context__, shown.__context__, depth + 1)
            if is_group(error) and getattr(shown, "exceptions", None) is not None:
                errors = [
                    self._record(member, member_shown, depth + 1)
                    for member, member_shown in zip(error.exceptions, shown.exceptions)
                    if self._left > 0
                ]
        message = self._text(self._messages.get(id(error), STR_FAILED))
        record = new_record(error, message, [self._frame(f) for f in both_ends(shown.stack)])
        record["traceback"] = self._traceback(error, shown, cause, context, depth)
        record["args"] = self._args(error)
        notes = notes_of(error)
        note = stderr_note(error)
        if note is not None:
            notes.append(note)
            record["traceback"] += "%s\n" % self._text(note)
        record["notes"] = [self._text(note) for note in notes]
        record["cause"] = cause
        record["context"] = context
        record["errors"] = errors
        return record

    def _traceback(self, error, shown, cause, context, depth):
        """Returns what Python prints, built from the traceback of the cause or context."""
        before = cause or context
        if before is None or is_group(error):
            text = as_printed(error, shown, "".join(shown.format()))
        else:
            own = as_printed(error, shown, "".join(shown.format(chain=False)))
            text = before["traceback"] + (HANDLING if cause is None else CAUSED) + own
        return bounded(text, MAX_TEXT) if depth == 1 else self._text(text)

    def _text(self, text):
        """Bounds a text by its own limit and by what is left of MAX_TOTAL."""
        text = bounded(text, max(LEAST_TEXT, min(MAX_TEXT, self._room)))
        self._room -= len(text)
        return text

    def _frame(self, frame):
        source = bounded(frame.line or "", MAX_SOURCE if self._room > 0 else 0)
        self._room -= len(source)
        return {
            "file": bounded(frame.filename, MAX_SOURCE),
            "line": frame.lineno,
            "function": bounded(frame.name, MAX_SOURCE),
            "source": source,
        }

    def _args(self, error):
        try:
            args = list(error.args)
        except Exception:
            args = list(args_of(error))
        left_out = len(args) - MAX_ARGS
        args = [self._arg(arg) for arg in args[:MAX_ARGS]]
        if left_out > 0:
            args.append(Ext(OPAQUE, {"type": "tuple", "repr": "... %d more ..." % left_out}))
        return args

    def _arg(self, arg):
        """Returns an argument, or an opaque value if it is unsendable or too large."""
        kind = type(arg)
        if kind is int or kind is float or kind is bool or arg is None:
            return arg
        if kind is str and len(arg) < 1_000:
            return arg
        try:
            size = len(encode(arg))
        except Exception:
            return opaque(arg)
        if size > min(MAX_TEXT, self._room):
            return opaque(arg)
        self._room -= size
        return opaque(arg) if self._is_short else arg


def new_record(error, message, frames):
    """Makes a record of what we know of any exception without reading its attributes."""
    kind = type(error)
    module, name = class_names(kind)
    return {
        "type": name,
        "module": module,
        "message": message,
        "args": [],
        "mro": [full_name(base) for base in mro_of(kind)[:-1]],
        "traceback": "%s: %s\n" % (name, message),
        "frames": frames,
        "notes": [],
        "cause": None,
        "context": None,
        "errors": None,
        "syntax": syntax_of(error) if issubclass(kind, SyntaxError) else None,
        "exit_code": exit_code_of(error) if issubclass(kind, SystemExit) else None,
    }


def plain_record(error):
    """Makes the record of an exception for which traceback fails: without cause and context."""
    message = bounded(message_of(error), MAX_TEXT)
    stack = traceback.extract_tb(traceback_of(error), limit=-MAX_LOOKED_AT)
    drop_own(stack)
    records = Records(True)
    record = new_record(error, message, [records._frame(frame) for frame in both_ends(stack)])
    title = "Traceback (most recent call last):\n"
    record["traceback"] = title + bounded("".join(stack.format()), MAX_TEXT) + record["traceback"]
    record["args"] = records._args(error)
    return record


def is_group(error):
    """Whether it is an ExceptionGroup, regardless of its `__class__` attribute."""
    return issubclass(type(error), GROUP)


def message_of(error):
    """Returns str(error), or a fixed text if that raises."""
    try:
        return str(error)
    except KeyboardInterrupt:
        raise  # a cancel
    except BaseException:
        return STR_FAILED


def class_names(kind):
    """Returns module and qualified name of a class, regardless of its metaclass."""
    try:
        module = module_of(kind)
    except AttributeError:
        module = None
    if type(module) is not str:
        module = UNKNOWN
    return bounded(module, MAX_SOURCE), bounded(qualname_of(kind), MAX_SOURCE)


def full_name(kind):
    """Returns `module.qualname`; without the module for builtins."""
    module, name = class_names(kind)
    return name if module == "builtins" else module + "." + name


def exit_code_of(error):
    """Returns the exit code with which a script would end."""
    try:
        code = error.code
    except Exception:
        return 1
    if code is None:
        return 0
    if not issubclass(type(code), int):
        return 1
    code = int.__add__(code, 0)  # a plain int, if it is of a subclass
    # Python takes -1 if the number does not fit into a C long.
    return (code if -sys.maxsize - 1 <= code <= sys.maxsize else -1) & 0xFF


def notes_of(error):
    try:
        notes = error.__notes__
    except Exception:
        return []
    if not isinstance(notes, (list, tuple)):
        return []
    return [note if isinstance(note, str) else short_repr(note) for note in notes[:MAX_NOTES]]


def syntax_of(error):
    return {
        "file": plain_field(error, "filename"),
        "line": plain_field(error, "lineno"),
        "column": plain_field(error, "offset"),
        "end_line": plain_field(error, "end_lineno"),
        "end_column": plain_field(error, "end_offset"),
        "text": plain_field(error, "text"),
    }


def plain_field(error, name):
    try:
        value = getattr(error, name, None)
    except Exception:
        return None
    if isinstance(value, str):
        return bounded(value, MAX_SOURCE)
    return value if type(value) is int and abs(value) < 1 << 32 else None


def both_ends(frames):
    """Returns the outermost and the innermost frames if there are too many."""
    if len(frames) <= MAX_FRAMES:
        return frames
    return frames[: MAX_FRAMES // 2] + frames[-MAX_FRAMES // 2 :]
