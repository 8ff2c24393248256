"""Finds the argument that Python can't construct, after decoding has failed."""

from pyproxy_worker.codec.msgpack_read import unpack
from pyproxy_worker.codec.steps import key_step, member_step, step_to
from pyproxy_worker.values.opaque import EncodeError
from pyproxy_worker.values.table import lift


# The search can't look into these once they are constructed: Series and DataFrame.
TABLES = (13, 14)


class Failed:
    """Replaces a value that could not be constructed."""

    def __init__(self, error):
        self.error = error


def locate(data):
    """Returns the EncodeError of the first such value in `[locs, globs]`, with its path."""
    values = unpack(data, lift_or_fail)
    if type(values) is list and len(values) == 2:
        for root, value in zip(("locs", "globs"), values):
            error = search(value)
            if error is not None:
                error.parts.append(root)
                return error
    return ValueError("the values of an EVAL must be one array of locs and globs")


def lift_or_fail(code, data, depth):
    def read(inner):
        value = unpack(inner, lift_or_fail, depth + 1)
        error = search(value) if code in TABLES else None
        if error is not None:
            raise error
        return value

    try:
        return lift(code, data, read)
    except EncodeError as error:
        return Failed(error)


def search(value):
    """Returns the error of the first Failed in a value, or None."""
    if type(value) is Failed:
        return value.error
    if type(value) is dict:
        pairs = list(value.items())
        steps = [key_step(i) for i in range(len(pairs))] + [step_to(key) for key, _ in pairs]
        members = [key for key, _ in pairs] + [item for _, item in pairs]
    elif type(value) in (list, tuple, set, frozenset):
        members = list(value)
        steps = [member_step(i) for i in range(len(members))]
    else:
        return None
    for step, member in zip(steps, members):
        error = search(member)
        if error is not None:
            error.parts.append(step)
            return error
    return None
