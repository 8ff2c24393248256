"""What stands for a value that only Python has, and the error for one that cannot travel."""

from pyproxy_worker.msgpack_pure import Ext

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


def qualified_name(kind):
    """`module.qualname`, builtins without the module."""
    module = kind.__module__
    if module == "builtins" or type(module) is not str:
        return kind.__qualname__
    return module + "." + kind.__qualname__


def well_formed(text):
    """A string that UTF-8 can hold: lone surrogates as escapes."""
    return str.encode(text, "utf-8", "backslashreplace").decode()


def short_repr(value):
    """repr(value), bounded, and never an exception of the value's own."""
    try:
        text = repr(value)
    except Exception as error:
        return "<%s: its repr() raised %s>" % (type(value).__qualname__, type(error).__qualname__)
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
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


def array(value, what):
    """What has to be the one array of an extension."""
    if type(value) is not list:
        raise ValueError("%s must be one array" % what)
    return value
