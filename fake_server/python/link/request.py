"""Reads the body of an EVAL."""

import struct
from functools import lru_cache
from unicodedata import normalize

from pyproxy_worker.codec import apart
from pyproxy_worker.codec.codec import decode, with_deep_stack
from pyproxy_worker.codec.locate import locate
from pyproxy_worker.codec.steps import step_to
from pyproxy_worker.values.opaque import EncodeError

read_session_and_length = struct.Struct(">II").unpack_from
CONTROL_AT = 8

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
    if len(body) < CONTROL_AT:
        raise ValueError("the body of an EVAL must have a control map, got %d bytes" % len(body))
    session, length = read_session_and_length(body)
    values_at = CONTROL_AT + length
    if values_at > len(body):
        left = len(body) - CONTROL_AT
        raise ValueError("control claims %d bytes, %d are left" % (length, left))
    control = bytes(body[CONTROL_AT:values_at])
    is_small = length <= MAX_CACHED_CONTROL_BYTES
    code, namespace, is_strict = (read_control_again if is_small else read_control)(control)
    locs = globs = None
    if values_at < len(body):
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
    """What the control map of an EVAL says: code, namespace, is_strict."""
    control = decode(data) if data else {}
    if type(control) is not dict:
        raise ValueError("control must be a map, got %s" % type(control).__name__)
    code = control.get("code")
    if type(code) is not str:
        raise ValueError("code must be a string, got %s" % type(code).__name__)
    namespace = control.get("namespace")
    if namespace is not None and type(namespace) is not str:
        raise ValueError("namespace must be a string, got %s" % type(namespace).__name__)
    is_strict = control.get("strict", False)
    if type(is_strict) is not bool:
        raise ValueError("strict must be a boolean, got %s" % type(is_strict).__name__)
    return code, namespace, is_strict


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
