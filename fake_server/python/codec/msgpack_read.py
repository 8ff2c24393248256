"""Reads MessagePack by the wire's rules, in pure Python. The writer is msgpack_pure.py."""

import struct

from pyproxy_worker.codec.msgpack_pure import MAX_DEPTH, TooDeep

# Records repeat their keys, so we keep the decoded ones. The bound limits keys that never repeat.
CACHED_KEYS = 4096


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
    if first < 0x80:
        return first, at
    if first < 0x90:
        return read_map(data, at, first & 15, ext, depth)
    if first < 0xA0:
        return read_array(data, at, first & 15, ext, depth)
    if first < 0xC0:
        end = at + (first & 31)
        return data[at:end].decode(), end
    if first >= 0xE0:
        return first - 0x100, at
    if first in NUMBERS:
        number = NUMBERS[first]
        return number.unpack_from(data, at)[0], at + number.size
    if first < 0xC4:
        if first == 0xC1:
            raise ValueError("0xc1 starts no value")
        return CONSTANTS[first], at
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
RUN = 256
RUNS = {
    first: struct.Struct(">" + ("x" + code) * RUN)
    for first, code in zip(range(0xCA, 0xD4), "fdBHIQbhiq")
}
known_keys = {}


def read_array(data, at, count, ext, depth):
    """Returns the list of `count` values from `at` on, and where it ends."""
    if depth > MAX_DEPTH:
        raise TooDeep
    if count > len(data) - at:
        raise IndexError
    out = []
    if count >= 8:
        at = read_runs(data, at, count, out)
        count -= len(out)
    depth += 1
    for _ in range(count):
        first = data[at]
        if first < 0x80:
            out.append(first)
            at += 1
        elif 0xA0 <= first < 0xC0:
            end = at + 1 + (first & 31)
            out.append(data[at + 1 : end].decode())
            at = end
        else:
            item, at = read(data, at, ext, depth)
            out.append(item)
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
    if depth > MAX_DEPTH:
        raise TooDeep
    if 2 * count > len(data) - at:
        raise IndexError
    depth += 1
    out = {}
    for _ in range(count):
        first = data[at]
        if 0xA0 <= first < 0xC0:
            end = at + 1 + (first & 31)
            raw = data[at + 1 : end]
            key = known_keys.get(raw)
            if key is None:
                key = raw.decode()
                if len(known_keys) < CACHED_KEYS:
                    known_keys[raw] = key
            at = end
        else:
            key, at = read(data, at, ext, depth)
            if type(key) is not str:
                raise ValueError("a key of a map must be a string, got %s" % type(key).__name__)
        if key == "__proto__":
            raise ValueError('a map cannot have the key "__proto__"')
        first = data[at]
        if first < 0x80:
            out[key] = first
            at += 1
        elif 0xA0 <= first < 0xC0:
            end = at + 1 + (first & 31)
            out[key] = data[at + 1 : end].decode()
            at = end
        else:
            out[key], at = read(data, at, ext, depth)
    return out, at
