"""Arrays: those of numpy are extension 12; typed arrays of JavaScript and array.array extension 15.

We import numpy only to receive a value. To send one there is no need: code that has an array has
imported numpy.
"""

import re
import struct
import sys

from pyproxy_worker.codec.msgpack_pure import LARGE_BYTES, Ext, Large
from pyproxy_worker.values.opaque import EncodeError, opaque

# The limit of numpy 2.
MAX_DIMENSIONS = 64

SIZES = {
    "bool": 1,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
    "float16": 2,
    "float32": 4,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
}
MOMENT = re.compile(
    r"(datetime64|timedelta64)(\[[0-9]{0,9}(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?", re.ASCII
)
TEXT = re.compile(r"([US])([1-9][0-9]{0,8})", re.ASCII)
# The typecodes of array.array. These have the same sizes on all platforms.
TYPECODES = {
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}
# The element types of JavaScript's typed arrays, except Uint8Array, which is bytes.
ELEMENTS = frozenset(TYPECODES) - {"uint8"} | {"float16"}


# ---- to bytes -----------------------------------------------------------------------------------


def lower_array(value):
    """Lowers an array.array to typed elements, bytes or text."""
    code = value.typecode
    if code in "uw":
        return value.tounicode()
    if sys.byteorder == "big":
        value = value[:]
        value.byteswap()
    if code == "B":
        return value.tobytes()
    kind = "float" if code in "fd" else "int" if code.islower() else "uint"
    return elements("%s%d" % (kind, 8 * value.itemsize), value)


def elements(name, data):
    """Makes an extension 15 of an object whose buffer has contiguous elements of that type."""
    return Ext(15, payload(b"%c%b" % (len(name), name.encode()), data))


def payload(head, data):
    """Joins a head and a buffer. A large buffer is not copied before it is sent."""
    memory = memoryview(data).cast("B")
    return b"".join((head, memory)) if len(memory) < LARGE_BYTES else Large(head, memory)


def lower_ndarray(value):
    """Lowers an ndarray one step."""
    numpy = sys.modules["numpy"]
    kind = value.dtype.kind
    masked = sys.modules.get("numpy.ma")
    if masked is not None and isinstance(value, masked.MaskedArray):
        return lower_masked(numpy, masked, value)
    array = numpy.asarray(value)
    if kind in "OT":  # objects, and the strings of any length of numpy 2
        return array.tolist()
    name = name_of(array.dtype)
    if name is None:
        return opaque(value)
    is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    lengths = struct.pack(">%dQ" % array.ndim, *array.shape)
    head = b"%c%b%c%c" % (len(name), name.encode(), b"F" if is_fortran else b"C", array.ndim)
    return Ext(12, payload(head + lengths, memory(numpy, array.T if is_fortran else array)))


def lower_masked(numpy, masked, value):
    """Lowers a masked array to lists with None for masked items."""
    kind = value.dtype.kind
    if kind in "mMOT":
        # One by one, since its tolist() turns nanoseconds into integers.
        items = numpy.empty(value.size, object)
        hidden = masked.getmaskarray(value).reshape(-1)
        for i, item in enumerate(masked.getdata(value).reshape(-1)):
            if not hidden[i]:
                items[i] = item
        return items.reshape(value.shape).tolist()
    # tolist() would lose fields, and the precision of floats wider than 64 bits.
    return value.tolist() if kind in "SU" or value.dtype.name in SIZES else opaque(value)


def memory(numpy, array):
    """Returns the bytes of an array in C order, little-endian; copied only if necessary."""
    array = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    return array.reshape(-1).view(numpy.uint8)


def name_of(dtype):
    """Returns numpy's name of the dtype, or None if its items are not sent as bytes."""
    if dtype.kind in "SU":
        size = dtype.itemsize // (1 if dtype.kind == "S" else 4)
        return "%s%d" % (dtype.kind, size) if size else None
    return dtype.name if dtype.name in SIZES or dtype.kind in "mM" else None


def lower_scalar(value):
    """Lowers a numpy scalar to Python's own type, or to an Ext."""
    kind = value.dtype.kind
    if kind in "mM":
        return lower_moment(sys.modules["numpy"], value, kind)
    return value.item() if name_of(value.dtype) else opaque(value)


