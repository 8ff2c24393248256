"""Packs the parts of MessagePack: headers, and values that contain no others."""

import struct
from functools import partial
from operator import countOf

MIN_INT = -(1 << 63)
MAX_INT = (1 << 64) - 1
# Data of this size is sent from its own memory. Below this, a copy costs less than a piece more.
LARGE_BYTES = 32 * 1024

pack_float = partial(struct.Struct(">Bd").pack, 0xCB)
pack_1 = struct.Struct(">BB").pack
pack_2 = struct.Struct(">BH").pack
pack_4 = struct.Struct(">BI").pack
pack_8 = struct.Struct(">BQ").pack
pack_signed = {size: struct.Struct(">B" + code).pack for size, code in zip((1, 2, 4, 8), "bhiq")}
FIXINTS = [bytes((i,)) for i in range(128)]
STR_HEADERS = [bytes((0xA0 + size,) if size < 32 else (0xD9, size)) for size in range(256)]
CONSTANTS = {None: b"\xc0", False: b"\xc2", True: b"\xc3"}
# The keys of small dicts repeat, so we keep packed ones.
KEPT_KEYS = 4096
MOST_KEPT_BYTES = 64
kept_keys = {}


def pack_int(value):
    """Packs an integer. Returns None if MessagePack has none so large."""
    if value >= 0:
        if value < 0x80:
            return FIXINTS[value]
        if value < 0x100:
            return pack_1(0xCC, value)
        if value < 0x10000:
            return pack_2(0xCD, value)
        if value < 0x100000000:
            return pack_4(0xCE, value)
        return pack_8(0xCF, value) if value <= MAX_INT else None
    if value >= -0x20:
        return bytes((value + 0x100,))
    if value >= -0x80:
        return pack_signed[1](0xD0, value)
    if value >= -0x8000:
        return pack_signed[2](0xD1, value)
    if value >= -0x80000000:
        return pack_signed[4](0xD2, value)
    return pack_signed[8](0xD3, value) if value >= MIN_INT else None


def pack_str(text):
    """Packs a string. Returns None if UTF-8 can't encode it."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return None
    size = len(data)
    return (STR_HEADERS[size] if size < 0x100 else pack_str_header(size)) + data


def pack_str_header(size):
    """Packs the header of a string."""
    if size < 0x100:
        return STR_HEADERS[size]
    if size < 0x10000:
        return pack_2(0xDA, size)
    return pack_4(0xDB, size)


def pack_bytes(data):
    """Packs bytes. Returns None if they should not be copied."""
    size = len(data)
    return pack_bin_header(size) + data if size < LARGE_BYTES else None


def pack_nothing(_):
    """Stands for the types that are not in SCALARS."""
    return None


# For each type of such values the function that packs one, or returns None.
SCALARS = {
    str: pack_str,
    int: pack_int,
    float: pack_float,
    bytes: pack_bytes,
    bool: CONSTANTS.get,
    type(None): CONSTANTS.get,
}
packer_of = SCALARS.get


def pack_key(key):
    """Packs a key of a map. Returns None if it is not allowed in one."""
    if type(key) is not str or key == "__proto__":
        return None
    packed = pack_str(key)
    if packed is not None and len(packed) <= MOST_KEPT_BYTES:
        if len(kept_keys) >= KEPT_KEYS:
            kept_keys.clear()
        kept_keys[key] = packed
    return packed


def pack_keys(value):
    """Packs the keys of a dict. Returns None if it can't be a map."""
    # The fastest check that all keys are exactly `str`: a subclass may redefine equality.
    if countOf(map(type, value), str) != len(value) or "__proto__" in value:
        return None
    keys = list(map(pack_str, value))
    return keys if all(keys) else None


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
