"""Large bytes among the arguments of an eval are received apart, into what they become.

In the message they are copied out of, which takes memory twice, their place is taken by a small
extension that nobody outside can write. To find them it is enough to go from token to token at the
start of the values: whether those make a value, the reader decides as ever.
"""

import os
import struct
from io import BytesIO

from pyproxy_worker.codec.msgpack_read import CONSTANTS, LENGTHS, NUMBERS

# Less is read as quickly with the rest.
LARGE_BYTES = 256 * 1024
# What is large comes early, or it is one of many.
MAX_TOKENS = 64
# Code that is longer leaves no room in a first buffer for what comes after it.
LOOK_BYTES = 32 * 1024
LENGTH = struct.Struct(">I")
CONTROL_LENGTH_AT = 4
CONTROL_AT = 8
BIN_32 = 0xC6
EXT_32 = 0xC9

CODE = 127
FIXEXT_16 = 0xD8
NONCE = os.urandom(15)
STANDIN_BYTES = 2 + 16

# What was received apart for the request that is read next, by the payload that stands for it: the
# code of the extension, None if it is none, and the bytes.
held = {}


def find(body, length):
    """Large bytes in the start of an EVAL's body, as where they begin, the size of their head, their
    code and their own size; None if that cannot be told yet, False if there are none.
    """
    have = len(body)
    if have < CONTROL_AT:
        return None
    at = CONTROL_AT + LENGTH.unpack_from(body, CONTROL_LENGTH_AT)[0]
    for _ in range(MAX_TOKENS):
        if at + 6 > have:
            return None if at < LOOK_BYTES and have < length else False
        first = body[at]
        if first == BIN_32 or first == EXT_32:
            (size,) = LENGTH.unpack_from(body, at + 1)
            head = 5 if first == BIN_32 else 6
            if size >= LARGE_BYTES:
                code = None if first == BIN_32 else (body[at + 5] ^ 0x80) - 0x80
                return (at, head, code, size) if at + head + size <= length else False
            at += head + size
        elif first < 0xA0 or first >= 0xE0 or first in CONSTANTS:
            at += 1
        elif first < 0xC0:
            at += 1 + (first & 31)
        elif first in NUMBERS:
            at += 1 + NUMBERS[first].size
        elif first in LENGTHS:
            count = LENGTHS[first]
            at += 1 + count.size
            if first < 0xDC:
                at += count.unpack_from(body, at - count.size)[0] + (0xC7 <= first <= 0xC9)
        elif first == 0xC1:
            return False
        else:
            at += 2 + (1 << (first - 0xD4))
    return False


def room(size):
    """Where bytes of that size can be written: `getbuffer()` is their memory, `getvalue()` they are.

    As `bytes` they could not be written to, out of a `bytearray` they would be copied.
    """
    return BytesIO(bytes(size))


def hold(code, data):
    """Keeps bytes for the reader; gives what is to stand in their place."""
    payload = NONCE + b"\0"
    held[payload] = code, data
    return bytes((FIXEXT_16, CODE)) + payload
