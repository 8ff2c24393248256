"""Reads MessagePack by the wire's rules, in pure Python. The writer is msgpack_pure.py.

The loops over the members of arrays and maps read the commonest kinds of values themselves: a call
of a function would take longer than the rest.
"""

import gc
import struct
from itertools import repeat

from pyproxy_worker.codec.msgpack_parts import pack_str
from pyproxy_worker.codec.msgpack_pure import MAX_DEPTH, TooDeep

# Records repeat their keys, so we keep the decoded ones.
KEPT_KEYS = 4096
# They repeat their order, too, so we keep the keys of a map by its first one.
KEPT_SHAPES = 256
MIN_SHAPE = 3
MAX_SHAPE = 32
MOST_KEY_BYTES = 32


def unpack(data, ext, depth=1):
    """Returns the value of `data`. `ext(code, payload, depth)` makes the value of an extension.

    Raises ValueError if `data` breaks a rule of the wire.
    """
    try:
        value, at = read(data, 0, ext, depth)
    except (IndexError, struct.error):
        at = len(data) + 1
    if at > len(data):
        raise ValueError("the value ends in the middle")
    if at < len(data):
        raise ValueError("%d bytes follow the value" % (len(data) - at))
    return value


def read(data, at, ext, depth):
    """Returns the value at `at`, and where the next one begins."""
    first = data[at]
    at += 1
    if SMALL[first] is not MORE:
        return SMALL[first], at
    if first < 0x90:
        return read_map(data, at, first & 15, ext, depth)
    if first < 0xA0:
        return read_array(data, at, first & 15, ext, depth)
    if first < 0xC0:
        end = at + (first & 31)
        return data[at:end].decode(), end
    if first in UNPACKS:
        unpack, size = UNPACKS[first]
        return unpack(data, at - 1)[0], at - 1 + size
    if first in LENGTHS:
        length = LENGTHS[first]
        count = length.unpack_from(data, at)[0]
        at += length.size
        if 0xDC <= first <= 0xDD:
            return read_array(data, at, count, ext, depth)
        if first >= 0xDE:
            return read_map(data, at, count, ext, depth)
        if first >= 0xD9:
            return data[at : at + count].decode(), at + count
        if first < 0xC7:
            return data[at : at + count], at + count
    elif first == 0xC1:
        raise ValueError("0xc1 starts no value")
    else:
        count = 1 << (first - 0xD4)
    if depth > MAX_DEPTH:
        raise TooDeep
    end = at + 1 + count
    code = data[at]
    if end > len(data):
        raise IndexError
    return ext(code if code < 0x80 else code - 0x100, data[at + 1 : end], depth), end


CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
NUMBERS = {
    first: struct.Struct(">" + code) for first, code in zip(range(0xCA, 0xD4), "fdBHIQbhiq")
}
LENGTHS = {
    first: struct.Struct(">" + code)
    for first, code in zip(
        (0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF),
        "BHIBHIBHIHIHI",
    )
}
# The values of one byte, by that byte, and a mark for the bytes that begin another value.
MORE = object()
SMALL = [*range(0x80), *[MORE] * 0x60, *range(-0x20, 0)]
for first in CONSTANTS:
    SMALL[first] = CONSTANTS[first]
# How to unpack a number with its first byte, and the size of both.
UNPACKS = {
    first: (struct.Struct(">x" + number.format[1:]).unpack_from, 1 + number.size)
    for first, number in NUMBERS.items()
}
unpack_float = UNPACKS[0xCB][0]
RUN = 256
RUNS = {
    first: struct.Struct(">" + ("x" + code) * RUN)
    for first, code in zip(range(0xCA, 0xD4), "fdBHIQbhiq")
}
kept_keys = {}
kept_shapes = {}
# In place of a key that we don't know: one byte of the message never equals these two.
UNKNOWN = "", b"\xc1\xc1", 1


def read_array(data, at, count, ext, depth):
    """Returns the list of `count` values from `at` on, and where it ends."""
    if depth > MAX_DEPTH:
        raise TooDeep
    if count > len(data) - at:
        raise IndexError
    out = []
    add = out.append
    depth += 1
    while len(out) < count:
        some = count - len(out)
        first = data[at]
        if 0x80 <= first < 0x90:
            at = read_maps(data, at + 1, first & 15, some, ext, depth, out)
            continue
        if some >= 8:
            at = read_runs(data, at, some, out)
            some = min(count - len(out), RUN)
        for _ in range(some):
            first = data[at]
            if 0xA0 <= first < 0xC0:
                end = at + 1 + (first & 31)
                value = data[at + 1 : end].decode()
                at = end
            elif SMALL[first] is not MORE:
                value = SMALL[first]
                at += 1
            elif first == 0xCB:
                value = unpack_float(data, at)[0]
                at += 9
            elif first < 0x90:
                break
            elif first in UNPACKS:
                unpack, size = UNPACKS[first]
                value = unpack(data, at)[0]
                at += size
            elif first == 0xD9:
                end = at + 2 + data[at + 1]
                value = data[at + 2 : end].decode()
                at = end
            else:
                value, at = read(data, at, ext, depth)
            add(value)
    return out, at


