"""Lets `inspect` find the source of a class of an eval, although `__main__` has no file."""

import functools
import linecache
import re
import sys

EVAL = "<eval-"


def change(inspect):
    """Patches the module `inspect`."""
    getfile = inspect.getfile

    @functools.wraps(getfile)
    def own_getfile(object):
        if isinstance(object, type) and getattr(object, "__module__", None) == "__main__":
            if not hasattr(sys.modules.get("__main__"), "__file__"):
                filename = file_of(object)
                if filename is not None:
                    return filename
        return getfile(object)

    inspect.getfile = own_getfile


def file_of(kind):
    """Returns the file name of the eval that defined a class; None if it is not known."""
    for member in list(vars(kind).values()):
        member = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
        code = getattr(member, "__code__", None)
        if code is not None and code.co_filename.startswith(EVAL):
            return code.co_filename
    # The class has no methods: take the last source that has a class of this name.
    defines = re.compile(r"\s*class\s+%s\b" % re.escape(kind.__name__)).match
    for filename in reversed(list(linecache.cache)):
        if filename.startswith(EVAL) and any(map(defines, linecache.getlines(filename))):
            return filename
    return None
