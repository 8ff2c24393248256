"""Decimal, Fraction, UUID, paths and complex: extension 11, an array of a type and a text.

We import their modules only when there is such a value. Few jobs have one, and an import at start
would slow down every process.
"""

import re

from pyproxy_worker.codec.msgpack_pure import Ext
from pyproxy_worker.values.opaque import EncodeError, array, is_text, opaque, short_repr

# At its lowest limit, the builtin int refuses decimal texts longer than this.
SAFE_DIGITS = 640
FRACTION = re.compile(r"-?[0-9]+(/[0-9]+)?", re.ASCII)


def lower_decimal(value):
    from decimal import Decimal

    # A decimal context without `capitals` writes "e".
    return Ext(11, ["Decimal", Decimal.__str__(value).replace("e", "E")])


def read_decimal(text):
    from decimal import Context, Decimal, InvalidOperation

    # Our own context: that of the thread may accept invalid text as NaN.
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
    """Returns the decimal text of an integer of any size."""
    if value.bit_length() < SAFE_DIGITS:
        return "%d" % value
    from decimal import Decimal

    return str(Decimal(value))


def integer(text):
    """Returns the integer of a decimal text of any length."""
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
    # Not str(), which leaves out a real part of zero. The sign of a zero matters: 1-0j is not 1+0j.
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
