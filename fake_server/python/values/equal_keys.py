"""Refuses keys that differ on one side and are equal on the other, where an entry would be lost."""

import datetime

from pyproxy_worker.codec.msgpack_pure import Ext
from pyproxy_worker.values.classes import qualified_name
from pyproxy_worker.values.opaque import EncodeError, short_repr

# The largest integer that becomes a number in JavaScript. A larger one becomes a bigint, which
# equals no number.
MAX_SAFE = (1 << 53) - 1
# A message shows this much of a key.
SHOWN_CHARS = 80
MOMENTS = datetime.datetime, datetime.date, datetime.time, datetime.timedelta
# Keys of these types that differ in Python differ in JavaScript. So do floats, except NaN.
DISTINCT = frozenset((type(None), bool, int, str, bytes, tuple, frozenset, *MOMENTS))
DISTINCT_OR_FLOAT = DISTINCT | {float}


def refuse_equal_there(keys, lower, step):
    """Raises EncodeError for the first of `keys` that equals an earlier one in JavaScript.

    `lower` turns a key into its form on the wire; `step(i)` is the path to the key of that index.
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
    """Raises EncodeError for the first received key that equals an earlier one in Python."""
    first = {}
    for i, key in enumerate(keys):
        before = first.setdefault(key, i)
        if before != i:
            raise lost(keys, before, i, "Python", step)


def are_distinct(keys):
    """Whether the types alone show that no two keys are equal. False means that we don't know."""
    try:
        kinds = set(map(type, keys))
    except Exception:  # raised by a metaclass of user code
        return False
    if kinds <= DISTINCT:
        return True
    return kinds <= DISTINCT_OR_FLOAT and sum(type(key) is float and key != key for key in keys) < 2


def form_of(plain):
    """Returns the same form for lowered keys that are equal in JavaScript; None if none can be."""
    kind = type(plain)
    if kind is str:
        return plain
    if kind is float:
        return plain if plain == plain else ("number", "NaN")
    if kind is int:
        return plain if -MAX_SAFE <= plain <= MAX_SAFE else ("bigint", plain)
    if kind is bool or plain is None:
        return "constant", plain
    # A large integer. All else becomes an object, which equals only itself.
    return ("bigint", plain.data) if kind is Ext and plain.code == 1 else None


def lost(keys, before, i, where, step):
    """Makes the error, which names both keys."""
    both = "%s (%s) and %s" % (brief(keys[before]), step(before), brief(keys[i]))
    reason = "%s are equal in %s, and one would be lost" % (both, where)
    error = EncodeError(reason, qualified_name(type(keys[i])))
    error.parts.append(step(i))
    return error


def brief(key):
    text = short_repr(key)
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "..."
