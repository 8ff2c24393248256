"""Writes MessagePack in pure Python, for when there is no C module. The reader: msgpack_read.py."""

from operator import countOf

from pyproxy_worker.codec.msgpack_parts import (
    kept_keys,
    pack_bin_header,
    pack_count,
    pack_ext_header,
    pack_key,
    pack_keys,
    pack_nothing,
    packer_of,
)
from pyproxy_worker.codec.msgpack_runs import pack_run

MAX_DEPTH = 512
# Fewer values are as fast to pack one by one.
FEW = 12
# We look for runs in blocks of so many values, which bounds the memory that packing them takes.
BLOCK = 1024
# Rows, and members of two levels in them, have room below this level.
MAX_TABLE_DEPTH = MAX_DEPTH - 3
# The keys of dicts with more members seldom come again.
MANY = 64


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


def pack(value, default):
    """Returns the bytes of a value. `default` first lowers values that are not plain.

    Raises TooDeep, and what `default` raises.
    """
    return b"".join(pieces(value, default))


def pieces(value, default):
    """Does what `pack` does, in pieces. Large data is a separate piece: the value's own memory."""
    packed = packer_of(type(value), pack_nothing)(value)
    if packed is not None:
        return [packed]
    out = []
    write(value, out.append, default, 1)
    return list(joined(out)) if has_memory(out) else [b"".join(out)]


def has_memory(out):
    return countOf(map(type, out), memoryview) > 0


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
    """Adds the pieces of a value that no function of SCALARS packs.

    `depth` is its level, if it is a container.
    """
    kind = type(value)
    if kind is dict:
        if write_map(value, add, default, depth):
            return
    elif kind is list or kind is tuple:
        write_array(value, add, default, depth)
        return
    elif kind is bytes:
        add(pack_bin_header(len(value)))
        add(memoryview(value))
        return
    elif kind is bytearray:
        add(pack_bin_header(len(value)))
        add(bytes(value))  # a copy, since it may be changed while it is being sent
        return
    elif kind is Ext:
        write_ext(value, add, default, depth)
        return
    value = default(value)
    packed = packer_of(type(value), pack_nothing)(value)
    if packed is None:
        write(value, add, default, depth)
    else:
        add(packed)


def write_array(value, add, default, depth):
    """Adds a list or a tuple."""
    if depth > MAX_DEPTH:
        raise TooDeep
    items = tuple(value)  # another thread may change the list
    count = len(items)
    add(pack_count(0x90, 0xDC, count))
    if count < FEW:
        write_items(items, add, default, depth)
        return
    for at in range(0, count, BLOCK):
        block = items[at : at + BLOCK]
        packed = pack_run(block, default, pack_member) if depth < MAX_TABLE_DEPTH else None
        if packed is None:
            write_items(block, add, default, depth)
        else:
            add(packed)


def write_items(items, add, default, depth):
    packed = [packer_of(type(item), pack_nothing)(item) for item in items]
    if all(packed):
        add(b"".join(packed))
        return
    for item, data in zip(items, packed):
        if data is None:
            write(item, add, default, depth + 1)
        else:
            add(data)


def pack_member(value, default):
    """Packs the member of a row that is more than a scalar.

    Returns None if it contains large data or nests deep: the table is packed again without columns.
    If that could happen inside of a member, too, the time would double at each level.
    """
    out = []
    try:
        write(value, out.append, default, MAX_DEPTH - 1)
    except TooDeep:
        return None
    return None if has_memory(out) else b"".join(out)


def write_map(value, add, default, depth):
    """Adds a dict. If a key is not allowed in a map, it adds nothing and returns False."""
    if depth > MAX_DEPTH:
        raise TooDeep
    parts = pack_pairs(value)
    if parts is None:
        return False
    if all(parts):
        add(b"".join(parts))
        return True
    items = tuple(value.values())
    if len(parts) != 1 + 2 * len(items):
        raise RuntimeError("another thread has changed the dict")
    add(parts[0])
    for key, item, data in zip(parts[1::2], items, parts[2::2]):
        add(key)
        if data is None:
            write(item, add, default, depth + 1)
        else:
            add(data)
    return True


def pack_pairs(value):
    """Packs a dict: its header, each key, and each value, or None for one that may have members.

    Returns None if a key is not allowed in a map.
    """
    if len(value) > MANY:
        keys = pack_keys(value)
        if keys is None:
            return None
        parts = [None, *keys, *keys]
        parts[1::2] = keys
        parts[2::2] = [packer_of(type(item), pack_nothing)(item) for item in value.values()]
    else:
        parts = [None]
        add_part = parts.append
        for key, item in value.items():
            data = type(key) is str and kept_keys.get(key) or pack_key(key)
            if data is None:
                return None
            add_part(data)
            add_part(packer_of(type(item), pack_nothing)(item))
    parts[0] = pack_count(0x80, 0xDE, len(parts) // 2)
    return parts


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
        if not has_memory(inner):
            inner = [b"".join(inner)]
    add(pack_ext_header(value.code, sum(map(len, inner))))
    for piece in inner:
        add(piece)
