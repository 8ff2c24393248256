"""Packs many values of one type at once, with C functions of the standard library.

Most large values are tables, or lists of numbers or strings. A loop in Python takes a few times as
long for them. A function here returns None where it does not know; the caller packs one by one.
"""

import struct
from itertools import chain
from operator import countOf

from pyproxy_worker.codec.msgpack_parts import (
    CONSTANTS,
    FIXINTS,
    SCALARS,
    STR_HEADERS,
    pack_count,
    pack_keys,
    pack_nothing,
    pack_str,
    pack_str_header,
    packer_of,
)

# The integers of each header, and their type in `struct`.
INTS = (
    (0x80, 0xFF, 0xCC, "B"),
    (0x100, 0xFFFF, 0xCD, "H"),
    (0x10000, 0xFFFFFFFF, 0xCE, "I"),
    (0x100000000, 0xFFFFFFFFFFFFFFFF, 0xCF, "Q"),
)
# Packed one by one, the members of a block of wider rows would take too much memory.
MAX_WIDTH = 64


def pack_run(values, default, pack_member):
    """Packs the items of an array together: numbers, strings, or the rows of a table.

    `pack_member(value, default)` packs what is more than a scalar, or returns None.
    """
    kinds = set(map(type, values))
    if len(kinds) > 1:
        return None
    kind = kinds.pop()
    if kind is float:
        return pack_equal(0xCB, "d", values)
    if kind is dict or kind is list or kind is tuple:
        return pack_rows(values, kind, default, pack_member)
    if kind is int:
        low = min(values)
        high = max(values)
        if low >= 0 and high < 0x80:
            return bytes(values)
        for least, most, first, code in INTS:
            if low >= least and high <= most:
                return pack_equal(first, code, values)
    if kind not in SCALARS:
        return None
    packed = pack_column(values, default, pack_member)
    return None if packed is None else b"".join(packed)


def pack_equal(first, code, values):
    """Packs numbers that all have the header `first`."""
    count = len(values)
    numbers = struct.pack(">%d%s" % (count, code), *values)
    size = len(numbers) // count
    packed = bytearray((size + 1) * count)
    packed[:: size + 1] = bytes((first,)) * count
    for i in range(size):
        packed[i + 1 :: size + 1] = numbers[i::size]
    return packed


def pack_column(values, default, pack_member):
    """Returns the values packed, each by itself."""
    kinds = set(map(type, values))
    if len(kinds) > 1:
        packed = [packer_of(type(value), pack_nothing)(value) for value in values]
    else:
        kind = kinds.pop()
        if kind is str:
            packed = pack_strings(values)
        elif kind is type(None):
            return [CONSTANTS[None]] * len(values)
        elif kind is int and min(values) >= 0 and max(values) < 0x80:
            return list(map(FIXINTS.__getitem__, values))
        else:
            packed = list(map(packer_of(kind, pack_nothing), values))
    if all(packed):
        return packed
    for i, value in enumerate(values):
        if packed[i] is None:
            packed[i] = pack_member(value, default)
            if packed[i] is None:
                return None
    return packed


def pack_strings(values):
    try:
        texts = list(map(str.encode, values))
    except UnicodeEncodeError:
        return list(map(pack_str, values))
    try:
        return [STR_HEADERS[len(text)] + text for text in texts]
    except IndexError:
        return [pack_str_header(len(text)) + text for text in texts]


def pack_rows(rows, kind, default, pack_member):
    """Packs a table: dicts with the same keys in the same order, or lists of the same length."""
    count = len(rows)
    width = len(rows[0])
    if not 0 < width <= MAX_WIDTH:
        return None
    if kind is dict:
        names = list(chain.from_iterable(rows))
        if countOf(map(type, names), str) != len(names) or names != list(rows[0]) * count:
            return None
        keys = pack_keys(rows[0])
        if keys is None:
            return None
        keys[0] = pack_count(0x80, 0xDE, width) + keys[0]
        members = list(chain.from_iterable(map(dict.values, rows)))
    else:
        if set(map(len, rows)) != {width}:
            return None
        keys = [pack_count(0x90, 0xDC, width)]
        members = list(chain.from_iterable(rows))
    if len(members) != width * count:
        return None  # another thread has changed one
    columns = []
    for i in range(width):
        if i < len(keys):
            columns.append([keys[i]] * count)
        columns.append(pack_column(members[i::width], default, pack_member))
        if columns[-1] is None:
            return None
    parts = [None] * (len(columns) * count)
    for i, column in enumerate(columns):
        parts[i :: len(columns)] = column
    return b"".join(parts)
