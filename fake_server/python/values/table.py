"""The table of Python's types and their forms on the wire (PROTOCOL.md, section 4).

`KINDS` has one entry for each type; add new types there. An entry's `lower` turns a value into a
type of MessagePack or an `Ext`, one step at a time, and `lift` turns an extension into a value.
Members of a value are lowered by codec.py.
"""

import datetime
import sys
from collections import ChainMap, UserDict, UserList, UserString, deque, namedtuple
from collections.abc import MappingView
from enum import Enum
from types import MappingProxyType, SimpleNamespace

from pyproxy_worker.codec import apart
from pyproxy_worker.codec.msgpack_pure import MAX_INT, MIN_INT, Ext
from pyproxy_worker.codec.steps import key_step, member_step
from pyproxy_worker.values import arrays, moments, scalars, tables
from pyproxy_worker.values.classes import mro_of, names_of, qualified_name
from pyproxy_worker.values.equal_keys import refuse_equal_here, refuse_equal_there
from pyproxy_worker.values.integers import int_from_bytes, int_to_bytes
from pyproxy_worker.values.opaque import (
    OPAQUE,
    EncodeError,
    Unreadable,
    array,
    is_text,
    opaque,
    short_repr,
)

# A range of more members would not fit into a frame.
MAX_RANGE = 256 * 1024 * 1024
NOT_THERE = object()
# The types of dict.keys(), dict.values() and dict.items().
VIEWS = tuple(type(view) for view in ({}.keys(), {}.values(), {}.items()))


def lower_int(value):
    value = int.__add__(value, 0)  # a plain int, if it is of a subclass
    return value if MIN_INT <= value <= MAX_INT else Ext(1, int_to_bytes(value))