def lower_moment(numpy, value, kind):
    """Lowers a datetime64 or timedelta64 to Python's own type, if that is exact and in range."""
    if numpy.isnat(value):
        return None
    unit = numpy.datetime_data(value.dtype)[0]
    if kind == "M" and unit in ("Y", "M", "W", "D"):
        item = value.astype("M8[D]").item()
    elif unit in ("Y", "M", "generic"):
        return opaque(value)
    else:
        exact = value.astype(kind + "8[us]")
        item = exact.item() if exact.astype(value.dtype) == value else 0
    return opaque(value) if isinstance(item, int) else item


# ---- and back -----------------------------------------------------------------------------------


def load(name):
    """Imports a module that values need; None if it is not installed."""
    try:
        return __import__(name)
    except Exception:  # a broken installation may raise anything
        return None


def lift_elements(data, _):
    """Lifts a typed array to an ndarray, or to an array.array without numpy. Both are writable."""
    name, at = read_name(data)
    if name not in ELEMENTS:
        raise ValueError("there is no typed array of %.100r" % name)
    if (len(data) - at) % SIZES[name]:
        raise ValueError("%d bytes are no elements of %s" % (len(data) - at, name))
    shape = ((len(data) - at) // SIZES[name],)
    numpy = load("numpy")
    if numpy is None:
        return plain_array(name, shape, memoryview(data)[at:])
    return made(numpy, name, shape, "C", data, at)


def lift_ndarray(data, _):
    name, at = read_name(data)
    size = size_of(name)
    if size is None:
        raise ValueError("there is no dtype %.100r" % name)
    if len(data) < at + 2 or len(data) < at + 2 + 8 * data[at + 1]:
        raise ValueError("the head of an array is cut short")
    order, dimensions = chr(data[at]), data[at + 1]
    if order not in "CF" or dimensions > MAX_DIMENSIONS:
        raise ValueError("an array cannot have order %r and %d dimensions" % (order, dimensions))
    shape = struct.unpack_from(">%dQ" % dimensions, data, at + 2)
    at += 2 + 8 * dimensions
    for length in shape:
        size *= length
    if size != len(data) - at:
        text = "an array of %s and shape %s takes %d bytes, it has %d"
        raise ValueError(text % (name, shape, size, len(data) - at))
    numpy = load("numpy")
    if numpy is None:
        return plain_array(name, shape, memoryview(data)[at:])
    return made(numpy, name, shape, order, data, at)


def read_name(data):
    """Returns the name at the start of a payload, and where it ends."""
    at = 1 + data[0] if len(data) else 1
    if at > len(data):
        raise ValueError("the name of a dtype is cut short")
    return data[1:at].decode("latin-1"), at


def size_of(name):
    """Returns the size of an item in bytes; None if there is no such dtype."""
    if name in SIZES:
        return SIZES[name]
    if MOMENT.fullmatch(name):
        return 8
    text = TEXT.fullmatch(name)
    return text and int(text[2]) * (1 if text[1] == "S" else 4)


def made(numpy, name, shape, order, data, at):
    """Makes an ndarray that owns its memory."""
    try:
        if name == "bool":
            # Through u1, since a bool array with bytes other than 0 and 1 misbehaves.
            return numpy.ndarray(shape, "u1", data, at, order=order).astype(bool)
        dtype = numpy.dtype(name).newbyteorder("<")
        if at == len(data):
            return numpy.empty(shape, dtype, order)
        array = numpy.ndarray(shape, dtype, data, at, order=order).copy(order)
    except (ValueError, TypeError, OverflowError) as error:
        # The wire allows more dimensions and larger sizes than some versions of numpy.
        raise EncodeError("numpy refuses it: %s" % error, "NDArray") from None
    if name[0] == "U" and (array.reshape(-1).view("<u4") > sys.maxunicode).any():
        raise ValueError("a string of an array has what is no code point")
    return array


def plain_array(name, shape, data):
    """Makes an array.array, if numpy is not installed."""
    if name not in TYPECODES or len(shape) != 1:
        reason = "an array of %s with %d dimensions needs numpy in Python, which has none"
        raise EncodeError(reason % (name, len(shape)), "NDArray")
    from array import array

    made = array(TYPECODES[name])
    made.frombytes(data)
    if sys.byteorder == "big":
        made.byteswap()
    return made
