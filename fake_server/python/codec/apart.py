"""Receives large bytes among the arguments of an EVAL directly into their final memory.

Reading them out of the message would copy them, and take the memory twice. In the message a small
extension replaces them, which no client can forge. To find them, we only step from token to token,
over the code and into the values; the reader checks later that the tokens form a value.
"""

import os
import struct

from pyproxy_worker.codec.msgpack_read import CONSTANTS, LENGTHS, NUMBERS

# Smaller bytes are as fast to read with the message.
LARGE_BYTES = 256 * 1024
# We give up after this many tokens: large bytes come early, or they are one value of many.
MAX_TOKENS = 64
# We give up if the tokens so far, such as the code, are longer than this.
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

# The bytes that were received apart and wait for the reader. The key is the payload that replaces
# them; the value is the code of their extension (None for plain bytes), and the bytes.
waiting = {}


def find(body, length):
    """Finds large bytes in the start of an EVAL's body.

    Returns where they begin, the size of their head, their extension code and their own size; None
    if it needs more of the body; False if there are none.
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


def keep(code, data):
    """Keeps bytes for the reader. Returns the extension that replaces them."""
    payload = NONCE + b"\0"
    waiting[payload] = code, data
    return bytes((FIXEXT_16, CODE)) + payload