def lower_str(value):
    text = str.__str__(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return opaque(value)
    return text


def lower_bytes(value):
    data = bytes(value)
    # __bytes__ of a class may return an instance of a subclass of bytes.
    return data if type(data) is bytes else memoryview(data).tobytes()


def lower_dict(value):
    pairs = list(value.items())
    keys = [key for key, _ in pairs]
    items = [item for _, item in pairs]
    if all(issubclass(type(key), str) for key in keys):
        texts = list(map(str.__str__, keys))
        if "__proto__" not in texts and is_text("".join(texts)):
            lowered = dict(zip(texts, items))
            if len(lowered) < len(keys):
                refuse_equal_there(keys, lower_str, key_step)
            return lowered
    refuse_equal_there(keys, lower_key, key_step)
    parts = keys * 2
    parts[::2] = keys
    parts[1::2] = items
    return Ext(2, parts)


def lower_set(value):
    members = list(value)
    refuse_equal_there(members, lower_key, member_step)
    return Ext(3, members)


def lower_key(key):
    """Lowers a key one step. Returns an unsendable key as it is: encoding it fails later."""
    try:
        return lower(key)
    except EncodeError:
        return key


def lift_dict(data, read):
    parts = array(read(data), "a dict")
    if len(parts) % 2:
        raise ValueError("a dict must have a value for each key")
    keys = [hashable(key, "a key") for key in parts[::2]]
    lifted = dict(zip(keys, parts[1::2]))
    if len(lifted) < len(keys):
        refuse_equal_here(keys, key_step)
    return lifted


def lift_set(data, read):
    members = [hashable(item, "a member of a set") for item in array(read(data), "a set")]
    lifted = set(members)
    if len(lifted) < len(members):
        refuse_equal_here(members, member_step)
    return lifted


def lift_tuple(data, read):
    return tuple(array(read(data), "a tuple"))


def hashable(value, what):
    """Turns a value into a key: a list into a tuple, a set into a frozenset."""
    kind = type(value)
    if kind is list or kind is tuple:
        return tuple([hashable(item, what) for item in value])
    if kind is set:
        return frozenset(value)
    try:
        hash(value)
    except TypeError:
        name = qualified_name(kind)
        reason = "%s is a %s, which Python cannot hash" % (what, name)
        raise EncodeError(reason, name) from None
    return value


def lower_enum(value):
    return step_down(value.value)


def lower_dataclass(value):
    from dataclasses import fields

    # The fields of its class: an attribute of the value could be anything. We leave out fields that
    # were deleted or never set, since the value does not have them in Python either.
    names = [field.name for field in fields(type(value))]
    items = {name: getattr(value, name, NOT_THERE) for name in names}
    return lower_dict({name: item for name, item in items.items() if item is not NOT_THERE})


def lower_row(value):
    """Lowers a row of sqlite3 to a dict of its columns."""
    names = value.keys()
    items = dict(zip(names, value))
    if len(items) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        reason = "two of its columns are called %s, and one would be lost; name one of them with AS"
        raise EncodeError(reason % short_repr(twice), qualified_name(type(value)))
    return lower_dict(items)


def lower_range(value):
    if len(value) > MAX_RANGE:
        raise EncodeError("it has %d members" % len(value), "range")
    return list(value)


def lift_opaque(*_):
    raise ValueError("an opaque value cannot be sent to Python")


def lift_apart(payload, read):
    """Returns bytes that were received apart. A client can't forge the payload."""
    if payload not in apart.waiting:
        raise ValueError("no extension has the code %d" % apart.CODE)
    code, data = apart.waiting[payload]
    return data if code is None else lift(code, data, read)


def through(step):
    """Returns a lower function that applies `step`, then lowers the result."""
    return lambda value: step_down(step(value))


# `lower(value)` is for values of `types`, and of their subclasses if `has_subclasses`. A type given
# by its name belongs to a module that may never be imported. `lift(data, read)` is for the payload
# of an extension with `code`; `read` decodes bytes to a value.
Kind = namedtuple("Kind", "code types has_subclasses lower lift")
KINDS = (
    Kind(None, (type(None), bool), False, lambda value: value, None),
    Kind(1, (int,), True, lower_int, lambda data, _: int_from_bytes(data)),
    Kind(None, (float,), True, lambda value: float.__add__(value, -0.0), None),
    Kind(None, (str,), True, lower_str, None),
    Kind(None, (bytes, bytearray, memoryview), True, lower_bytes, None),
    Kind(None, (list, tuple), True, list, None),
    Kind(None, (range,), False, lower_range, None),
    Kind(2, (dict,), True, lower_dict, lift_dict),
    Kind(None, (*VIEWS, MappingView, deque, UserList), True, list, None),
    Kind(None, (MappingProxyType, ChainMap, UserDict), True, lower_dict, None),
    Kind(None, (SimpleNamespace,), True, lambda value: lower_dict(value.__dict__), None),
    Kind(None, ("sqlite3.Row",), True, lower_row, None),
    Kind(None, (UserString,), True, lambda value: lower_str(str(value)), None),
    Kind(3, (set, frozenset), True, lower_set, lift_set),
    Kind(4, (), False, None, moments.lift_aware),
    Kind(OPAQUE, (), False, None, lift_opaque),
    Kind(6, (), False, None, lift_tuple),
    Kind(7, (datetime.datetime,), True, moments.lower_datetime, moments.lift_naive),
    Kind(8, (datetime.date,), True, moments.lower_date, moments.lift_date),
    Kind(9, (datetime.time,), True, moments.lower_time, moments.lift_time),
    Kind(10, (datetime.timedelta,), True, moments.lower_timedelta, moments.lift_timedelta),
    Kind(11, (complex,), True, scalars.lower_complex, scalars.lift_scalar),
    Kind(None, ("decimal.Decimal",), True, scalars.lower_decimal, None),
    Kind(None, ("fractions.Fraction",), True, scalars.lower_fraction, None),
    Kind(None, ("uuid.UUID",), True, scalars.lower_uuid, None),
    # Only Python 3.13 has the second name.
    Kind(None, ("pathlib.PurePath", "pathlib._local.PurePath"), True, scalars.lower_path, None),
    Kind(12, ("numpy.ndarray",), True, through(arrays.lower_ndarray), arrays.lift_ndarray),
    Kind(None, ("numpy.generic",), True, through(arrays.lower_scalar), None),
    Kind(15, ("array.array",), True, through(arrays.lower_array), arrays.lift_elements),
    Kind(13, tables.SERIES, True, tables.lower_series, tables.lift_series),
    Kind(14, tables.FRAMES, True, tables.lower_frame, tables.lift_frame),
    Kind(None, tables.LISTS, True, list, None),
    Kind(None, tables.TIMESTAMPS, True, through(tables.lower_timestamp), None),
    Kind(None, tables.TIMEDELTAS, True, through(tables.lower_timedelta), None),
    Kind(None, tables.MISSING, False, lambda value: None, None),
    Kind(apart.CODE, (), False, None, lift_apart),
    Kind(None, (Ext,), False, lambda value: value, None),
)
EXACT = {kind: entry.lower for entry in KINDS for kind in entry.types}
BASES = {kind: entry.lower for entry in KINDS if entry.has_subclasses for kind in entry.types}
# The classes that were found by name, one for each name.
KNOWN = {}
LIFTS = {entry.code: entry.lift for entry in KINDS if entry.code is not None}


def lower(value):
    """Lowers a value one step, to a plain value or an `Ext`.

    Raises Unreadable if the value's own code raises.
    """
    kind = type(value)
    try:
        step = EXACT.get(kind) or find_lower(kind)
        return step(value)
    except (EncodeError, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise Unreadable(error, kind) from None


def step_down(value):
    """Does what `lower` does, but lets errors of the value's own code pass."""
    kind = type(value)
    return (EXACT.get(kind) or find_lower(kind))(value)


def find_lower(kind):
    """Finds the lower function of a type that the table does not have itself: by name or base."""
    if issubclass(kind, Enum):
        return lower_enum  # first, since an Enum may be an int or str that differs from its value
    mro = mro_of(kind)
    found = find_named(EXACT, kind)
    if found is not None:
        if KNOWN.setdefault(qualified_name(kind), kind) is kind:
            EXACT[kind] = found  # makes the next lookup fast
        return found
    for base in mro:
        found = BASES.get(base) or find_named(BASES, base)
        if found is not None:
            return found
    is_dataclass = any("__dataclass_fields__" in names_of(base) for base in mro)
    return lower_dataclass if is_dataclass else opaque


def find_named(table, kind):
    """Looks up a class by its name, unless it is another class with the same name."""
    name = qualified_name(kind)
    found = table.get(name)
    if found is None:
        return None
    module, _, attribute = name.rpartition(".")
    return found if getattr(sys.modules.get(module), attribute, None) is kind else None


def lift(code, data, read):
    """Returns the value of an extension."""
    if code not in LIFTS:
        raise ValueError("no extension has the code %d" % code)
    return LIFTS[code](data, read)