def read_runs(data, at, count, out):
    """Reads numbers into `out` while the next `RUN` values, or all that remain, have one type.

    Returns where the next value begins.
    """
    while count > 0:
        first = data[at]
        some = min(count, RUN)
        if first < 0x80:
            run = data[at : at + some]
            if len(run) < some or max(run) >= 0x80:
                break
            out.extend(run)
            at += some
        elif first in RUNS:
            numbers = RUNS[first]
            size = numbers.size // RUN
            if data[at : at + some * size : size] != bytes((first,)) * some:
                break
            if some < RUN:
                numbers = struct.Struct(numbers.format[: 1 + 2 * some])
            out.extend(numbers.unpack_from(data, at))
            at += some * size
        else:
            break
        count -= some
    return at


def read_map(data, at, count, ext, depth):
    """Returns the dict of `count` pairs from `at` on, and where it ends."""
    maps = []
    at = read_maps(data, at, count, 1, ext, depth, maps)
    return maps[0], at


def read_maps(data, at, count, most, ext, depth, out):
    """Reads up to `most` maps of `count` pairs into `out`. The pairs of the first begin at `at`.

    More than one are the rows of a table: it goes on while the keys are the same. Returns where the
    last one ends.
    """
    if depth > MAX_DEPTH:
        raise TooDeep
    if 2 * count > len(data) - at:
        raise IndexError
    shape = start = None
    if count >= MIN_SHAPE:
        start = data[at - 1 : at + 1 + (data[at] & 31)]
        shape = kept_shapes.get(start)
    is_known = shape is not None and len(shape) == count
    header = data[at - 1]
    last = len(data) - 2 * count
    depth += 1
    while True:
        row = {}
        for key, packed, size in shape if is_known else repeat(UNKNOWN, count):
            end = at + size
            if data[at:end] != packed:
                is_known = False
                first = data[at]
                if 0xA0 <= first < 0xC0:
                    end = at + 1 + (first & 31)
                    text = data[at + 1 : end]
                    key = kept_keys.get(text) or keep_key(text)
                else:
                    key, end = read(data, at, ext, depth)
                    if type(key) is not str:
                        name = type(key).__name__
                        raise ValueError("a key of a map must be a string, got %s" % name)
                if key == "__proto__":
                    raise ValueError('a map cannot have the key "__proto__"')
            first = data[end]
            if 0xA0 <= first < 0xC0:
                at = end + 1 + (first & 31)
                value = data[end + 1 : at].decode()
            elif SMALL[first] is not MORE:
                value = SMALL[first]
                at = end + 1
            elif first == 0xCB:
                value = unpack_float(data, end)[0]
                at = end + 9
            elif first in UNPACKS:
                unpack, size = UNPACKS[first]
                value = unpack(data, end)[0]
                at = end + size
            elif first == 0xD9:
                at = end + 2 + data[end + 1]
                value = data[end + 2 : at].decode()
            else:
                value, at = read(data, end, ext, depth)
            row[key] = value
        out.append(row)
        most -= 1
        if most == 0 or not is_known or at >= last or data[at] != header:
            break
        at += 1
    if not is_known and start is not None and count <= MAX_SHAPE:
        keep_shape(start, row, count)
    return at


def without_gc(function, *args):
    """Calls `function` with the collector off, which would take a third of the time in vain."""
    if not gc.isenabled():
        return function(*args)
    gc.disable()
    try:
        return function(*args)
    finally:
        gc.enable()


def keep_key(text):
    key = text.decode()
    if len(kept_keys) >= KEPT_KEYS:
        kept_keys.clear()
    kept_keys[text] = key
    return key


def keep_shape(start, out, count):
    """Keeps the keys of a map for the next one that begins like it."""
    if kept_shapes.pop(start, None) is not None or len(out) < count:
        return
    shape = []
    for key in out:
        packed = pack_str(key)
        if len(packed) > MOST_KEY_BYTES:
            return
        shape.append((key, packed, len(packed)))
    if len(kept_shapes) >= KEPT_SHAPES:
        kept_shapes.clear()
    kept_shapes[start] = shape
