"""Reads the body of an EVAL."""

import struct
from functools import lru_cache
from unicodedata import normalize

from pyproxy_worker.codec import apart
from pyproxy_worker.codec.codec import decode, with_deep_stack
from pyproxy_worker.codec.locate import locate
from pyproxy_worker.codec.steps import step_to
from pyproxy_worker.values.opaque import EncodeError

# Session, length of the control map, and its first byte, or that of the code if it has none.
read_start = struct.Struct(">IIB").unpack_from
CONTROL_AT = 8
LEAST_BYTES = 9
EMPTY_MAP = 0x80
# How long code of more than 31 bytes is stands behind its first byte, in so many bytes.
STR_8 = 0xD9
CODE_LENGTHS = {
    0xDA: (2, struct.Struct(">H").unpack_from),
    0xDB: (4, struct.Struct(">I").unpack_from),
}

# The cache of decoded control maps: repeated calls have the same one.
CACHED_CONTROLS = 256
MAX_CACHED_CONTROL_BYTES = 4096


def read_request(body):
    """Returns what an EVAL asks for: code, locs, globs, session, namespace, is_strict.

    Raises ValueError if it breaks a rule of the wire, and EncodeError if Python cannot construct
    one of the values.
    """
    if body is None:
        raise MemoryError
    size = len(body)
    if size < LEAST_BYTES:
        raise ValueError("the body of an EVAL must have control and code, got %d bytes" % size)
    session, length, first = read_start(body)
    if length == 1 and first == EMPTY_MAP:
        at = CONTROL_AT + 1
        namespace = None
        is_strict = False
    else:
        at = CONTROL_AT + length
        if at > size:
            left = size - CONTROL_AT
            raise ValueError("control claims %d bytes, %d are left" % (length, left))
        is_small = length <= MAX_CACHED_CONTROL_BYTES
        read = read_control_again if is_small else read_control
        namespace, is_strict = read(body[CONTROL_AT:at].tobytes())
    try:
        # Only a string may stand here: this is quicker than the reader of all values.
        head = body[at]
        at += 1
        if 0xA0 <= head < 0xC0:
            values_at = at + (head & 31)
        elif head == STR_8:
            values_at = at + 1 + body[at]
            at += 1
        else:
            count, read_length = CODE_LENGTHS[head]
            values_at = at + count + read_length(body, at)[0]
            at += count
    except KeyError:
        message = "code must be a string, got a value that begins with 0x%02x" % head
        raise ValueError(message) from None
    except (IndexError, struct.error):
        raise ValueError("there is no whole code behind the control map") from None
    if values_at > size:
        raise ValueError("code claims %d bytes, %d are left" % (values_at - at, size - at))
    try:
        code = body[at:values_at].tobytes().decode()
    except UnicodeDecodeError as error:
        raise ValueError("code must be UTF-8: %s" % error) from None
    locs = globs = None
    if values_at < size:
        try:
            values = decode(body[values_at:])
        except EncodeError:
            raise with_deep_stack(locate, bytes(body[values_at:])) from None
        finally:
            apart.waiting.clear()  # so that only the code refers to the bytes
        if type(values) is not list or len(values) != 2:
            raise ValueError("the values of an EVAL must be one array of locs and globs")
        locs = variables(values[0], "locs")
        globs = variables(values[1], "globs")
    return code, locs, globs, session, namespace, is_strict


def read_control(data):
    """What the control map of an EVAL says: namespace, is_strict."""
    control = decode(data) if data else {}
    if type(control) is not dict:
        raise ValueError("control must be a map, got %s" % type(control).__name__)
    namespace = control.get("namespace")
    if namespace is not None and type(namespace) is not str:
        raise ValueError("namespace must be a string, got %s" % type(namespace).__name__)
    is_strict = control.get("strict", False)
    if type(is_strict) is not bool:
        raise ValueError("strict must be a boolean, got %s" % type(is_strict).__name__)
    return namespace, is_strict


read_control_again = lru_cache(CACHED_CONTROLS)(read_control)


def variables(value, name):
    """Checks that a value can be a namespace: a dict with string keys, or None."""
    if value is None:
        return None
    if type(value) is not dict:
        raise ValueError("%s must be a dict or nil, got %s" % (name, type(value).__name__))
    is_ascii = True
    for key in value:
        if type(key) is not str:
            raise ValueError("the keys of %s must be strings, got %s" % (name, type(key).__name__))
        if not key.isascii():
            is_ascii = False
    return value if is_ascii else as_python_reads(value, name)


def as_python_reads(value, name):
    """Normalizes the names of variables to NFKC, as Python's parser does."""
    read = {}
    originals = {}
    for key, item in value.items():
        form = key if key.isascii() else normalize("NFKC", key)
        if form in read:
            other = originals[form]
            reason = "to Python %s and %s are one name, %s" % (ascii(other), ascii(key), form)
            error = EncodeError(reason, "str")
            error.parts = [step_to(key), name]
            raise error
        read[form] = item
        originals[form] = key
    return read
