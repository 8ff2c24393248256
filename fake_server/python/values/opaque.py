"""Opaque values, which replace values that only Python has, and the error for unsendable ones."""

from pyproxy_worker.codec.msgpack_pure import Ext
from pyproxy_worker.values.classes import qualified_name, qualname_of

OPAQUE = 5
MAX_REPR = 10_000


class EncodeError(Exception):
    """Raised for a value that can't be sent. `parts` is the path to it, innermost part first."""

    def __init__(self, reason, type_name):
        super().__init__(reason)
        self.reason = reason
        self.type_name = type_name
        self.parts = []

    def path(self, root):
        """Returns where the value is, as in `result[3].x["a b"]`."""
        parts = self.parts[::-1]
        if len(parts) > 24:
            parts[16:-8] = ["..."]
        return root + "".join(parts)


class Unreadable(EncodeError):
    """Raised for a value whose own code raises while we read it.

    It is sent as an opaque value, unless strict is set.
    """

    def __init__(self, error, kind):
        super().__init__("reading it raised " + short_repr(error), qualified_name(kind))


def well_formed(text):
    """Replaces lone surrogates by escapes, since UTF-8 can't encode them."""
    return str.encode(text, "utf-8", "backslashreplace").decode()


def bounded(text, limit):
    """Makes a text well formed and removes its middle if it is too long."""
    if len(text) > limit:
        half = limit // 2
        left_out = len(text) - 2 * half
        text = "%s\n... %d characters ...\n%s" % (text[:half], left_out, text[len(text) - half :])
    return well_formed(text)


def short_repr(value):
    """Returns repr(value), bounded; a fixed text if repr() raises."""
    try:
        text = str.__str__(repr(value))  # a plain str, if it is of a subclass
    except KeyboardInterrupt:
        raise  # a cancel
    except BaseException as error:
        names = qualname_of(type(value)), qualname_of(type(error))
        text = "<%s: its repr() raised %s>" % names
    if len(text) > MAX_REPR:
        text = text[:MAX_REPR] + "..."
    return well_formed(text)


def opaque(value):
    """Makes the opaque value that replaces a value that only Python has."""
    name = well_formed(qualified_name(type(value)))
    return Ext(OPAQUE, {"type": name, "repr": short_repr(value)})


def is_text(key):
    """Whether UTF-8 can encode a string."""
    try:
        str.encode(key)
    except UnicodeEncodeError:
        return False
    return True


def array(value, what):
    """Checks that the payload of an extension is one array, and returns it."""
    if type(value) is not list:
        raise ValueError("%s must be one array" % what)
    return value
