"""Values of Python and what they are on the wire (PROTOCOL.md, section 4).

`KINDS` is the table, an entry a type: it grows there and nowhere else. An entry's `lower` goes one
step down, to what MessagePack has or to an `Ext` over it, and `lift` comes back from the extension.
What is inside a value is not looked at here: codec.py walks.
"""

import datetime
import json
from collections import namedtuple

from pyproxy_worker.msgpack_pure import MAX_INT, MIN_INT, Ext

MAX_REPR = 10_000
# More members than a frame has bytes.
MAX_RANGE = 256 * 1024 * 1024


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


OPAQUE = 5


def lower_int(value):
    value = int.__add__(value, 0)  # of a subclass, the number
    if MIN_INT <= value <= MAX_INT:
        return value
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return Ext(1, value.to_bytes(size, "big", signed=True))


def lift_int(data, _):
    if not data:
        raise ValueError("an integer must have at least one byte")
    return int.from_bytes(data, "big", signed=True)


def lower_str(value):
    text = str.__str__(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return opaque(value)
    return text


def lower_dict(value):
    pairs = list(value.items())
    if all(isinstance(key, str) and key != "__proto__" and is_text(key) for key, _ in pairs):
        return {str.__str__(key): item for key, item in pairs}
    return Ext(2, [part for pair in pairs for part in pair])


def is_text(key):
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


def lift_dict(data, read):
    parts = array(read(data), "a dict")
    if len(parts) % 2:
        raise ValueError("a dict must have a value for each key")
    return {hashable(key, "a key"): value for key, value in zip(parts[::2], parts[1::2])}


def lift_set(data, read):
    return {hashable(item, "a member of a set") for item in array(read(data), "a set")}


def array(value, what):
    if type(value) is not list:
        raise ValueError("%s must be one array" % what)
    return value


def hashable(value, what):
    """A value as a key: tuple for list, frozenset for set."""
    if type(value) is list:
        return tuple([hashable(item, what) for item in value])
    if type(value) is set:
        return frozenset(value)
    if type(value) is dict:
        raise ValueError("%s cannot be a dict in Python, nor have one in it" % what)
    return value


def lower_datetime(value):
    offset = value.utcoffset()
    if offset is None:
        return opaque(value)
    zone = value.tzinfo
    key = "UTC" if zone is datetime.timezone.utc else getattr(zone, "key", None)
    wall = [value.year, value.month, value.day, value.hour, value.minute, value.second]
    offset_us = offset // datetime.timedelta(microseconds=1)
    return Ext(
        4,
        [*wall, value.microsecond, offset_us, value.fold, key if type(key) is str else None],
    )


def lift_datetime(data, read):
    parts = array(read(data), "a datetime")
    if len(parts) != 10 or any(type(part) is not int for part in parts[:9]):
        raise ValueError("a datetime must be nine integers and a zone key or nil")
    *wall, offset_us, fold, key = parts
    try:
        offset = datetime.timedelta(microseconds=offset_us)
        fixed = datetime.timezone(offset) if offset_us else datetime.timezone.utc
        moment = datetime.datetime(*wall, tzinfo=fixed, fold=fold)
    except (ValueError, OverflowError) as error:
        raise ValueError("no such datetime: %s" % error) from None
    if key is None or key == "UTC":
        return moment
    if type(key) is not str:
        raise ValueError("the key of a datetime's zone must be a string or nil")
    try:
        from zoneinfo import ZoneInfo

        zoned = moment.replace(tzinfo=ZoneInfo(key))
        return zoned if zoned.utcoffset() == offset else moment
    except (ImportError, LookupError, ValueError, OSError, OverflowError):
        return moment  # a zone that is not known here; the instant and the wall clock are


def lower_range(value):
    if len(value) > MAX_RANGE:
        raise EncodeError("it has %d members" % len(value), "range")
    return list(value)


def lift_opaque(*_):
    raise ValueError("an opaque value cannot be sent to Python")


# `lower(value)` is for values of `types`, and of their subclasses if `has_subclasses`. `lift(data,
# read)` is for the payload of an extension with `code`; `read` gives the value that bytes are.
Kind = namedtuple("Kind", "code types has_subclasses lower lift")
KINDS = (
    Kind(None, (type(None), bool), False, lambda value: value, None),
    Kind(1, (int,), True, lower_int, lift_int),
    Kind(None, (float,), True, lambda value: float.__add__(value, -0.0), None),
    Kind(None, (str,), True, lower_str, None),
    Kind(None, (bytes, bytearray, memoryview), True, bytes, None),
    Kind(None, (list, tuple), True, list, None),
    Kind(None, (range,), False, lower_range, None),
    Kind(2, (dict,), True, lower_dict, lift_dict),
    Kind(3, (set, frozenset), True, lambda value: Ext(3, list(value)), lift_set),
    Kind(4, (datetime.datetime,), False, lower_datetime, lift_datetime),
    Kind(None, (Ext,), False, lambda value: value, None),
    Kind(OPAQUE, (), False, opaque, lift_opaque),
)
EXACT = {kind: entry.lower for entry in KINDS for kind in entry.types}
BASES = {kind: entry.lower for entry in KINDS if entry.has_subclasses for kind in entry.types}
LIFTS = {entry.code: entry.lift for entry in KINDS if entry.code is not None}


def lower(value):
    """One step down: a plain value, or an `Ext`."""
    kind = type(value)
    if kind in EXACT:
        return EXACT[kind](value)
    for base in kind.__mro__[1:]:
        if base in BASES:
            return BASES[base](value)
    return opaque(value)


def lift(code, data, read):
    """The value of an extension."""
    if code not in LIFTS:
        raise ValueError("no extension has the code %d" % code)
    return LIFTS[code](data, read)


def part_of(value, index):
    """How the member `index` of what `value` was lowered to is reached, in Python's words."""
    if isinstance(value, dict):
        items = list(value.items())
        if type(lower(value)) is dict:
            key = items[index][0]
        elif index % 2 == 0:
            return ".keys()[%d]" % (index // 2)
        else:
            key = items[index // 2][0]
        if isinstance(key, str) and key.isidentifier():
            return "." + key
        if isinstance(key, str):
            return "[%s]" % json.dumps(key, ensure_ascii=not is_text(key))
        return "[%s]" % short_repr(key)[:100]
    return "[%d]" % index
