"""Decimal, Fraction, UUID, paths and complex: extension 11, an array of the type and its text.

Their modules are imported when there is such a value: few evals have one, every process starts.
"""

import re

from pyproxy_worker.codec.msgpack_pure import Ext
from pyproxy_worker.values.opaque import EncodeError, array, is_text, opaque, short_repr

# The builtin int refuses longer decimal texts where its limit is as low as it can be set.
SAFE_DIGITS = 640
FRACTION = re.compile(r"-?[0-9]+(/[0-9]+)?", re.ASCII)


def lower_decimal(value):
    from decimal import Decimal

    # A context without capitals would write the exponent small.
    return Ext(11, ["Decimal", Decimal.__str__(value).replace("e", "E")])


def read_decimal(text):
    from decimal import Context, Decimal, InvalidOperation

    # A context of ours: the thread's may take nonsense for NaN.
    return Decimal(text, Context(traps=[InvalidOperation]))


def lower_fraction(value):
    text = digits(value.numerator)
    if value.denominator != 1:
        text += "/" + digits(value.denominator)
    return Ext(11, ["Fraction", text])


def read_fraction(text):
    from fractions import Fraction

    if not FRACTION.fullmatch(text):
        raise ValueError
    return Fraction(*map(integer, text.split("/")))


def digits(value):
    """The decimal text of an integer of any size."""
    if value.bit_length() < SAFE_DIGITS:
        return "%d" % value
    from decimal import Decimal

    return str(Decimal(value))


def integer(text):
    """The integer of a decimal text of any length."""
    if len(text) < SAFE_DIGITS:
        return int(text)
    from decimal import Decimal

    return int(Decimal(text))


def lower_uuid(value):
    from uuid import UUID

    return Ext(11, ["UUID", UUID.__str__(value)])


def read_uuid(text):
    from uuid import UUID

    return UUID(text)


def lower_path(value):
    import pathlib

    text = pathlib.PurePath.__str__(value)
    if not is_text(text):
        return opaque(value)
    if isinstance(value, pathlib.Path):
        kind = "Path"
    elif isinstance(value, pathlib.PureWindowsPath):
        kind = "PureWindowsPath"
    else:
        kind = "PurePosixPath"
    return Ext(11, [kind, text])


def read_path(kind):
    def read(text):
        import pathlib

        return getattr(pathlib, kind)(text)

    return read


def lower_complex(value):
    # Not str(): 1-0j and 1+0j are two values, and -0.0+1j is not 1j.
    real, imag = float.__repr__(value.real), float.__repr__(value.imag)
    return Ext(11, ["complex", real + ("" if imag[0] == "-" else "+") + imag + "j"])


READERS = {
    "Decimal": read_decimal,
    "Fraction": read_fraction,
    "UUID": read_uuid,
    "Path": read_path("Path"),
    "PurePosixPath": read_path("PurePosixPath"),
    "PureWindowsPath": read_path("PureWindowsPath"),
    "complex": complex,
}


def lift_scalar(data, read):
    parts = array(read(data), "a scalar")
    if len(parts) != 2 or type(parts[0]) is not str or type(parts[1]) is not str:
        raise ValueError("a scalar must be its type and its text")
    kind, text = parts
    if kind not in READERS:
        raise ValueError("there is no scalar of type %.100r" % kind)
    try:
        return READERS[kind](text)
    except (ValueError, ArithmeticError):
        reason = "%s is no text of a Python %s" % (short_repr(text[:100]), kind)
        raise EncodeError(reason, kind) from None
