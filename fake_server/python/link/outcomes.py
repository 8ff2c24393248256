"""The outcome of a job: a status, the head of the RESULT's body, and the value in pieces."""

import struct

from pyproxy_worker.codec.codec import encode

VALUE = 0
PYTHON_ERROR = 1
CANCELLED = 2
UNSENDABLE = 4

LENGTH = struct.Struct(">I")


def head_of(control):
    """Returns the head of a RESULT's body: the control map with its length."""
    data = encode(control)
    return LENGTH.pack(len(data)) + data


EMPTY = head_of({})
SKIPPED = CANCELLED, head_of({"how": "queued"}), ()
STOPPED = CANCELLED, head_of({"how": "interrupted"}), ()


def unsendable(error, root):
    """Returns the outcome for a value that cannot be sent; it says which one."""
    path = error.path(root)
    message = "Cannot send %s: %s" % (path or "this value", error.reason)
    control = {"message": message, "path": path, "type": error.type_name}
    return UNSENDABLE, head_of(control), ()
