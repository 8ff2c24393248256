"""The parts of a path into a value, as Python expressions."""

import json

from pyproxy_worker.codec.msgpack_pure import Ext
from pyproxy_worker.values.opaque import is_text, short_repr


def part_of(plain, index):
    """Returns the part of the path to member `index` of a value that was lowered to `plain`."""
    if type(plain) is Ext and type(plain.data) is dict:
        plain = plain.data
    if type(plain) is dict:
        return step_to(list(plain)[index])
    if type(plain) is Ext and plain.code == 2:
        return step_to(plain.data[index - 1]) if index % 2 else key_step(index // 2)
    return member_step(index)


def key_step(index):
    """The part of a path from a dict to a key."""
    return ".keys()[%d]" % index


def member_step(index):
    """The part of a path to a member of a list, a tuple or a set."""
    return "[%d]" % index


def step_to(key):
    """The part of a path from a dict to the value of a key."""
    if issubclass(type(key), str):
        key = str.__str__(key)
        if key.isidentifier():
            return "." + key
        return "[%s]" % json.dumps(key, ensure_ascii=not is_text(key))
    return "[%s]" % short_repr(key)[:100]
