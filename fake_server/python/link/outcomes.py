"""What became of a job: a status, the start of the RESULT's body, and values as pieces of bytes."""

import struct

from pyproxy_worker.codec.codec import encode

VALUE = 0
PYTHON_ERROR = 1
CANCELLED = 2
UNSENDABLE = 4

LENGTH = struct.Struct(">I")


def head_of(control):
    """The start of a RESULT's body."""
    data = encode(control)
    return LENGTH.pack(len(data)) + data


EMPTY = head_of({})
SKIPPED = CANCELLED, head_of({"how": "queued"}), ()
STOPPED = CANCELLED, head_of({"how": "interrupted"}), ()


def unsendable(error, root):
    """The outcome that says which value cannot travel."""
    path = error.path(root)
    message = "Cannot send %s: %s" % (path or "this value", error.reason)
    control = {"message": message, "path": path, "type": error.type_name}
    return UNSENDABLE, head_of(control), ()
