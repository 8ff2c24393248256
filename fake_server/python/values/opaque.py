"""What stands for a value that only Python has, and the error for one that cannot travel."""

from pyproxy_worker.codec.msgpack_pure import Ext
from pyproxy_worker.values.classes import qualified_name, qualname_of

OPAQUE = 5
MAX_REPR = 10_000


class EncodeError(Exception):
    """A value that cannot travel. `parts` is the way to it, innermost first."""

    def __init__(self, reason, type_name):
        super().__init__(reason)
        self.reason = reason
        self.type_name = type_name
        self.parts = []

    def path(self, root):
        """Where it is: `result[3].x["a b"]`."""
        parts = self.parts[::-1]
        if len(parts) > 24:
            parts[16:-8] = ["..."]
        return root + "".join(parts)


class Unreadable(EncodeError):
    """A value that raises where it is read; it comes as opaque, unless strict is set."""

    def __init__(self, error, kind):
        super().__init__("reading it raised " + short_repr(error), qualified_name(kind))


def well_formed(text):
    """A string that UTF-8 can hold: lone surrogates as escapes."""
    return str.encode(text, "utf-8", "backslashreplace").decode()


def bounded(text, limit):
    """Text that is well formed, and not too long: its middle goes."""
    if len(text) > limit:
        half = limit // 2
        left_out = len(text) - 2 * half
        text = "%s\n... %d characters ...\n%s" % (text[:half], left_out, text[len(text) - half :])
    return well_formed(text)


def short_repr(value):
    """repr(value), bounded, and never an exception of the value's own."""
    try:
        text = str.__str__(repr(value))  # of a subclass, the text
    except KeyboardInterrupt:
        raise  # a cancel
    except BaseException as error:
        names = qualname_of(type(value)), qualname_of(type(error))
        text = "<%s: its repr() raised %s>" % names
    if len(text) > MAX_REPR:
        text = text[:MAX_REPR] + "..."
    return well_formed(text)


def opaque(value):
    """What stands for a value that only Python has."""
    name = well_formed(qualified_name(type(value)))
    return Ext(OPAQUE, {"type": name, "repr": short_repr(value)})


def is_text(key):
    """Whether UTF-8 can hold it."""
    try:
        str.encode(key)
    except UnicodeEncodeError:
        return False
    return True


def array(value, what):
    """What has to be the one array of an extension."""
    if type(value) is not list:
        raise ValueError("%s must be one array" % what)
    return value
