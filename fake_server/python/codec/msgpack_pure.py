"""Writes MessagePack in pure Python, for when there is no C module. The reader: msgpack_read.py.

Most values consist of runs of numbers, strings and bytes. We pack those with C functions of the
standard library, a whole array at a time.
"""

import struct
from functools import partial
from operator import countOf

MAX_DEPTH = 512
MIN_INT = -(1 << 63)
MAX_INT = (1 << 64) - 1

FLOAT = struct.Struct(">Bd")
pack_float = partial(FLOAT.pack, 0xCB)
pack_1 = struct.Struct(">BB").pack
pack_2 = struct.Struct(">BH").pack
pack_4 = struct.Struct(">BI").pack
pack_8 = struct.Struct(">BQ").pack
pack_signed = {size: struct.Struct(">B" + code).pack for size, code in zip((1, 2, 4, 8), "bhiq")}
FIXINTS = [bytes((i,)) for i in range(128)]
# Data of this size is sent from its own memory. Below this, a copy costs less than a piece more.
LARGE_BYTES = 32 * 1024


class Ext:
    """An extension: a code, and bytes, a Large, or a list or dict to pack."""

    __slots__ = ("code", "data")

    def __init__(self, code, data):
        self.code = code
        self.data = data


class Large:
    """The large payload of an extension: a head, and memory that should not be copied."""

    __slots__ = ("head", "memory")

    def __init__(self, head, memory):
        self.head = head
        self.memory = memory


class TooDeep(ValueError):
    """Raised for a value that nests more than 512 containers."""

    def __init__(self):
        super().__init__("the value nests deeper than %d levels" % MAX_DEPTH)


def pack_int(value):
    """Packs an integer of MessagePack's range."""
    if value >= 0:
        if value < 0x80:
            return FIXINTS[value]
        if value < 0x100:
            return pack_1(0xCC, value)
        if value < 0x10000:
            return pack_2(0xCD, value)
        if value < 0x100000000:
            return pack_4(0xCE, value)
        return pack_8(0xCF, value)
    if value >= -0x20:
        return bytes((value + 0x100,))
    if value >= -0x80:
        return pack_signed[1](0xD0, value)
    if value >= -0x8000:
        return pack_signed[2](0xD1, value)
    if value >= -0x80000000:
        return pack_signed[4](0xD2, value)
    return pack_signed[8](0xD3, value)


def pack_str(value):
    """Packs a string. Raises UnicodeEncodeError if it is not well formed."""
    data = value.encode()
    size = len(data)
    if size < 0x20:
        return bytes((0xA0 | size,)) + data
    if size < 0x100:
        return pack_1(0xD9, size) + data
    if size < 0x10000:
        return pack_2(0xDA, size) + data
    return pack_4(0xDB, size) + data


def pack_count(small, large, count):
    """Packs the header of an array or a map."""
    if count < 0x10:
        return bytes((small | count,))
    if count < 0x10000:
        return pack_2(large, count)
    return pack_4(large + 1, count)


def pack_bin_header(size):
    """Packs the header of bytes."""
    if size < 0x100:
        return pack_1(0xC4, size)
    if size < 0x10000:
        return pack_2(0xC5, size)
    return pack_4(0xC6, size)


def pack_ext_header(code, size):
    """Packs the header of an extension."""
    if size in (1, 2, 4, 8, 16):
        return bytes((0xD3 + size.bit_length(), code))
    if size < 0x100:
        return pack_1(0xC7, size) + bytes((code,))
    if size < 0x10000:
        return pack_2(0xC8, size) + bytes((code,))
    return pack_4(0xC9, size) + bytes((code,))


def pack(value, default):
    """Returns the bytes of a value. `default` first lowers values that are not plain.

    Raises TooDeep, and what `default` raises.
    """
    return b"".join(pieces(value, default))


def pieces(value, default):
    """Does what `pack` does, in pieces. Large data is a separate piece: the value's own memory."""
    out = []
    write(value, out.append, default, 1)
    return list(joined(out))


def joined(out):
    """Joins adjacent pieces that are not memoryviews."""
    small = []
    for piece in out:
        if type(piece) is memoryview:
            yield b"".join(small)
            yield piece
            small = []
        else:
            small.append(piece)
    if small:
        yield b"".join(small)


def write(value, add, default, depth):
    """Adds the pieces of `value`. `depth` is its level, if it is a container."""
    kind = type(value)
    if kind is str:
        try:
            add(pack_str(value))
            return
        except UnicodeEncodeError:
            pass
    elif kind is int:
        if MIN_INT <= value <= MAX_INT:
            add(pack_int(value))
            return
    elif kind is list or kind is tuple:
        write_array(value, add, default, depth)
        return
    elif kind is dict:
        if write_map(value, add, default, depth):
            return
    elif kind is float:
        add(pack_float(value))
        return
    elif value is None:
        add(b"\xc0")
        return
    elif kind is bool:
        add(b"\xc3" if value else b"\xc2")
        return
    elif kind is bytes or kind is bytearray:
        add(pack_bin_header(len(value)))
        # A bytearray may be changed while it is being sent, so we copy it.
        add(memoryview(value) if kind is bytes and len(value) >= LARGE_BYTES else bytes(value))
        return
    elif kind is Ext:
        write_ext(value, add, default, depth)
        return
    write(default(value), add, default, depth)


def write_array(value, add, default, depth):
    """Adds a list or a tuple."""
    if depth > MAX_DEPTH:
        raise TooDeep
    add(pack_count(0x90, 0xDC, len(value)))
    kinds = set(map(type, value))
    if len(kinds) == 1:
        kind = kinds.pop()
        if kind is float:
            add(b"".join(map(pack_float, value)))
            return
        if kind is int:
            low, high = min(value), max(value)
            if low >= 0 and high < 0x80:
                add(bytes(value))
                return
            if low >= MIN_INT and high <= MAX_INT:
                add(b"".join(map(pack_int, value)))
                return
        if kind is str:
            try:
                add(b"".join(map(pack_str, value)))
                return
            except UnicodeEncodeError:
                pass
    for item in value:
        write(item, add, default, depth + 1)


def write_map(value, add, default, depth):
    """Adds a dict. If a key is not allowed in a map, it adds nothing and returns False."""
    if depth > MAX_DEPTH:
        raise TooDeep
    # The fastest check that all keys are exactly `str`: a subclass may redefine equality.
    if countOf(map(type, value), str) != len(value) or "__proto__" in value:
        return False
    try:
        keys = list(map(pack_str, value))
    except UnicodeEncodeError:
        return False
    add(pack_count(0x80, 0xDE, len(keys)))
    for key, item in zip(keys, value.values()):
        add(key)
        write(item, add, default, depth + 1)
    return True


def write_ext(value, add, default, depth):
    """Adds an extension."""
    if depth > MAX_DEPTH:
        raise TooDeep
    data = value.data
    if type(data) is bytes:
        inner = [data]
    elif type(data) is Large:
        inner = [data.head, data.memory]
    else:
        inner = []
        write(data, inner.append, default, depth + 1)
        if not any(type(piece) is memoryview for piece in inner):
            inner = [b"".join(inner)]
    add(pack_ext_header(value.code, sum(map(len, inner))))
    for piece in inner:
        add(piece)
