"""Keys that are different on one side and equal on the other, where one of their entries would be lost."""

import datetime

from pyproxy_worker.codec.msgpack_pure import Ext
from pyproxy_worker.values.classes import qualified_name
from pyproxy_worker.values.opaque import EncodeError, short_repr

# The largest integer that JavaScript has as a number; beyond it is a bigint, which equals none.
MAX_SAFE = (1 << 53) - 1
# A longer key is cut where a message shows it.
SHOWN_CHARS = 80
MOMENTS = datetime.datetime, datetime.date, datetime.time, datetime.timedelta
# What differs here differs there. Of floats all but NaN does.
DISTINCT = frozenset((type(None), bool, int, str, bytes, tuple, frozenset, *MOMENTS))
DISTINCT_OR_FLOAT = DISTINCT | {float}


def refuse_equal_there(keys, lower, step):
    """Raises EncodeError for the first of `keys` that JavaScript could not tell from one before it.

    `lower` makes of a key what is on the wire; `step(i)` is the way to the key of that index.
    """
    if len(keys) < 2 or are_distinct(keys):
        return
    first = {}
    for i, key in enumerate(keys):
        form = form_of(lower(key))
        before = i if form is None else first.setdefault(form, i)
        if before != i:
            raise lost(keys, before, i, "JavaScript", step)


def refuse_equal_here(keys, step):
    """The same of keys that have come, and are equal in Python."""
    first = {}
    for i, key in enumerate(keys):
        before = first.setdefault(key, i)
        if before != i:
            raise lost(keys, before, i, "Python", step)


def are_distinct(keys):
    """Whether their types tell that no two of them are equal; False says nothing."""
    try:
        kinds = set(map(type, keys))
    except Exception:  # of a metaclass of the user's
        return False
    if kinds <= DISTINCT:
        return True
    return kinds <= DISTINCT_OR_FLOAT and sum(type(key) is float and key != key for key in keys) < 2


def form_of(plain):
    """What lowered keys have in common that are equal in JavaScript; None for what equals nothing."""
    kind = type(plain)
    if kind is str:
        return plain
    if kind is float:
        return plain if plain == plain else ("number", "NaN")
    if kind is int:
        return plain if -MAX_SAFE <= plain <= MAX_SAFE else ("bigint", plain)
    if kind is bool or plain is None:
        return "constant", plain
    # A large integer. What else there is, is an object.
    return ("bigint", plain.data) if kind is Ext and plain.code == 1 else None


def lost(keys, before, i, where, step):
    """The error that names both."""
    both = "%s (%s) and %s" % (brief(keys[before]), step(before), brief(keys[i]))
    reason = "%s are equal in %s, and one would be lost" % (both, where)
    error = EncodeError(reason, qualified_name(type(keys[i])))
    error.parts.append(step(i))
    return error


def brief(key):
    text = short_repr(key)
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "..."
